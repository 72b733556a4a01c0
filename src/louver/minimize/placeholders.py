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
_CODE = re.compile(rf"[{ALPHABET}]{{{CODE_LENGTH}}}")
FORM = re.compile(rf"{LABEL.pattern}_[{ALPHABET}]{{{CODE_LENGTH}}}")
"""The form with any label, in upper case; use `fullmatch`."""


def labels() -> frozenset[str]:
    """All labels that a placeholder can have."""
    return frozenset(LABELS)


def compose(label: str, code: str) -> str:
    """Join the two halves. Raises ValueError if they make no placeholder."""
    known = label in LABELS or LABEL.fullmatch(label) is not None
    if not known or _CODE.fullmatch(code) is None:
        raise ValueError("a label or code does not fit the form of a placeholder")
    return f"{label}_{code}"
