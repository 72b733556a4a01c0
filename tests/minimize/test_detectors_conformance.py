"""Our own detectors keep the laws of the seam."""

from __future__ import annotations

from collections.abc import Sequence

from louver.core.sensitive import Sensitive
from louver.minimize.conformance import DetectorConformance
from louver.minimize.detectors.dictionary import DictionaryDetector, DictionaryEntry
from louver.minimize.detectors.health_terms import HealthTermsDetector
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.interface import Detector


class TestPatterns(DetectorConformance):
    def detector(self) -> Detector:
        return PatternDetector()

    def sample(self) -> Sequence[str]:
        return (
            "mail alice@example.com or call +49 30 1234567",
            "born on 1984-05-17 in Köln, IBAN DE89 3704 0044 0532 0130 00",
            "from 203.0.113.7, password = s3cr3t!x",
        )


class TestDictionary(DetectorConformance):
    def detector(self) -> Detector:
        return DictionaryDetector(
            [
                DictionaryEntry(Sensitive("Jürgen Groß"), "person.name"),
                DictionaryEntry(Sensitive("Kestrel"), "custom.term", ignore_case=False),
            ]
        )

    def sample(self) -> Sequence[str]:
        return ("Herr jürgen  GROSS? Jürgen\nGroß!", "project Kestrel", "(Kestrel)")


class TestHealthTerms(DetectorConformance):
    def detector(self) -> Detector:
        return HealthTermsDetector()

    def sample(self) -> Sequence[str]:
        return ("patient with type 2 diabetes", "Verdacht auf Leukämie", "souffre d'épilepsie")
