"""Runs every detector on a text and its normalized view, and merges what they find.

Rules: a detector that raises stops the request; a text seen before is not scanned again, and what
is kept of it is a keyed digest, offsets and names, never the text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from louver.core.categories import TAXONOMY, Tier
from louver.core.spans import Finding, Span
from louver.minimize.detectors.shapes import placeholder_spans
from louver.minimize.interface import Detector, DetectorFailed
from louver.text.views import View, normalized

LITERAL = "louver.literal"
_SHAPE_RULE = "placeholder_shape"


class Finder:
    """`digest` is a keyed hash (it may not be reversible by guessing texts); thread-safe.

    `scanned_characters` counts the characters that detectors were run on, `cache_hits` the texts
    that needed no scan.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        cache_size: int = 65536,
        digest: Callable[[bytes], bytes],
    ) -> None:
        self._detectors = tuple(detectors)
        self._cache_size = cache_size
        self._digest = digest
        self._known: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()
        self._lock = Lock()
        self.scanned_characters = 0
        self.cache_hits = 0

    def find(self, text: str, *, remember: bool = True) -> tuple[Finding, ...]:
        """What is sensitive in `text`: sorted, not overlapping, not touching.

        With `remember=False` nothing about `text` is kept. Raises DetectorFailed.
        """
        if not text:
            return ()
        key = self._digest(text.encode("utf-8", "surrogatepass"))
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                self.cache_hits += 1
                return known
        findings = self._scan(text)
        with self._lock:
            self.scanned_characters += len(text)
            if remember:
                self._known[key] = findings
                while len(self._known) > self._cache_size:
                    self._known.popitem(last=False)
        return findings

    def _scan(self, text: str) -> tuple[Finding, ...]:
        findings = self._look(text)
        view = normalized(text)
        if view is not None and view.text:
            findings.extend(_mapped(finding, view) for finding in self._look(view.text))
        return merged(text, findings, view)

    def _look(self, text: str) -> list[Finding]:
        """All findings of all detectors in `text`, checked."""
        findings = [Finding(span, LITERAL, _SHAPE_RULE) for span in placeholder_spans(text)]
        for detector in self._detectors:
            # A plugin may raise anything; whatever it is, there is no answer without it.
            try:
                found = detector.find(text)
            except Exception:  # noqa: BLE001 - the seam: anybody's code runs here
                found = None
            if found is None or any(not _sound(f, text) for f in found):
                raise DetectorFailed(
                    f"the detector '{detector.name}' failed, and nothing is sent without it; "
                    "see its documentation, or remove it from louver.yaml"
                ) from None
            findings.extend(found)
        return findings


def _sound(finding: Finding, text: str) -> bool:
    return finding.span.end <= len(text) and finding.category in TAXONOMY


def _mapped(finding: Finding, view: View) -> Finding:
    start, end = view.back(finding.span.start, finding.span.end)
    return Finding(Span(start, end), finding.category, finding.rule)


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
    for finding in sorted(findings):
        span = finding.span
        if best is not None and span.start > end:
            begin = _word_start(text, span.start, end, view)
            if begin > end:
                united.append(Finding(Span(start, end), best.category, best.rule))
                best, start = None, begin
        if best is None:
            start = start if united else _word_start(text, span.start, 0, view)
            best, end = finding, span.end
        else:
            best, end = max(best, finding, key=_importance), max(end, span.end)
        end = _word_end(text, end, view)
    if best is not None:
        united.append(Finding(Span(start, end), best.category, best.rule))
    return tuple(united)


def _word_start(text: str, start: int, least: int, view: View | None) -> int:
    """Where the ASCII word that `start` cuts begins, no further back than `least`."""
    while start > least and _is_word(text[start - 1]):
        start = view.unit(start - 1)[0] if view else start - 1
    return max(start, least)


def _word_end(text: str, end: int, view: View | None) -> int:
    while end < len(text) and _is_word(text[end]):
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


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())
