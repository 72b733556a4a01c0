"""Joins surrogate pairs that arrive in two chunks; half a pair is never emitted alone."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


class Pairs:
    """Holds at most one character: a high surrogate at the end of what came."""

    def __init__(self) -> None:
        self._high = ""

    def feed(self, text: str) -> str:
        if not self._high and (text.isascii() or not _SURROGATE.search(text)):
            return text
        text, self._high = self._high + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._high = text[:-1], text[-1]
        return _whole(text)

    def finish(self) -> str:
        text, self._high = self._high, ""
        return _whole(text)


def _whole(text: str) -> str:
    """Pairs become the character that they mean, halves become U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
