"""RE2: a gate says in one pass which rules match, and only those are searched for.

Positions are bytes in here; `Re2Subject` speaks of code points.
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from louver.minimize.detectors.engines.automaton import ANYWHERE, automaton, options
from louver.minimize.detectors.engines.gate import needs
from louver.minimize.detectors.engines.interface import Match
from louver.minimize.detectors.rules import Rule


class Re2Engine:
    """A rule that needs context lies dormant where none of its words stands anywhere."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._gate = re2.Set.SearchSet(options())
        for rule in rules:
            self._gate.Add(rule.pattern)
        self._needs = {
            index: (self._gate.Add(need.apart), self._gate.Add(need.anywhere))
            for index, need in needs(rules).items()
        }
        self._gate.Compile()
        self._strong = frozenset(i for i, rule in enumerate(rules) if rule.context is None)
        self._weak = frozenset(range(len(rules))) - self._strong
        self.searches = [automaton(rule.pattern) for rule in rules]
        self.groups = [rule.group for rule in rules]

    def open(self, text: str, data: bytes) -> Re2Subject | None:
        hit = self._gate.Match(data)
        if hit is None:
            return None
        subject = Re2Subject(text, data, self)
        subject.strong = [index for index in hit if index in self._strong]
        for index in hit:
            if index in self._weak:
                apart, anywhere = self._needs.get(index, (index, index))
                if apart in hit:
                    subject.weak.append(index)
                elif anywhere in hit:
                    subject.dormant.append(index)
        return subject


class Re2Subject:
    """One text; searching it keeps where the last search stood, in bytes and in code points."""

    __slots__ = ("_byte", "_data", "_engine", "_narrow", "_point", "_text", "dormant", "strong", "weak")

    def __init__(self, text: str, data: bytes, engine: Re2Engine) -> None:
        self.strong: list[int] = []
        self.weak: list[int] = []
        self.dormant: list[int] = []
        self._engine = engine
        self._text = text
        self._data = data
        self._narrow = len(data) == len(text)
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
        text, data = self._text, self._data
        if position < self._point:
            self._point = self._byte = 0
        byte = self._byte + len(text[self._point : position].encode())
        spans = self._engine.searches[rule](ANYWHERE, data, byte, len(data))
        first, last = spans[0]
        if last < 0:
            return None
        point = position + len(data[byte:first].decode())
        self._point, self._byte = point, first
        start, end = spans[group]
        start_point = point + len(data[first:start].decode())
        end_point = start_point + len(data[start:end].decode())
        return start_point, end_point, end_point + len(data[end:last].decode())
