"""One request's look at its texts: none of them is scanned twice, whatever is remembered later."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from louver.core.spans import Finding
from louver.minimize.survey import Finds


class Once:
    """A finder for the stages of one request; it is dropped with the request."""

    def __init__(self, finder: Finds) -> None:
        self._finder = finder
        self._known: dict[str, Sequence[Finding]] = {}

    def __repr__(self) -> str:
        return f"<{len(self._known)} texts of one request>"

    def find(self, text: str, *, remember: bool = True) -> Sequence[Finding]:
        """As `Finder.find`."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._finder.find(text, remember=remember)
        return known

    def find_besides(
        self, text: str, own: Collection[str], *, remember: bool = True
    ) -> Sequence[Finding]:
        """As `Finder.find_besides`; a text that is known already may be told with its own."""
        known = self._known.get(text)
        return self._finder.find_besides(text, own, remember=remember) if known is None else known
