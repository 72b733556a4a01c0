"""How one character can be spelled, and how a value is written where it was spelled that way.

Read per character: itself, `\\_` (Markdown), `\\u005f` and `\\n` (JSON), `&#95;` `&#x5f;`
`&lowbar;` (HTML), `%5F` (URL). At most `LONGEST` characters, the rest stands for itself.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from enum import IntFlag
from urllib.parse import quote

LONGEST = 10
INTRODUCERS = "\\&%"


class Spelling(IntFlag):
    """By which escape a character was written; a placeholder may mix them."""

    LITERAL = 0
    MARK = 1
    JSON = 2
    HTML = 4
    PERCENT = 8


@dataclass(frozen=True, slots=True)
class Unit:
    """One character as it is meant, and the source text that is still to be emitted for it."""

    char: str
    raw: str
    spelling: Spelling = Spelling.LITERAL


_JSON_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_NAMED = {
    "lowbar": "_", "UnderBar": "_", "colon": ":", "sol": "/", "bsol": "\\", "period": ".",
    "quest": "?", "num": "#", "equals": "=", "amp": "&", "lt": "<", "gt": ">", "quot": '"',
    "apos": "'", "lpar": "(", "rpar": ")", "lsqb": "[", "lbrack": "[", "rsqb": "]", "rbrack": "]",
    "commat": "@", "percnt": "%", "nbsp": "\xa0", "Tab": "\t", "NewLine": "\n",
}  # fmt: skip
_BEGINNINGS = frozenset(name[:end] for name in _NAMED for end in range(1, len(name) + 1))
_DECIMAL = re.compile(r"&#[0-9]{0,7}")
_HEXADECIMAL = re.compile(r"&#[xX][0-9A-Fa-f]{0,6}")
_UNICODE = re.compile(r"\\u[0-9A-Fa-f]{0,4}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{0,2}")


def extends(pending: str) -> bool:
    """Whether `pending`, which starts with an introducer, is a whole escape or the start of one."""
    kind, size = pending[0], len(pending)
    if size == 1:
        return True
    if kind == "%":
        return _PERCENT.fullmatch(pending) is not None
    if kind == "\\":
        second = pending[1]
        if size == 2 and (second in _PUNCTUATION or second in _JSON_LETTERS):
            return True
        return _UNICODE.fullmatch(pending) is not None
    closed = pending[-1] == ";"
    body = pending[:-1] if closed else pending
    if body[1:2] != "#":
        return body[1:] in (_NAMED if closed else _BEGINNINGS)
    if closed and body[-1] in "#xX":
        return False
    return bool(_DECIMAL.fullmatch(body) or _HEXADECIMAL.fullmatch(body))


def decode(pending: str) -> tuple[str, Spelling] | None:
    """The character that `pending` (for which `extends` holds) spells; None if it is not whole."""
    kind, size = pending[0], len(pending)
    if kind == "%":
        return (chr(int(pending[1:], 16)), Spelling.PERCENT) if size == 3 else None
    if kind == "&":
        if pending[-1] != ";":
            return None
        return _entity(pending[1:-1]), Spelling.HTML
    if size == 6:
        return chr(int(pending[-4:], 16)), Spelling.JSON
    if size == 2 and pending[1] in _JSON_LETTERS:
        return _JSON_LETTERS[pending[1]], Spelling.JSON
    if size == 2 and pending[1] in _PUNCTUATION:
        return pending[1], Spelling.MARK
    return None


def _entity(name: str) -> str:
    if name[0] != "#":
        return _NAMED[name]
    digits = name.lstrip("#xX")
    number = int(digits, 10 if name == f"#{digits}" else 16)
    return chr(number) if number <= 0x10FFFF else "\ufffd"


_UNSAFE = re.compile("[\u2028\u2029\x7f-\x9f\U00010000-\U0010ffff]")


def json_inside(text: str) -> str:
    """`text` as the inside of a JSON string; what line or UTF-16 readers trip over is escaped.

    >>> print(json_inside('a"b\\\\c\\n'))
    a\\"b\\\\c\\n
    """
    return _UNSAFE.sub(_escaped, json.dumps(text, ensure_ascii=False)[1:-1])


def json_inside_of(text: str, levels: int) -> str:
    """`text` as the inside of that many JSON strings, one inside of the other."""
    for _ in range(levels):
        text = json_inside(text)
    return text


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def write(value: str, spelling: Spelling, json_levels: int, safe: str = "") -> str:
    """`value` escaped as its placeholder was spelled, inside of `json_levels` JSON strings.

    `safe` are the characters beside letters, digits and `_.-~` that percent-encoding leaves alone.
    """
    if spelling & Spelling.PERCENT:
        value = quote(value, safe=safe)
    if spelling & Spelling.HTML:
        value = html.escape(value)
    return json_inside_of(value, json_levels)
