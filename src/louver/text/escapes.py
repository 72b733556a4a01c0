r"""Undoing escapes: `\u0040` and `\n` of JSON and code, `&#64;` of HTML, `%40` of URLs.

Only well-formed escapes are undone; everything else stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5

from louver.text.pieces import Piece

_ESCAPE = re.compile(
    r"\\(?:u[0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4})?|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}"
    r"|[nrtbfv\"'/\\_])"
    r"|&(?:#[0-9]{1,12}|#[xX][0-9A-Fa-f]{1,12}|[A-Za-z][A-Za-z0-9]{1,31});"
    r"|(?:%[0-9A-Fa-f]{2})+"
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
_LAST = 0x10FFFF


def unescaped(text: str) -> list[Piece] | None:
    """The escapes of `text` in order, with what they mean; None where there are none."""
    if "\\" not in text and "&" not in text and "%" not in text:
        return None
    pieces = [piece for match in _ESCAPE.finditer(text) for piece in _decoded(match)]
    return pieces or None


def _decoded(match: re.Match[str]) -> Iterator[Piece]:
    surface = match.group()
    start, end = match.span()
    if surface[0] == "%":
        yield from _percent(surface, start)
    elif surface[0] == "&":
        meaning = _entity(surface[1:-1])
        if meaning is not None:
            yield Piece(start, end, meaning)
    elif surface[1] == "u" and len(surface) == 12:
        yield from _units(surface, start)
    elif surface[1] in "ux":
        meaning = _character(int(surface[2:].strip("{}"), 16))
        if meaning is not None:
            yield Piece(start, end, meaning)
    else:
        yield Piece(start, end, _SIMPLE.get(surface[1], surface[1]))


def _units(surface: str, start: int) -> Iterator[Piece]:
    r"""Two `\uXXXX` in a row: one character if they are a surrogate pair, else two."""
    high, low = int(surface[2:6], 16), int(surface[8:], 16)
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:
        point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
        yield Piece(start, start + 12, chr(point))
        return
    for index, point in enumerate((high, low)):
        meaning = _character(point)
        if meaning is not None:
            yield Piece(start + 6 * index, start + 6 * index + 6, meaning)


def _entity(name: str) -> str | None:
    if name[0] != "#":
        return html5.get(name + ";")
    digits = name[1:]
    return _character(int(digits[1:], 16) if digits[0] in "xX" else int(digits))


def _character(point: int) -> str | None:
    """No lone surrogate is made: it could not be encoded, and means nothing."""
    return chr(point) if point <= _LAST and not 0xD800 <= point < 0xE000 else None


def _percent(surface: str, start: int) -> Iterator[Piece]:
    """A run of URL escapes, read as UTF-8; bytes that are none stay as they are written."""
    data = bytes.fromhex(surface.replace("%", ""))
    at = 0
    while at < len(data):
        length = _length(data[at])
        try:
            meaning = data[at : at + length].decode()
        except UnicodeDecodeError:
            at += 1
            continue
        yield Piece(start + 3 * at, start + 3 * (at + length), meaning)
        at += length


def _length(first: int) -> int:
    """How many bytes a UTF-8 character that begins with `first` has. Source: RFC 3629 §3."""
    if first < 0xC0:
        return 1
    return 2 if first < 0xE0 else 3 if first < 0xF0 else 4
