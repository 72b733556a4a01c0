"""Puts values back into prose that arrives in chunks; any chunking gives the same text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from louver.core.sensitive import Sensitive
from louver.minimize.restore.destinations import TRIGGERS, Destinations
from louver.minimize.restore.engine import Engine, longest_hold
from louver.minimize.restore.links import Hosts
from louver.minimize.restore.spelling import INTRODUCERS
from louver.minimize.restore.surrogates import Pairs
from louver.minimize.restore.vocabulary import Vocabulary

_WORD = re.compile(r"[A-Za-z0-9_]+")


@lru_cache(maxsize=256)
def interesting(initials: str, also: str = "") -> re.Pattern[str]:
    """Finds the next character that could begin anything; made of letters, never of values."""
    special = re.escape(TRIGGERS + INTRODUCERS + also)
    return re.compile(rf"[{special}]|(?<![A-Za-z0-9_])[{initials}]")


class TextRestorer:
    """Restores the placeholders of `values` in a text; `restored` counts them.

    Inside a URL only for hosts in `link_hosts` (`docs.example.com`, `*.example.com`).
    `json_strings`: the text is the inside of JSON strings, so every value is escaped for one.
    Raises ValueError if a key of `values` is no placeholder.
    """

    def __init__(
        self,
        values: Mapping[str, Sensitive[str]],
        *,
        link_hosts: frozenset[str] = frozenset(),
        json_strings: bool = False,
    ) -> None:
        self._vocabulary = Vocabulary(values)
        self._pairs = Pairs()
        self._some = len(self._vocabulary) > 0
        if self._some:
            self._next = interesting(self._vocabulary.initials)
            destinations = Destinations(Hosts(link_hosts))
            self._engine = Engine(self._vocabulary, destinations, int(json_strings))

    @property
    def restored(self) -> int:
        return self._engine.restored if self._some else 0

    @property
    def most_held(self) -> int:
        """The bound on the characters held back at any time; half a surrogate pair is one more."""
        return longest_hold(self._vocabulary) + 1

    def feed(self, text: str) -> str:
        """Take the next chunk; return what is certain by now."""
        text = self._pairs.feed(text)
        if not self._some or not text:
            return text
        return read_through(self._engine, text, self._next)

    def finish(self) -> str:
        """The text has ended; return the rest."""
        rest = self.feed(self._pairs.finish())
        if not self._some:
            return rest
        self._engine.flush()
        return rest + self._engine.take()


def read_through(engine: Engine, text: str, pattern: re.Pattern[str]) -> str:
    """Give `text` to `engine`, in one piece what can begin nothing and the rest by character.

    Returns what can be emitted; `text` is not empty.
    """
    if engine.idle and not pattern.search(text):
        return engine.take() + engine.skip(text)
    out: list[str] = []
    at, size = 0, len(text)
    while at < size:
        if engine.idle:
            end = _plain_until(engine, text, at, pattern)
            if end > at:
                out += [engine.take(), engine.skip(text[at:end])]
                at = end
                continue
            at = _known_word(engine, text, at)
            if at > end:
                continue
        engine.read(text[at], text[at])
        at += 1
    return "".join(out) + engine.take()


def _plain_until(engine: Engine, text: str, start: int, pattern: re.Pattern[str]) -> int:
    """Where the first special character or word stands that could be, or become, a placeholder."""
    # An escape may have just ended: only the engine knows whether a word begins here.
    at = start if engine.begins_with(text[start]) else _next(pattern, text, start)
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None or word.end() == len(text) or text[word.end()] in INTRODUCERS:
            return at
        if engine.resolve(word.group()):
            return at
        at = _next(pattern, text, word.end())
    return at


def _known_word(engine: Engine, text: str, at: int) -> int:
    """Read the word at `at` if all of it is here and it is a placeholder; return where to go on."""
    word = _WORD.match(text, at)
    if word is None or word.end() == len(text) or text[word.end()] in INTRODUCERS:
        return at
    name = engine.resolve(word.group()) if engine.begins_with(text[at]) else None
    if name is None:
        return at
    engine.read_word(word.group(), name)
    return word.end()


def _next(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.search(text, at)
    return found.start() if found else len(text)


def restore_text(
    text: str,
    values: Mapping[str, Sensitive[str]],
    *,
    link_hosts: frozenset[str] = frozenset(),
) -> str:
    """Restore a whole text at once."""
    restorer = TextRestorer(values, link_hosts=link_hosts)
    return restorer.feed(text) + restorer.finish()
