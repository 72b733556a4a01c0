"""The slow reference: every rule is searched for with Python's `re`, with no gate before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from louver.minimize.detectors.engines.interface import Match
from louver.minimize.detectors.opened import OpenedText
from louver.minimize.detectors.rules import Rule


class ReEngine:
    """What the other engines are held against."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.patterns = [re.compile(rule.pattern, re.ASCII) for rule in rules]
        self.groups = [rule.group for rule in rules]
        self.strong = [i for i, rule in enumerate(rules) if rule.context is None]
        self.weak = [i for i, rule in enumerate(rules) if rule.context is not None]

    def open(self, opened: OpenedText) -> ReSubject:
        return ReSubject(opened.searchable, self)


class ReSubject:
    def __init__(self, text: str, engine: ReEngine) -> None:
        self._text = text
        self._engine = engine
        self.strong: Sequence[int] = engine.strong
        self.weak: Sequence[int] = engine.weak

    def search(self, rule: int, position: int) -> Match | None:
        match = self._engine.patterns[rule].search(self._text, position)
        return None if match is None else (*match.span(self._engine.groups[rule]), match.end())
