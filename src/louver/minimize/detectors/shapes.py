r"""Finds what looks like a placeholder, also in lower case, `\_`-escaped, or inside a longer word.

It looks wider than restoring does: what comes in like this is replaced itself, and a placeholder
never counts as the context of a value.
"""

from __future__ import annotations

import re

from louver.core.spans import Span
from louver.crypto.prf import ALPHABET
from louver.minimize.placeholders import CODE_LENGTH, labels

_CODE = re.compile(f"_[{ALPHABET}{ALPHABET.lower()}]{{{CODE_LENGTH}}}")
_LABELS = labels()
_SIZES = sorted({len(label) for label in _LABELS}, reverse=True)
_LONGEST = _SIZES[0]


def placeholder_spans(text: str) -> list[Span]:
    """Every placeholder-shaped piece of `text`, in order, also inside a longer word."""
    if "_" not in text:
        return []
    spans: list[Span] = []
    after = 0
    for match in _CODE.finditer(text):
        start = _label_start(text, match.start(), after)
        if start is not None:
            spans.append(Span(start, match.end()))
            after = match.end()
    return spans


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
