"""Stretches of text that something would fetch: how each one opens and ends.

Rule: when in doubt a zone goes on. Only literally written characters end a zone, while the
characters that open one may be escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

LIMIT = 2048
"""Characters of a zone that are remembered; in a longer one nothing is restored."""

SPACE = frozenset(" \t\n\r\f\v")
"""What ends a URL everywhere; readers differ about other white space, so that ends nothing."""


class Kind(Enum):
    RUN = auto()  # from a URL's first character to the next white space
    QUOTED = auto()  # a quoted string that begins with a URL
    TARGET = auto()  # ](...)
    ATTRIBUTE = auto()  # src=, href= and others
    STYLE = auto()  # url(...)
    DEFINITION = auto()  # [name]: ...


@dataclass(slots=True, eq=False)
class Zone:
    """One open stretch. `text` is what it holds so far, as it is meant.

    `quote` are the characters that end it besides what always does; `marked` if the opening one was
    escaped (`\\"`), so that an escaped one ends it too. `dirty`: its host cannot be trusted.
    `waiting`: only white space so far. `paragraph`: a blank line ends it.
    """

    kind: Kind
    text: str = ""
    quote: str = ""
    marked: bool = False
    dirty: bool = False
    paragraph: bool = True
    depth: int = 0
    waiting: bool = False
    newline: bool = False

    def add(self, char: str) -> None:
        if len(self.text) <= LIMIT:
            self.text += char

    @property
    def overflowed(self) -> bool:
        return len(self.text) > LIMIT

    def ends_at(self, char: str, *, literal: bool) -> bool:
        """Whether the zone ends at `char`, which is then no part of it."""
        if literal and self.paragraph and self._ends_paragraph(char):
            return True
        if self.kind is Kind.RUN:
            return literal and (char in SPACE or char == "<" or char in self.quote)
        if self.waiting:
            return self._starts(char, literal=literal)
        if self.kind is Kind.TARGET:
            return literal and self._ends_target(char)
        if self.quote:
            return char in self.quote and (literal or self.marked)
        return literal and self._ends_bare(char)

    def _ends_paragraph(self, char: str) -> bool:
        """A blank line: in Markdown nothing goes across it, in an HTML attribute a URL does."""
        if char == "\n":
            if self.newline:
                return True
            self.newline = True
        elif char not in SPACE:
            self.newline = False
        return False

    def _starts(self, char: str, *, literal: bool) -> bool:
        """After white space, the first character of the content says what will end it."""
        if char in SPACE:
            return False
        self.waiting = False
        if self.kind is Kind.DEFINITION:
            self.quote = ">\n" if char == "<" else ""
        elif char in "\"'":
            self.quote, self.marked = char, not literal
        return self.kind is Kind.STYLE and literal and char == ")"

    def _ends_target(self, char: str) -> bool:
        start = self.text.lstrip()
        if start[:1] == "<" and ">" not in start:
            return False
        self.depth += (char == "(") - (char == ")")
        return self.depth < 0

    def _ends_bare(self, char: str) -> bool:
        match self.kind:
            case Kind.ATTRIBUTE:
                return char in SPACE or char == ">"
            case Kind.DEFINITION:
                return char in SPACE
            case Kind.STYLE:
                return char == ")"
            case _:
                return False
