"""The detector seam: anything that finds sensitive data in a text, ours or a plugin's.

A plugin registers a zero-argument factory under the entry point group `louver.detectors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from louver.core.errors import Unavailable
from louver.core.spans import Finding
from louver.minimize.detectors.opened import OpenedText


class DetectorFailed(Unavailable):
    """A detector raised; without it there is no answer. Names the detector, never the text."""

    code = "detector_failed"


class Detector(Protocol):
    """Finds values in one text. `version` changes whenever the findings for any text may change."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def categories(self) -> frozenset[str]:
        """The taxonomy codes that it may report."""
        ...

    def find(self, text: str) -> Sequence[Finding]:
        """All findings in `text`, spans in code points of `text`; they may overlap.

        Deterministic; thread-safe; linear in the length of the text. Never keeps the text.
        """
        ...


@runtime_checkable
class FindsOpened(Protocol):
    """A detector that also takes a text which was opened once for all; it finds the same in it."""

    def find_opened(self, opened: OpenedText) -> Sequence[Finding]: ...
