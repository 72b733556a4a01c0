"""Reading glasses: a text with its disguises undone, and for each character where it came from.

A view never replaces the text: it is searched, and what is found is cut out of the original. The
map is exact: `starts` and `ends` never decrease, and every character names the range it stands for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from louver.text.escapes import unescaped
from louver.text.folding import folded, latinized
from louver.text.pieces import Piece

_OFFSET = "I"  # four bytes each: a list of numbers would take ten times the text
_ROUNDS = 8  # An escape may hide another (`&amp;#64;`); deeper nesting is not undone.


@dataclass(frozen=True, slots=True)
class View:
    """`text[i]` stands for `[starts[i], ends[i])` of the original (code points)."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original that `[start, end)` of the view stands for; not empty."""
        return self.starts[start], self.ends[end - 1]

    def unit(self, position: int) -> tuple[int, int]:
        """The range of the original that is read together with `position`, such as one escape."""
        index = bisect_right(self.ends, position)
        if index < len(self.starts) and self.starts[index] <= position:
            return self.starts[index], self.ends[index]
        return position, position + 1


def original(text: str) -> View:
    """The view that changes nothing."""
    return View(text, range(len(text)), range(1, len(text) + 1))


def normalized(text: str) -> View | None:
    """`text` with escapes decoded and characters folded; None when that changes nothing.

    Undone: JSON and string escapes, HTML entities, URL escapes; compatibility forms (NFKC), digits
    of other scripts, invisible characters, look-alike letters inside Latin words. Linear; plain
    ASCII without `\\`, `&` and `%` costs one pass in C.
    """
    view: View | None = None
    current = text
    for _ in range(_ROUNDS):
        pieces = unescaped(current)
        if pieces is None:
            break
        view = _applied(current, pieces, view)
        current = view.text
    for fold in (folded, latinized):
        pieces = fold(current)
        if pieces is not None:
            view = _applied(current, pieces, view)
            current = view.text
    return view


def _applied(text: str, pieces: Sequence[Piece], below: View | None) -> View:
    """The view of `text` with `pieces` replaced; `below` is the view that `text` belongs to."""
    parts: list[str] = []
    starts, ends = array(_OFFSET), array(_OFFSET)
    at = 0
    for piece in pieces:
        parts.append(text[at : piece.start])
        starts.extend(range(at, piece.start))
        ends.extend(range(at + 1, piece.start + 1))
        parts.append(piece.text)
        starts.extend([piece.start] * len(piece.text))
        ends.extend([piece.end] * len(piece.text))
        at = piece.end
    parts.append(text[at:])
    starts.extend(range(at, len(text)))
    ends.extend(range(at + 1, len(text) + 1))
    if below is None:
        return View("".join(parts), starts, ends)
    return View(
        "".join(parts),
        array(_OFFSET, (below.starts[i] for i in starts)),
        array(_OFFSET, (below.ends[i - 1] for i in ends)),
    )
