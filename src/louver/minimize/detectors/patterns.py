"""Finds values by their format: a gate says which rules match, candidates are checked in Python.

Rules that stand on their own come first; those that need context are judged afterwards, when the
values already found no longer count as words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from louver.core.spans import Finding, Span
from louver.minimize.detectors.catalog import RULES
from louver.minimize.detectors.engines import Engine, Re2Engine, Subject
from louver.minimize.detectors.rules import Rule
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
        searchable = _encodable(text)
        subject = self._engine.open(searchable)
        weak: list[int] = []
        findings: list[Finding] = []
        for index in subject.rules():
            if self._rules[index].context is not None:
                weak.append(index)
                continue
            findings.extend(self._found(searchable, subject, index, None))
        if weak:
            words = Words(searchable, [finding.span for finding in findings])
            for index in weak:
                findings.extend(self._found(searchable, subject, index, words))
        return findings

    def _found(
        self, text: str, subject: Subject, index: int, words: Words | None
    ) -> Iterator[Finding]:
        rule = self._rules[index]
        position: int | None = 0
        while position is not None:
            matches, position = subject.matches(index, position), None
            for start, end in matches:
                first, last = subject.code_point(start), subject.code_point(end)
                if words is not None and words.hides(first, last):
                    continue
                span = _judged(rule, text, first, last, words)
                if span is not None:
                    yield Finding(span, rule.category, rule.name)
                    if span.end < last - 1:
                        # Trimmed: what follows may be another value.
                        position = start + subject.length(text[first : span.end])
                        break
                elif rule.retry:
                    position = start + 1
                    break


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


def _encodable(text: str) -> str:
    """`text` with lone surrogates replaced one for one, as they have no bytes to search in."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
