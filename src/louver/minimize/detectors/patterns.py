"""Finds values by their format: a gate says which rules match, candidates are checked in Python.

Rules that stand on their own come first; those that need context are judged afterwards, when the
values already found no longer count as words.
"""

from __future__ import annotations

from collections.abc import Sequence

from louver.core.spans import Finding, Span
from louver.minimize.detectors.catalog import RULES
from louver.minimize.detectors.engines.interface import Engine, Subject
from louver.minimize.detectors.engines.portable import Re2Engine
from louver.minimize.detectors.opened import OpenedText
from louver.minimize.detectors.rules import Rule
from louver.minimize.detectors.shapes import Place
from louver.minimize.detectors.surroundings import Words

_WARM = (
    "Anna (anna@example.org, +49 30 1234567) paid 4111 1111 1111 1111 on 2024-01-02 from "
    "10.1.2.3; password: x1; Müller, 12 rue de la Paix\n"
)


class PatternDetector:
    """The built-in rules; `engine` is replaceable by the reference."""

    name = "patterns"
    version = "1"

    def __init__(self, rules: Sequence[Rule] = RULES, engine: Engine | None = None) -> None:
        self._rules = tuple(rules)
        self._engine = engine or Re2Engine(self._rules)
        self.categories = frozenset(rule.category for rule in self._rules)
        # The automata are built lazily; the first requests should not pay for it.
        for _ in range(3):
            self.find(_WARM * 20)

    def find(self, text: str) -> Sequence[Finding]:
        """All findings in `text`; see `Detector.find`."""
        return self.find_opened(OpenedText(text))

    def find_opened(self, opened: OpenedText) -> Sequence[Finding]:
        """The same, for a text that was opened already."""
        subject = self._engine.open(opened)
        if subject is None:
            return ()
        text = opened.searchable
        findings: list[Finding] = []
        for index in subject.strong:
            _search(text, subject, index, self._rules[index], None, findings)
        if subject.weak:
            strong = tuple(findings)
            words = Words(text, lambda: [*map(_place, strong), *opened.placeholders])
            for index in subject.weak:
                _search(text, subject, index, self._rules[index], words, findings)
        return findings


def _place(finding: Finding) -> Place:
    return finding.span.start, finding.span.end


def _search(
    text: str,
    subject: Subject,
    index: int,
    rule: Rule,
    words: Words | None,
    findings: list[Finding],
) -> None:
    """Add what `rule`, the one at `index`, finds; `words` where it needs context."""
    search = subject.search
    match = search(index, 0)
    while match is not None:
        start, end, position = match
        if words is None or not words.hides(start, end):
            span = _judged(rule, text, start, end, words)
            if span is not None:
                findings.append(Finding(span, rule.category, rule.name))
                if span.end < end - 1:
                    position = span.end  # Trimmed: what follows may be another value.
            elif rule.retry:
                position = start + 1
        match = search(index, position)


def _judged(rule: Rule, text: str, start: int, end: int, words: Words | None) -> Span | None:
    """The candidate's true range, or None where it is no value of this rule."""
    if rule.group == 0:
        start, end = start + (text[start] == "_"), end - (text[end - 1] == "_")
    if start > 0 and text[start - 1] == "\\" and text[start] in "nrtbfv" and end - start > 1:
        start += 1  # The escape `\n` before a value, not its first letter.
    if rule.reshape is not None:
        reshaped = rule.reshape(text, start, end)
        if reshaped is None:
            return None
        start, end = reshaped
    if rule.valid is not None and not rule.valid(text[start:end]):
        return None
    if rule.context is not None and words is not None and not words.allow(rule.context, start):
        return None
    return Span(start, end)
