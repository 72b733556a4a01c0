"""Follows JSON that stands inside a text, to know whether a place is inside one of its strings.

Rule: the answer is yes only while everything so far is the beginning of one JSON object or array.
"""

from __future__ import annotations

import re
from enum import Enum, auto

_SPACE = " \t\n\r"
MAY_BEGIN = "{[" + _SPACE
"""The characters that JSON inside of a text can begin with."""

_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST_SCALAR = 64


class _Expects(Enum):
    START = auto()
    VALUE = auto()
    VALUE_OR_END = auto()
    KEY = auto()
    KEY_OR_END = auto()
    COLON = auto()
    COMMA_OR_END = auto()
    NOTHING = auto()


class Nesting:
    """A small reader of JSON text; gives up for good at the first character that does not fit."""

    def __init__(self) -> None:
        self.in_string = False
        self._expects = _Expects.START
        self._open: list[str] = []
        self._scalar = ""

    @property
    def unstarted(self) -> bool:
        """Whether nothing but white space was read."""
        return self._expects is _Expects.START

    @property
    def ended(self) -> bool:
        """Whether nothing that follows could change the answer, which is no."""
        return self._expects is _Expects.NOTHING

    def read(self, char: str, *, literal: bool) -> None:
        """Read one character; one that was escaped can only stand in a string."""
        if self._expects is _Expects.NOTHING:
            return
        if self.in_string:
            if literal and char == '"':
                self._end_string()
            elif literal and (char == "\\" or char < " "):
                self._give_up()
            return
        if not literal:
            self._give_up()
        elif self._scalar and char not in ",]}" + _SPACE:
            self._scalar += char
            if len(self._scalar) > _LONGEST_SCALAR:
                self._give_up()
        elif self._scalar and not _SCALAR.fullmatch(self._scalar):
            self._give_up()
        else:
            self._scalar = ""
            if char not in _SPACE:
                self._structure(char)

    def _structure(self, char: str) -> None:
        expects = self._expects
        if expects is _Expects.START:
            self._begin(char) if char in "{[" else self._give_up()
        elif expects is _Expects.COLON and char == ":":
            self._expects = _Expects.VALUE
        elif expects is _Expects.COMMA_OR_END and char == ",":
            self._expects = _Expects.KEY if self._open[-1] == "{" else _Expects.VALUE
        elif char in "}]":
            self._end(char)
        elif expects in (_Expects.KEY, _Expects.KEY_OR_END) and char == '"':
            self.in_string = True
        elif expects in (_Expects.VALUE, _Expects.VALUE_OR_END):
            self._begin(char)
        else:
            self._give_up()

    def _begin(self, char: str) -> None:
        """The first character of a value."""
        if char == '"':
            self.in_string = True
        elif char in "{[":
            self._open.append(char)
            self._expects = _Expects.KEY_OR_END if char == "{" else _Expects.VALUE_OR_END
        else:
            self._scalar = char
            self._expects = _Expects.COMMA_OR_END

    def _end(self, char: str) -> None:
        ends = (_Expects.COMMA_OR_END, _Expects.KEY_OR_END, _Expects.VALUE_OR_END)
        pair = f"{self._open.pop()}{char}" if self._open and self._expects in ends else ""
        if pair not in ("{}", "[]"):
            self._give_up()
        else:
            self._expects = _Expects.COMMA_OR_END if self._open else _Expects.NOTHING

    def _end_string(self) -> None:
        self.in_string = False
        key = self._expects in (_Expects.KEY, _Expects.KEY_OR_END)
        self._expects = _Expects.COLON if key else _Expects.COMMA_OR_END

    def _give_up(self) -> None:
        self.in_string = False
        self._expects = _Expects.NOTHING
