"""One text, opened once for all detectors that look at it."""

from __future__ import annotations

from louver.minimize.detectors.shapes import Place, placeholder_places


class OpenedText:
    """`text` as it came. `searchable` is without lone surrogates, and `data` is that in UTF-8.

    Each lone surrogate is replaced by one character, as it has no bytes to search in.
    """

    __slots__ = ("_folded", "_placeholders", "data", "searchable", "text")

    def __init__(self, text: str) -> None:
        self.text = self.searchable = text
        self._placeholders: list[Place] | None = None
        self._folded: bytes | None = None
        try:
            self.data = text.encode()
        except UnicodeEncodeError:
            self.data = text.encode("utf-8", "replace")
            self.searchable = self.data.decode()

    def __repr__(self) -> str:
        return f"<text of {len(self.text)} characters>"

    @property
    def placeholders(self) -> list[Place]:
        """Where something of placeholder shape stands, in order; looked for once."""
        if self._placeholders is None:
            self._placeholders = placeholder_places(self.text)
        return self._placeholders

    @property
    def folded(self) -> bytes:
        """`text` without differences of case, in UTF-8; its places are not those of `text`."""
        if self._folded is None:
            ascii_only = len(self.data) == len(self.text)
            folded = self.data.lower() if ascii_only else self.searchable.casefold().encode()
            self._folded = folded
        return self._folded
