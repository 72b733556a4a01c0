"""The placeholders of one request: what could still become one, and what each stands for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from louver.core.sensitive import Sensitive
from louver.minimize.placeholders import FORM

_SURROGATE = re.compile("[\ud800-\udfff]")


class Vocabulary:
    """Exact look-ups in `values`; nothing here guesses.

    Raises ValueError for a key that is no placeholder.
    `initials` are the letters, in both cases, that a placeholder of this request can begin with.
    """

    def __init__(self, values: Mapping[str, Sensitive[str]]) -> None:
        if not all(FORM.fullmatch(name) for name in values):
            raise ValueError("a key of the values is no placeholder")
        self._values = values
        self._names = sorted(values)
        self.initials = "".join(sorted({case for n in values for case in (n[0], n[0].lower())}))
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

    def surface(self, name: str) -> str:
        """What `name` stands for; half a surrogate pair in it becomes U+FFFD."""
        return _SURROGATE.sub("\ufffd", self._values[name].reveal())
