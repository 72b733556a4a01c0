"""A table of separated values as its cells; written one after the other they are the same text.

Lenient, since nobody may hide a cell behind a misplaced quote: whatever does not fit is a cell too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it says, the source it stands as, and the separator or line end after it."""

    row: int
    column: int
    text: str
    source: str
    after: str

    def written(self, text: str) -> str:
        """The source of this cell with `text` in it, and what follows it."""
        if text == self.text:
            return self.source + self.after
        quoted = self.source.startswith('"') or any(c in text for c in '"\r\n' + _SEPARATORS)
        doubled = text.replace('"', '""')
        return (f'"{doubled}"' if quoted else text) + self.after


def cells(text: str) -> Iterator[Cell]:
    """The cells of `text`, in order.

    >>> [(cell.row, cell.text) for cell in cells("a;'b'|1;2".replace("|", chr(10)))]
    [(0, 'a'), (0, "'b'"), (1, '1'), (1, '2')]
    """
    separator = _separator(text)
    pattern = re.compile(
        rf'("[^"]*(?:""[^"]*)*"(?=[{separator}\r\n]|\Z)|[^{separator}\r\n]*)([{separator}]|\r\n|\n|\r|\Z)'
    )
    row = column = at = 0
    while at < len(text) or column:
        match = pattern.match(text, at)
        if match is None:
            return
        source, after = match.groups()
        yield Cell(row, column, _said(source), source, after)
        at = match.end()
        if not after:
            return
        row, column = (row, column + 1) if after in _SEPARATORS else (row + 1, 0)


def _said(source: str) -> str:
    if len(source) >= 2 and source[0] == source[-1] == '"':
        return source[1:-1].replace('""', '"')
    return source


def _separator(text: str) -> str:
    """What the first line is separated by: the sign that stands there most often."""
    first = text[: 64 * 1024].partition("\n")[0]
    return max(_SEPARATORS, key=first.count)
