"""What stands around a candidate: its edges, and the words before it.

Distance is counted in words, and values that were found and placeholders count for nothing: so a
text in which values were replaced has the same contexts as before.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from louver.minimize.detectors.rules import Context
from louver.minimize.detectors.shapes import Place

# Three letters are left out whose small forms are other letters' (Kelvin, Angstrom, dotted I).
_WORD = re.compile(r"[^\W\d_\u212a\u212b\u0130]+")
_ASCII_WORD = re.compile("[A-Za-z]+")
_CAMEL = re.compile(r"([a-z])([A-Z])")
_FRACTION = re.compile(r"\.0+(?!\w|[.-]\d)")
_LONGEST_WORD = 24
_BARRED_REACH = 2  # words
_STEP = 8  # characters looked back at a time, for each word that is wanted
_FURTHEST = 800  # characters looked back at most, or the work would not be linear


def stands_alone(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The range itself, unless it is a piece of a longer number, code or word."""
    if start > 0 and _joins(text[start - 1], text[start - 2 : start - 1]):
        return None
    going_on = end < len(text) and _joins(text[end], text[end + 1 : end + 2])
    if going_on and not is_whole(text, end):
        return None
    return start, end


def is_whole(text: str, end: int) -> bool:
    """Whether only `.0` follows, as in `4716.0`: a program wrote a whole number as a fraction."""
    return text.startswith(".0", end) and _FRACTION.match(text, end) is not None


def _joins(near: str, far: str) -> bool:
    """Whether a neighbor and the one behind it show that a number goes on."""
    if near.isalnum():
        return True
    return near in ".,-/:+" and far.isascii() and far.isdigit()


class Words:
    """The words of one text; those inside of `taken`, values found and placeholders, left out.

    A part of a word, where the rest of it is taken, is no word either.
    """

    def __init__(self, text: str, taken: Callable[[], Iterable[Place]]) -> None:
        self._text = text
        self._taken = taken
        self._known: tuple[list[int], list[int]] | None = None

    def _places(self) -> tuple[list[int], list[int]]:
        """Where what is taken begins and ends; asked for with the first candidate, and once."""
        if self._known is None:
            starts: list[int] = []
            ends: list[int] = []
            for start, end in sorted(self._taken()):
                if ends and start <= ends[-1]:
                    ends[-1] = max(ends[-1], end)
                else:
                    starts.append(start)
                    ends.append(end)
            self._known = starts, ends
        return self._known

    def hides(self, start: int, end: int) -> bool:
        """Whether all of `[start, end)` is part of what was found already."""
        starts, ends = self._places()
        at = bisect_right(starts, start)
        return at > 0 and ends[at - 1] >= end

    def allow(self, context: Context, start: int) -> bool:
        """Whether what stands before `start` is such a context."""
        reach = max(context.reach, _BARRED_REACH) if context.words else _BARRED_REACH
        before = self._before(start, reach)
        for word in before[-_BARRED_REACH:] if context.barred else ():
            if word in context.barred:
                return False
        if not context.words:
            return True
        near = before[-context.reach :]
        if not context.single.isdisjoint(near):
            return True
        window = f" {' '.join(near)} "
        return any(phrase in window for phrase in context.phrases)

    def _before(self, end: int, count: int) -> list[str]:
        """The last `count` words before `end`, looking back as far as it takes, up to a bound."""
        words: list[str] = []
        left = _FURTHEST
        step = count * _STEP
        starts, ends = self._places()
        at = bisect_left(starts, end)
        last = end
        while end > 0 and left > 0 and len(words) < count:
            floor = ends[at - 1] if at else 0
            if floor >= end:
                at -= 1
                end = starts[at]
                last = self._without_part(end)
                continue
            start = self._word_edge(max(floor, end - step), max(floor, end - left))
            first = self._after_part(floor, last) if at and start == floor else start
            words[:0] = _words(self._text[first:last], count)
            left -= end - start
            end = last = start
        return words[-count:]

    def _without_part(self, end: int) -> int:
        """`end` of a stretch of text, or before the part of a word that ends there in its midst."""
        text = self._text
        return self._word_edge(end, max(0, end - _FURTHEST)) if text[end].isalpha() else end

    def _after_part(self, start: int, end: int) -> int:
        """`start` of a stretch of text, or after the part of a word that begins there."""
        text = self._text
        if text[start - 1].isalpha():
            while start < end and text[start].isalpha():
                start += 1
        return start

    def _word_edge(self, start: int, least: int) -> int:
        """`start`, or before the word that it cuts."""
        while start > least and self._text[start - 1].isalpha():
            start -= 1
        return start


def _words(text: str, count: int) -> list[str]:
    """The last words, at least `count` if there are as many, in lower case.

    `phoneNumber` is two words; a long run of letters is a code, and none.
    """
    words = (_ASCII_WORD if text.isascii() else _WORD).findall(text)
    if words and max(map(len, words)) > _LONGEST_WORD:
        words = [word for word in words if len(word) <= _LONGEST_WORD]
    joined = " ".join(words[-count:])
    if _CAMEL.search(joined):
        joined = _CAMEL.sub(r"\1 \2", joined)
    return joined.lower().split()
