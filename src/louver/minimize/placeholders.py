"""The form of a placeholder: `LABEL_CODE`, an identifier that nobody writes by chance.

LABEL is a category's label, CODE is 12 letters of an alphabet without vowels (it spells nothing),
without S and N (inflections stay apart) and without digits (no detector takes it for a number).
"""

from __future__ import annotations

import re

from louver.core.categories import LABELS
from louver.crypto.prf import ALPHABET

VALUE_LETTERS = 9
SURFACE_LETTERS = 3
CODE_LENGTH = VALUE_LETTERS + SURFACE_LETTERS
LABEL = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
FORM = re.compile(rf"{LABEL.pattern}_[{ALPHABET}]{{{CODE_LENGTH}}}")
"""The form with any label, in upper case; use `fullmatch`."""


def labels() -> frozenset[str]:
    """All labels that a placeholder can have."""
    return frozenset(LABELS)


def _shape(known: frozenset[str]) -> re.Pattern[str]:
    """Whatever a restorer would resolve: a whole word, inflected or not, its `_` escaped or not."""
    underscore = r"(?:\\?_|%5F|&#0{0,5}95;|&#x0{0,4}5F;|&(?:lowbar|UnderBar);|\\u005F)"
    # Longer labels first: of two that fit, the whole one is meant.
    longest_first = sorted(known, key=lambda label: (-len(label), label))
    names = "|".join(label.replace("_", underscore) for label in longest_first)
    start = r"(?:(?<![A-Z0-9_])|(?<=\\[nrtbf])|(?<=%[0-9A-F]{2}))"
    return re.compile(
        rf"{start}(?:{names}){underscore}[{ALPHABET}]{{{CODE_LENGTH}}}"
        r"(?=(?:s|es|n|en|e)?(?![A-Z0-9_]))",
        re.IGNORECASE | re.ASCII,
    )


SHAPE: re.Pattern[str] = _shape(labels())
"""Finds every string that has a placeholder's shape, in any case, whoever wrote it."""


def is_placeholder(text: str) -> bool:
    """Whether `text` as a whole is a placeholder of a known category, in upper case."""
    label, _, _ = text.rpartition("_")
    return label in LABELS and FORM.fullmatch(text) is not None


def compose(label: str, code: str) -> str:
    """Join the two halves. Raises ValueError if they make no placeholder."""
    text = f"{label}_{code}"
    if FORM.fullmatch(text) is None:
        raise ValueError("a label or code does not fit the form of a placeholder")
    return text
