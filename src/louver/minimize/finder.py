"""Runs every detector on a text and its normalized view, and merges what they find.

Rules: a detector that raises stops the request; a text seen before is not scanned again, and what
is kept of it is a keyed digest, offsets and names, never the text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import TypeAlias

from louver.core.categories import TAXONOMY
from louver.core.spans import Finding, Span
from louver.minimize.detectors.opened import OpenedText
from louver.minimize.detectors.shapes import Place
from louver.minimize.interface import Detector, DetectorFailed, FindsOpened
from louver.minimize.merging import LITERAL, merged
from louver.text.views import View, normalized

_SHAPE_RULE = "placeholder_shape"

Known: TypeAlias = tuple[Finding, ...] | None
"""What a text holds; None where that is nothing but text of placeholder shape."""


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
        self._looks = tuple((one.name, _look_of(one)) for one in detectors)
        self._cache_size = cache_size
        self._digest = digest
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._lock = Lock()
        self.scanned_characters = 0
        self.cache_hits = 0

    def find(self, text: str, *, remember: bool = True) -> tuple[Finding, ...]:
        """What is sensitive in `text`: sorted, not overlapping, not touching.

        With `remember=False` nothing about `text` is kept. Raises DetectorFailed.
        """
        return self.find_besides(text, (), remember=remember)

    def find_besides(
        self, text: str, own: Collection[str], *, remember: bool = True
    ) -> tuple[Finding, ...]:
        """The same, but nothing at all where there is nothing besides the placeholders `own`."""
        if not text:
            return ()
        key = self._digest(text.encode("utf-8", "surrogatepass"))
        opened: OpenedText | None = None
        with self._lock:
            seen = key in self._known
            if seen:
                known = self._known[key]
                self._known.move_to_end(key)
                self.cache_hits += 1
        if not seen:
            opened = OpenedText(text)
            known = self._scan(opened)
            self._scanned(key, known, len(text), remember=remember)
        if known is not None:
            return known
        places = (opened or OpenedText(text)).placeholders
        if all(text[start:end] in own for start, end in places):
            return ()
        return merged(text, _literals(places))

    def _scanned(self, key: bytes, known: Known, size: int, *, remember: bool) -> None:
        with self._lock:
            self.scanned_characters += size
            if remember:
                self._known[key] = known
                while len(self._known) > self._cache_size:
                    self._known.popitem(last=False)

    def _scan(self, opened: OpenedText) -> Known:
        text = opened.text
        findings = self._look(opened)
        view = normalized(text)
        if view is not None and view.text:
            below = OpenedText(view.text)
            more = [*self._look(below), *_literals(below.placeholders)]
            findings += [_mapped(finding, view) for finding in more]
        if not findings:
            return None if opened.placeholders else ()
        return merged(text, [*findings, *_literals(opened.placeholders)], view)

    def _look(self, opened: OpenedText) -> list[Finding]:
        """All findings of all detectors in a text, checked."""
        findings: list[Finding] = []
        for name, look in self._looks:
            # A plugin may raise anything; whatever it is, there is no answer without it.
            try:
                found = look(opened)
            except Exception:  # noqa: BLE001 - the seam: anybody's code runs here
                found = None
            if found is None or not _sound(found, len(opened.text)):
                raise DetectorFailed(
                    f"the detector '{name}' failed, and nothing is sent without it; "
                    "see its documentation, or remove it from louver.yaml"
                ) from None
            findings += found
        return findings


def _look_of(detector: Detector) -> Callable[[OpenedText], Sequence[Finding]]:
    """How to ask `detector`: with the opened text, if it can take that."""
    if isinstance(detector, FindsOpened):
        return detector.find_opened
    return lambda opened: detector.find(opened.text)


def _sound(found: Sequence[Finding], size: int) -> bool:
    """Whether what a detector found lies in the text, and is called as the taxonomy calls it."""
    for finding in found:
        if finding.span.end > size or finding.category not in TAXONOMY:
            return False
    return True


def _literals(places: Sequence[Place]) -> list[Finding]:
    return [Finding(Span(start, end), LITERAL, _SHAPE_RULE) for start, end in places]


def _mapped(finding: Finding, view: View) -> Finding:
    start, end = view.back(finding.span.start, finding.span.end)
    return Finding(Span(start, end), finding.category, finding.rule)
