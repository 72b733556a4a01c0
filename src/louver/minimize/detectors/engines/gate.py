"""The words that rules need near a value, as patterns for an engine's gate.

Rule: where `apart` does not match, `surroundings.Words` reads none of the words in a text of which
no value cuts a word; where `anywhere` does not, in no text. Both may match elsewhere, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from louver.minimize.detectors.rules import Rule

_BEFORE, _AFTER = r"(?:\A|[^A-Za-z])", r"(?:[^A-Za-z]|\z)"


@dataclass(frozen=True, slots=True)
class Need:
    """`apart` matches wherever one of a rule's words stands, `anywhere` also inside longer ones."""

    apart: str
    anywhere: str


def needs(rules: Sequence[Rule]) -> Mapping[int, Need]:
    """What each rule that needs words needs; of a phrase, its longest word is looked for."""
    found: dict[int, Need] = {}
    for index, rule in enumerate(rules):
        if rule.context is not None and rule.context.words:
            words = sorted({max(phrase.split(), key=len) for phrase in rule.context.words})
            anywhere = "|".join("".join(map(_either, word)) for word in words)
            found[index] = Need("|".join(map(_word, words)), anywhere)
    return found


def _word(word: str) -> str:
    """`word` in any case, apart from other ASCII letters, or as a part of camelCase."""
    first, last = word[0], word[-1]
    if len(word) == 1:
        apart = f"(?:{_BEFORE}{_either(word)}|[a-z]{_upper(word)}){_AFTER}"
        return f"{apart}|{_BEFORE}{_lower(word)}[A-Z]"
    begins = f"(?:{_BEFORE}{_either(first)}|[a-z]{_upper(first)})"
    inside = "".join(map(_either, word[1:-1]))
    # What follows a letter beyond ASCII may be the value itself.
    ends = f"(?:{_either(last)}{_AFTER}|{_lower(last)}[A-Z])" if last.isascii() else _either(last)
    return begins + inside + ends


def _either(letter: str) -> str:
    return f"[{_lower(letter)}{_upper(letter)}]"


def _lower(letter: str) -> str:
    return re.escape(letter.lower())


def _upper(letter: str) -> str:
    return re.escape(letter.upper())
