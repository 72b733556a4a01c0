"""Makes what may leave; the only place where a `Minimized` is constructed.

Rule: whatever the first reading replaced, the finished bytes are read again as plain JSON by a
reader that trusts no structure, and a value found there is replaced or refuses the request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import orjson

from louver.core.errors import Invalid, Refused, Uninspectable
from louver.core.exchanges import Exchange, JsonTree, Minimized
from louver.core.policy import Policy
from louver.minimize.files import rewrite_file
from louver.minimize.files import spellings as file_spellings
from louver.minimize.leaves import (
    PROTOCOL_WORDS,
    Path,
    Rule,
    Treatment,
    everything_is_text,
    rewrite,
    show,
    spellings,
    too_deep,
)
from louver.minimize.protect import replace_all, to_replace, unseen
from louver.minimize.pseudonyms import Pseudonyms
from louver.minimize.survey import Finds, find_in, findings_of

_ROUNDS = 4
_HOLDS_TEXT = frozenset({"messages", "tools", "functions", "metadata", "response_format"})


@dataclass(frozen=True, slots=True)
class Minimizing:
    """What one minimization needs besides the request.

    `rule` is the hub form's reading of paths; `address` turns the body, once it is minimized, into
    what the destination's server reads. `remember` lets findings be cached.
    """

    finder: Finds
    policy: Policy
    pseudonyms: Pseudonyms
    rule: Rule
    address: Callable[[Mapping[str, JsonTree]], Mapping[str, JsonTree]]
    remember: bool


class Replacer:
    """A visitor that puts a placeholder wherever the policy does not say `keep`."""

    def __init__(self, how: Minimizing) -> None:
        self._how = how
        self.counts: Counter[str] = Counter()
        self.opaque: set[str] = set()
        self.files: set[str] = set()

    def text(self, text: str, treatment: Treatment, path: Path) -> str:
        if treatment is Treatment.FILE:
            return self.file(text, path)
        if treatment is Treatment.OPAQUE:
            # Some servers take what a data URL carries without the URL around it.
            self.opaque |= {text, text.partition(";base64,")[2] or text}
        if treatment is Treatment.TEXT and "\\" in text:
            inner = _escaped_json(text)
            if inner is not None:
                outer = rewrite(inner, everything_is_text, _Within(self), path)
                if outer != inner:
                    return orjson.dumps(outer).decode()
        return self.leaf(text, treatment, path)

    def leaf(self, text: str, treatment: Treatment, path: Path) -> str:
        """`text` with its values replaced where they stand."""
        how = self._how
        found = findings_of(text, treatment, path, how.finder, remember=how.remember)
        return replace_all(text, to_replace(found, how.policy), how.pseudonyms, self.counts)

    def file(self, data: str, path: Path, *, as_table: bool = True) -> str:
        """A text file with the values in its text replaced."""
        written = rewrite_file(data, self, path, as_table=as_table)
        if written is None:
            raise Uninspectable("a file that is no text cannot be looked into", param=show(path))
        self.files |= file_spellings(written)
        return written

    def number(self, number: float, path: Path) -> float | str:
        for written in spellings(number):
            replaced = self.text(written, Treatment.TEXT, path)
            if replaced == written:
                continue
            if path and path[0] in _HOLDS_TEXT:
                return replaced
            place = show(path)
            raise Invalid(f"{place} is a number that looks like personal data", param=place)
        return number


class _Within:
    """Visits JSON that is written in a text; texts in there are not opened again."""

    def __init__(self, replacer: Replacer) -> None:
        self._replacer = replacer

    def text(self, text: str, treatment: Treatment, path: Path) -> str:
        return self._replacer.leaf(text, treatment, path)

    def number(self, number: float, path: Path) -> float | str:
        return self._replacer.number(number, path)


def _escaped_json(text: str) -> JsonTree:
    r"""The object or array that `text` is the source of, where it has escapes; else None.

    A value cut out of the source would be restored as it is spelled there: `Zo\u00eb`.
    """
    if (text.strip()[:1] + text.strip()[-1:]) not in {"{}", "[]"}:
        return None
    try:
        inner: JsonTree = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return None if too_deep(inner) else inner


class Rereader(Replacer):
    """Reads finished bytes: our own placeholders pass, anything else found is replaced again."""

    def __init__(self, how: Minimizing, opaque: set[str], files: set[str]) -> None:
        super().__init__(how)
        self.opaque = opaque
        self.files = files

    def text(self, text: str, treatment: Treatment, path: Path) -> str:
        if text in self.files:
            return self.file(text, path, as_table=False)
        if text in self.opaque or text in PROTOCOL_WORDS:
            return text
        how = self._how
        own = how.pseudonyms.values
        found = find_in(text, path, how.finder, own, remember=how.remember)
        missed = unseen(text, to_replace(found, how.policy), how.pseudonyms)
        return replace_all(text, missed, how.pseudonyms, self.counts)


def minimize(exchange: Exchange, how: Minimizing) -> Minimized:
    """The bytes that may leave for `exchange`.

    Raises DetectorFailed; Refused where values remain after `_ROUNDS` readings, or one of a refused
    category is found; Invalid where a value stands in a place that can hold no placeholder.
    """
    replacer = Replacer(how)
    tree = rewrite(exchange.body.reveal(), how.rule, replacer)
    body = orjson.dumps(how.address(cast("Mapping[str, JsonTree]", tree)))
    counts = replacer.counts
    for _ in range(_ROUNDS):
        rereader = Rereader(how, replacer.opaque, replacer.files)
        again = rewrite(orjson.loads(body), everything_is_text, rereader)
        if not rereader.counts:
            return Minimized(
                exchange=exchange.id,
                body=body,
                stream=exchange.stream,
                no_store=exchange.no_store,
                values=dict(how.pseudonyms.values),
                counts=dict(counts),
                operation=exchange.operation,
            )
        counts += rereader.counts
        body = orjson.dumps(again)
    raise Refused(
        "values remained after replacing; nothing was sent", code="minimization_incomplete"
    )
