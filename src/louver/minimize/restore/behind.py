"""What stands before a place in the answer; it is looked at only when a placeholder comes.

Rule: everything is kept in order until then, at most `_MOST` characters; what it means is the same.
"""

from __future__ import annotations

from louver.minimize.restore.destinations import Destinations, Verdict
from louver.minimize.restore.nesting import MAY_BEGIN, Nesting

_MOST = 96


class Behind:
    """Keeps text for `destinations`, and for `nesting` as long as the text may be JSON itself."""

    def __init__(self, destinations: Destinations, nesting: Nesting | None = None) -> None:
        self._destinations = destinations
        self._nesting = nesting
        self._earlier: list[tuple[str, bool]] = []  # Literal text, and characters that are not.
        self._latest: list[str] = []  # Literal text after that.
        self._size = 0

    @property
    def in_string(self) -> bool:
        """Whether the place is inside of a string of JSON; precondition: `verdict` was called."""
        return self._nesting is not None and self._nesting.in_string

    def add(self, text: str) -> None:
        """Take text that was written as itself."""
        self._latest.append(text)
        self._size += len(text)
        if self._size > _MOST:
            self._catch_up()

    def add_escaped(self, char: str) -> None:
        """Take one character that was written by an escape."""
        if self._latest:
            self._earlier.append(("".join(self._latest), True))
            self._latest.clear()
        self._earlier.append((char, False))
        self._size += 1

    def calm(self, text: str) -> bool:
        """Whether a placeholder may be restored as text anywhere in `text`, if that came next."""
        self._catch_up()
        if self._nesting is not None and self._nesting.unstarted and text[0] not in MAY_BEGIN:
            self._nesting = None
        return self._nesting is None and self._destinations.calm(text)

    def skip(self, text: str) -> None:
        """Take literal text that is `calm`."""
        self._destinations.skip(text)

    def verdict(self) -> Verdict:
        """What may happen to a placeholder that comes next."""
        self._catch_up()
        return self._destinations.verdict()

    def _catch_up(self) -> None:
        for text, literal in self._earlier:
            self._read(text, literal=literal)
        self._earlier.clear()
        if self._latest:
            self._read("".join(self._latest), literal=True)
            self._latest.clear()
        self._size = 0

    def _read(self, text: str, *, literal: bool) -> None:
        if literal:
            self._destinations.read_text(text)
        else:
            self._destinations.read(text, literal=False)
        if self._nesting is not None:
            self._follow(self._nesting, text, literal=literal)

    def _follow(self, nesting: Nesting, text: str, *, literal: bool) -> None:
        for char in text:
            nesting.read(char, literal=literal)
            if nesting.ended:
                self._nesting = None
                return
