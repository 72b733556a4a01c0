r"""Finds what looks like a placeholder, also in lower case, `\_`-escaped, or inside a longer word.

It looks wider than restoring does: what comes in like this is replaced itself, and a placeholder
never counts as the context of a value.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from louver.core.spans import Span
from louver.crypto.prf import ALPHABET
from louver.minimize.placeholders import CODE_LENGTH, labels

Place: TypeAlias = tuple[int, int]
"""A span as two numbers, where there are many and only the numbers count."""

_CODE = re.compile(f"_[{ALPHABET}{ALPHABET.lower()}]{{{CODE_LENGTH}}}")
_LABELS = labels()
_SIZES = sorted({len(label) for label in _LABELS}, reverse=True)
_LONGEST = _SIZES[0]
_END = 2  # letters
_BY_END = {
    label[-_END:]: [one for one in _LABELS if one.endswith(label[-_END:])] for label in _LABELS
}


def placeholder_spans(text: str) -> list[Span]:
    """Every placeholder-shaped piece of `text`, in order, also inside a longer word."""
    return [Span(start, end) for start, end in placeholder_places(text)]


def placeholder_places(text: str) -> list[Place]:
    """The same as numbers."""
    if "_" not in text:
        return []
    places: list[Place] = []
    after = 0
    for match in _CODE.finditer(text):
        underscore, end = match.span()
        start = _plain_start(text, underscore, after)
        if start is None:
            start = _label_start(text, underscore, after)
        if start is not None:
            places.append((start, end))
            after = end
    return places


def _plain_start(text: str, underscore: int, after: int) -> int | None:
    """Where a label in capitals begins that no letter, underscore or backslash stands before."""
    for label in _BY_END.get(text[underscore - _END : underscore], ()):
        start = underscore - len(label)
        if start >= after and text.startswith(label, start):
            before = text[start - 1 : start]
            return None if before.isalpha() or before in {"_", "\\"} else start
    return None


def _label_start(text: str, underscore: int, after: int) -> int | None:
    """Where the label before `underscore` begins; backslashes before underscores do not count."""
    letters: list[str] = []
    places: list[int] = []
    at = underscore - 1
    while at >= after and len(letters) < _LONGEST:
        character = text[at]
        if character != "\\":
            if not (character.isascii() and (character.isalpha() or character == "_")):
                break
            letters.append(character.upper())
            places.append(at)
        elif text[at + 1] != "_":
            break
        at -= 1
    name = "".join(reversed(letters))
    size = next((len(tail) for size in _SIZES if (tail := name[-size:]) in _LABELS), None)
    return None if size is None else places[size - 1]
