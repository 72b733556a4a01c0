"""Says in one pass which rules a text has the words for that they need near a value.

Rule: a rule that is left out has none of its words in the text, as `surroundings.Words` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import re2

from louver.minimize.detectors.engines.automaton import options
from louver.minimize.detectors.opened import OpenedText
from louver.minimize.detectors.rules import Rule

# A word ends before a capital, as in `camelCase`, unless it is written in capitals itself.
_BEFORE, _BEFORE_CAPITAL = r"(?:\A|[^A-Za-z])", r"(?:\A|[^A-Z])"
_AFTER, _APART = r"(?:[^a-z]|\z)", r"(?:[^A-Za-z]|\z)"


class WordGate:
    """One automaton for words alone: with the rules' patterns in it, it would grow without end."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = [
            i for i, rule in enumerate(rules) if rule.context is not None and rule.context.words
        ]
        self._gate = re2.Set.SearchSet(options())
        for index in self.rules:
            self._gate.Add(_pattern(rules[index]))
        self._gate.Compile()

    def open(self, opened: OpenedText) -> list[int]:
        """The rules whose words may stand in the text."""
        return [self.rules[place] for place in self._gate.Match(opened.data) or ()]


def _pattern(rule: Rule) -> str:
    """Matches wherever one of the words of `rule` stands; of a phrase, its longest word."""
    phrases = rule.context.words if rule.context is not None else ()
    words = sorted({max(phrase.split(), key=len) for phrase in phrases})
    letters = [word for word in words if len(word) == 1]
    # After a letter beyond ASCII a value may follow directly.
    last = [word for word in words if not word[-1].isascii()]
    plain = [word for word in words if word not in letters and word not in last]
    return "|".join([
        *(f"{_BEFORE}{one}{_AFTER}|{_BEFORE_CAPITAL}{one.upper()}{_APART}" for one in letters),
        *([_beginning(plain) + _AFTER] if plain else ()),
        *([_beginning(last)] if last else ()),
    ])  # fmt: skip


def _beginning(words: Sequence[str]) -> str:
    small = "|".join(re.escape(word[0]) + _either(word[1:]) for word in words)
    capital = "|".join(re.escape(word[0].upper()) + _either(word[1:]) for word in words)
    return f"(?:{_BEFORE}(?:{small})|{_BEFORE_CAPITAL}(?:{capital}))"


def _either(letters: str) -> str:
    return "".join(f"[{re.escape(c)}{re.escape(c.upper())}]" for c in letters)
