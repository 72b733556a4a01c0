"""RE2: a gate says in one pass which rules match, and only those are searched for.

Positions are bytes in here; `Re2Subject` speaks of code points.
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from louver.minimize.detectors.engines.automaton import ANYWHERE, automaton, options
from louver.minimize.detectors.engines.interface import Match
from louver.minimize.detectors.engines.words import WordGate
from louver.minimize.detectors.opened import OpenedText
from louver.minimize.detectors.rules import Rule


class Re2Engine:
    """Rules that need words are no part of the gate: their automata would grow with every text."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.words = WordGate(rules)
        self.gated = [i for i in range(len(rules)) if i not in self.words.rules]
        self._gate = gate([rules[index] for index in self.gated])
        self.strong = frozenset(i for i, rule in enumerate(rules) if rule.context is None)
        self.searches = [automaton(rule.pattern) for rule in rules]
        self.groups = [rule.group for rule in rules]

    def open(self, opened: OpenedText) -> Re2Subject | None:
        rules = [self.gated[place] for place in self._gate.Match(opened.data) or ()]
        rules += self.words.open(opened)
        return Re2Subject(opened, rules, self) if rules else None


def gate(rules: Sequence[Rule]) -> re2.Set:
    """Says which of `rules` may match; one pass of an automaton."""
    made = re2.Set.SearchSet(options())
    for rule in rules:
        made.Add(rule.sign or rule.pattern)
    made.Compile()
    return made


class Re2Subject:
    """One text; searching it keeps where the last search stood, in bytes and in code points."""

    __slots__ = ("_byte", "_data", "_engine", "_narrow", "_point", "_text", "strong", "weak")

    def __init__(self, opened: OpenedText, rules: Sequence[int], engine: Re2Engine) -> None:
        self.strong = [index for index in rules if index in engine.strong]
        self.weak = [index for index in rules if index not in engine.strong]
        self._engine = engine
        self._text = opened.searchable
        self._data = opened.data
        self._narrow = len(self._data) == len(self._text)
        self._point = self._byte = 0

    def search(self, rule: int, position: int) -> Match | None:
        group = self._engine.groups[rule]
        if not self._narrow:
            return self._search_wide(rule, position, group)
        data = self._data
        spans = self._engine.searches[rule](ANYWHERE, data, position, len(data))
        start, after = spans[0]
        if after < 0:
            return None
        if group == 0:
            return start, after, after
        start, end = spans[group]
        return start, end, after

    def _search_wide(self, rule: int, position: int, group: int) -> Match | None:
        data = self._data
        byte = self._byte_of(position)
        spans = self._engine.searches[rule](ANYWHERE, data, byte, len(data))
        first, last = spans[0]
        if last < 0:
            return None
        point = self._point_of(position, byte, first)
        start, end = spans[group]
        start_point = point + len(data[first:start].decode())
        end_point = start_point + len(data[start:end].decode())
        return start_point, end_point, end_point + len(data[end:last].decode())

    def _byte_of(self, position: int) -> int:
        """Where the code point `position` begins; the last search began near it."""
        if position < self._point:
            self._point = self._byte = 0
        return self._byte + len(self._text[self._point : position].encode())

    def _point_of(self, position: int, byte: int, place: int) -> int:
        """Which code point begins at the byte `place`, given that `position` begins at `byte`."""
        self._point = position + len(self._data[byte:place].decode())
        self._byte = place
        return self._point
