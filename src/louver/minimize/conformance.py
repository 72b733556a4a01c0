"""What every detector must keep, as a test class that plugins subclass beside ours.

    class TestMine(DetectorConformance):
        def detector(self) -> Detector:
            return MyDetector()

Give `sample` texts in which it finds something, or the class proves little.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from louver.core.categories import TAXONOMY
from louver.core.spans import Finding
from louver.minimize.interface import Detector

_WEIRD = (
    "\x00",
    "\ud800",
    "a\udfff\ud800b",
    "\ufeff\u200b\u202e",
    "e\u0301\u0323",
    "👩‍👩‍👧‍👦 🇩🇪",
    "\u2028\u2029\x85",
    "ﷺﷺ",
    "\U0010ffff",
    "\r\n\t\v\f",
)
_HUGE = 1_000_000


class DetectorConformance(ABC):
    """The laws of the detector seam; needs no fixtures."""

    @abstractmethod
    def detector(self) -> Detector:
        """A fresh detector."""

    def sample(self) -> Sequence[str]:
        """Texts in which the detector finds something."""
        return ()

    def _texts(self) -> list[str]:
        samples = list(self.sample())
        # Weird characters before, after and between, so that offsets in bytes or UTF-16 show.
        mixed = [f"{weird} {text} {weird}" for text in samples[:3] for weird in _WEIRD]
        return ["", "plain words only", *_WEIRD, *samples, *mixed]

    def _found(self, detector: Detector, text: str) -> list[Finding]:
        return sorted(detector.find(text))

    def test_names_itself(self) -> None:
        detector = self.detector()
        assert detector.name
        assert detector.version

    def test_declares_only_known_categories(self) -> None:
        categories = self.detector().categories
        assert categories
        assert categories <= TAXONOMY.keys()

    def test_finds_something_in_each_sample(self) -> None:
        detector = self.detector()
        assert all(detector.find(text) for text in self.sample())

    def test_spans_lie_within_the_text(self) -> None:
        detector = self.detector()
        for text in self._texts():
            assert all(finding.span.end <= len(text) for finding in detector.find(text))

    def test_reports_declared_categories_under_a_rule(self) -> None:
        detector = self.detector()
        found = [finding for text in self._texts() for finding in detector.find(text)]
        assert {finding.category for finding in found} <= detector.categories
        assert all(finding.rule for finding in found)

    def test_finds_nothing_in_nothing(self) -> None:
        assert list(self.detector().find("")) == []

    def test_is_deterministic_and_keeps_no_state(self) -> None:
        used, fresh = self.detector(), self.detector()
        texts = self._texts()
        first = [self._found(used, text) for text in texts]
        again = [self._found(used, text) for text in reversed(texts)]
        assert first == again[::-1]
        assert first == [self._found(fresh, text) for text in texts]
        assert used.version == fresh.version

    def test_is_thread_safe(self) -> None:
        detector = self.detector()
        texts = self._texts() * 4
        expected = [self._found(detector, text) for text in texts]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda text: self._found(detector, text), texts)) == expected

    def test_takes_a_huge_text(self) -> None:
        detector = self.detector()
        filler = "some words without any value, "
        text = filler * (_HUGE // len(filler))
        assert all(finding.span.end <= len(text) for finding in detector.find(text))

    def test_counts_offsets_in_code_points(self) -> None:
        detector = self.detector()
        for text in self.sample():
            plain = self._found(detector, text)
            shifted = self._found(detector, f"😀 {text}")
            assert [f.span.start + 2 for f in plain] == [f.span.start for f in shifted]
