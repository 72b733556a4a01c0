"""Telling telephone numbers from the many other runs of digits.

A date, a version, an address of a machine or a decimal is no telephone number; what follows a
number that is complete is not part of it.
"""

from __future__ import annotations

import re

from louver.minimize.detectors.checksums import digits
from louver.minimize.detectors.surroundings import stands_alone

_DATE = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1(?:19|20)\d{2}(?!\d)|(?:19|20)\d{2}([./-])\d{1,2}\2\d{1,2}(?!\d)"
)
_MACHINE = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?![.\d])")
_DECIMAL = re.compile(r"\d+\.\d+(?![.\d])|\d+\.\d+\.\d{1,3}(?![.\d])")
_LETTER = re.compile("[A-Za-z]")
_GROUP_END = re.compile(r"\d(?=\D|$)")
_E164_MOST = 15
_NANP = 11
_NATIONAL_MOST = 12
_USUAL = (10, 11, 9, 12, 8)  # digits of national numbers, the most common first


def international(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A number with its country: at most 15 digits, for country code 1 exactly 11."""
    if start > 0 and (text[start - 1].isalnum() or text[start - 1] in "+_"):
        return None
    surface = text[start:end]
    if surface[-1] == ")" and surface.count(")") > surface.count("("):
        end, surface = end - 1, surface[:-1]  # The parenthesis opened before the number.
    letter = _LETTER.search(surface)
    number = digits(surface if letter is None else surface[: letter.start()])
    code = 0 if surface[0] == "+" else 2
    most = _NANP if number.startswith("1", code) else _E164_MOST
    count = len(number) - code
    if count > most and letter is None:
        end = _cut(text, start, end, most + code)
        count = len(digits(text[start:end])) - code
    fits = count == _NANP if most == _NANP else 7 <= count <= _E164_MOST
    return (start, end) if fits and _ends(text, end) else None


def _digit_part(surface: str) -> str:
    """The number without its extension."""
    letter = _LETTER.search(surface)
    return surface if letter is None else surface[: letter.start()]


def _cut(text: str, start: int, end: int, most: int) -> int:
    """The last end of a group of digits before more than `most` digits have passed."""
    ends = [start + match.end() for match in _GROUP_END.finditer(text[start:end])]
    fitting = [place for place in ends if len(digits(text[start:place])) <= most]
    return fitting[-1] if fitting else end


def _first_number(text: str, start: int, end: int, least: int) -> int | None:
    """Where the number at `start` ends: all of it, or at a group that gives a usual length."""
    ends = [start + match.end() for match in _GROUP_END.finditer(text[start:end])]
    lengths = {len(digits(text[start:place])): place for place in reversed(ends)}
    whole = len(digits(_digit_part(text[start:end])))
    places = [end] if whole <= _NATIONAL_MOST else []
    places += [lengths[count] for count in _USUAL if count in lengths and count < whole]
    for place in places:
        if len(digits(_digit_part(text[start:place]))) >= least and _ends(text, place):
            return place
    return None


def _ends(text: str, end: int) -> bool:
    """Whether no digit or letter goes on after `end`."""
    if end >= len(text):
        return True
    return not (text[end].isalnum() or (text[end] in "-./" and text[end + 1 : end + 2].isdigit()))


def north_american(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Ten digits in three groups, as they are written in the NANP area."""
    if _DATE.match(text, start):
        return None
    return stands_alone(text, start, end)


def national(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A number with a leading zero: 9 to 12 digits, and nothing else that begins like it."""
    if _DATE.match(text, start) or _MACHINE.match(text, start):
        return None
    stop = _first_number(text, start, end, 9)
    return None if stop is None else stands_alone(text, start, stop)


def in_parentheses(text: str, start: int, end: int) -> tuple[int, int] | None:
    """An area in parentheses and what follows: 8 to 12 digits; `f(3) 14` is a call, not an area."""
    before = text[start - 1 : start]
    if before.isalnum() or before in {"_", ")", "]"}:
        return None
    stop = _first_number(text, start, end, 8)
    return None if stop is None else (start, stop)


def after_context(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Any run of 6 to 15 digits, once words before it speak of telephones."""
    if _DATE.match(text, start) or _MACHINE.match(text, start) or _DECIMAL.match(text, start):
        return None
    return stands_alone(text, start, end) if 6 <= len(digits(text[start:end])) <= 15 else None
