"""The placeholders of one request: what could still become one, and what each stands for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from louver.core.sensitive import Sensitive
from louver.crypto.prf import ALPHABET
from louver.minimize.placeholders import CODE_LENGTH, FORM
from louver.minimize.restore.spelling import json_inside_of

WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
"""What may not stand beside a placeholder."""

INFLECTIONS = frozenset(["s", "es", "n", "en", "e"])  # Every beginning of one is one.
_ENDINGS = frozenset(["", *(end.upper() for end in INFLECTIONS)])
_SURROGATE = re.compile("[\ud800-\udfff]")
CODE = f"[{ALPHABET}{ALPHABET.lower()}]{{{CODE_LENGTH}}}"
"""The twelve letters at the end of a placeholder, as a pattern."""

_CODE = re.compile(f"_{CODE}([A-Za-z0-9_]*)")


class Vocabulary:
    """Exact look-ups in `values`; nothing here guesses.

    Raises ValueError for a key that is no placeholder.
    `initials` are the letters, in both cases, that a placeholder of this request can begin with.
    """

    def __init__(self, values: Mapping[str, Sensitive[str]]) -> None:
        if not all(map(FORM.fullmatch, values)):
            raise ValueError("a key of the values is no placeholder")
        self._values = values
        self._names = sorted(values)
        self._surfaces: dict[tuple[str, int], str] = {}
        self._sizes = {len(name) - CODE_LENGTH - 1 for name in values}  # of labels
        self.initials = frozenset({case for n in values for case in (n[0], n[0].lower())})
        self.shortest = min(map(len, self._names), default=0)
        self.longest = max(map(len, self._names), default=0)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def begins(self, text: str) -> bool:
        """Whether a placeholder of this request starts with `text` (upper case)."""
        place = bisect_left(self._names, text)
        return place < len(self._names) and self._names[place].startswith(text)

    def resolve(self, word: str) -> str | None:
        """The placeholder that `word` (upper case) is or inflects."""
        if len(word) < self.shortest:
            return None
        stems = (word[: len(word) - len(end)] for end in _ENDINGS if word.endswith(end))
        return next((stem for stem in stems if stem in self._values), None)

    def goes_on(self, word: str) -> bool:
        """Whether `word` (upper case) begins, is or inflects a placeholder of this request."""
        return self.begins(word) or self.resolve(word) is not None

    def places(self, text: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """The words in `[start, end)` that are or inflect one: its name, and where the word stands.

        Whether the first may begin at `start` itself, what stands before it decides.
        """
        found: list[tuple[str, int, int]] = []
        for code in _CODE.finditer(text, start, end):
            ending = code.group(1)
            if ending and ending.upper() not in _ENDINGS:
                continue
            underscore, after = code.span()
            last = after - len(ending)
            for size in self._sizes:
                first = underscore - size
                if first < start or (first > start and text[first - 1] in WORD):
                    continue
                written = text[first:last]
                name = written.upper()
                if name in self._values and written.isascii():
                    found.append((name, first, after))
        return found

    def surface(self, name: str, levels: int = 0) -> str:
        """What `name` stands for, inside of so many JSON strings; half a pair becomes U+FFFD."""
        known = self._surfaces.get((name, levels))
        if known is None:
            surface = _SURROGATE.sub("\ufffd", self._values[name].reveal())
            known = self._surfaces[name, levels] = json_inside_of(surface, levels)
        return known
