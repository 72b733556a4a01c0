r"""What one pattern rule is: a format, its source, what must hold besides it, and our own examples.

Patterns keep to what RE2 and Python's `re` (with ASCII classes) understand alike: no look-around,
no back-references, no `\s` (they differ on the vertical tab), no `(?i)` (they differ on the Kelvin
sign), no `^` and `$`, and no match is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

EDGE = r"(?:\b|_)"
"""Where a number or code may begin or end: at a word's edge, or at an underscore of a snake_case
name; that underscore is stripped from the match (a group would cost RE2 twice the time)."""

LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u052f"
"""Inside a character class: letters of the Latin, Greek and Cyrillic scripts."""

Reshape: TypeAlias = Callable[[str, int, int], "tuple[int, int] | None"]
"""Given a text and a candidate's [start, end): the true range, or None where it is none."""


@dataclass(frozen=True, slots=True)
class Context:
    """Words of which one stands among the last `reach` words before the value.

    A phrase of several words is written with single spaces; all in lower case. `barred` are words
    that, as the last or last but one before the value, say that it is something else.
    """

    words: tuple[str, ...] = ()
    reach: int = 5
    barred: tuple[str, ...] = ()
    single: frozenset[str] = field(init=False)
    phrases: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """`words` apart: those that are one word, and the phrases with a space on either side."""
        single = frozenset(word for word in self.words if " " not in word)
        object.__setattr__(self, "single", single)
        phrases = tuple(f" {word} " for word in self.words if " " in word)
        object.__setattr__(self, "phrases", phrases)


@dataclass(frozen=True, slots=True)
class Rule:
    """One format. The value is group `group` of `pattern`; examples mark it as ⟦value⟧.

    `valid` looks at the value alone, `reshape` at its surroundings and may trim or extend it.
    `sign` stands in every match and is simpler than `pattern`: what engines look for first;
    `begins`: every match begins with it.
    `retry` searches on from the next character after a candidate that was none (bounded patterns
    only, or scanning would not be linear). Source: where the format is written down.
    """

    name: str
    category: str
    pattern: str
    source: str
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    group: int = 0
    valid: Callable[[str], bool] | None = None
    reshape: Reshape | None = None
    context: Context | None = None
    retry: bool = False
    sign: str | None = None
    begins: bool = False


def insensitive(pattern: str) -> str:
    """`pattern` with each ASCII letter in both cases; not for classes and escapes.

    >>> insensitive("id|no")
    '[iI][dD]|[nN][oO]'
    """
    return "".join(
        f"[{c.lower()}{c.upper()}]" if c.isascii() and c.isalpha() else c for c in pattern
    )
