"""Unites what several detectors found into findings that neither overlap nor touch."""

from __future__ import annotations

from collections.abc import Iterable

from louver.core.categories import TAXONOMY, Tier
from louver.core.spans import Finding, Span
from louver.text.views import View

LITERAL = "louver.literal"
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


def merged(text: str, findings: Iterable[Finding], view: View | None = None) -> tuple[Finding, ...]:
    """`findings` sorted, grown to whole ASCII words; those that overlap or touch become one.

    A placeholder must stand alone to be recognized, so no ASCII letter, digit or underscore may be
    left beside it; nor half of an escape, where the text has another `view`. A united finding is
    called after its most important member: text that looks like a placeholder, then a secret, then
    a number with a check digit, then the longer one, then the one that begins first. Linear after
    sorting: no character is grown over twice.
    """
    united: list[Finding] = []
    best: Finding | None = None
    start = end = 0
    for finding in sorted(findings, key=_place):
        span = finding.span
        if best is None:
            start = _word_start(text, span.start, 0, view)
            best, end = finding, span.end
        elif span.start > end and (begin := _word_start(text, span.start, end, view)) > end:
            united.append(_united(best, start, end))
            best, start, end = finding, begin, span.end
        else:
            best, end = max(best, finding, key=_importance), max(end, span.end)
        end = _word_end(text, end, view)
    if best is not None:
        united.append(_united(best, start, end))
    return tuple(united)


def _place(finding: Finding) -> tuple[int, int, str, str]:
    """The order of findings, in numbers that compare quickly."""
    span = finding.span
    return span.start, span.end, finding.category, finding.rule


def _united(best: Finding, start: int, end: int) -> Finding:
    span = best.span
    if span.start == start and span.end == end:
        return best
    return Finding(Span(start, end), best.category, best.rule)


def _word_start(text: str, start: int, least: int, view: View | None) -> int:
    """Where the ASCII word that `start` cuts begins, no further back than `least`."""
    while start > least and text[start - 1] in _WORD:
        start = view.unit(start - 1)[0] if view else start - 1
    return max(start, least)


def _word_end(text: str, end: int, view: View | None) -> int:
    while end < len(text) and text[end] in _WORD:
        end = view.unit(end)[1] if view else end + 1
    return end


_CHECKED = frozenset(
    code for code in TAXONOMY if code.startswith("id.") and code != "id.passport"
) | {"finance.card_number", "finance.iban"}


def _importance(finding: Finding) -> tuple[bool, bool, bool, int, int]:
    span = finding.span
    return (
        finding.category == LITERAL,
        TAXONOMY[finding.category].tier is Tier.SECRET,
        finding.category in _CHECKED,
        span.end - span.start,
        -span.start,
    )
