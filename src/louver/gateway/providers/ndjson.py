"""Reads lines of JSON from bytes in any chunking; a line is bounded, and never guessed.

Source: RFC 8259 for each line; lines end with LF or CRLF, empty ones say nothing.
"""

from __future__ import annotations

from louver.core.errors import UpstreamFailed


class LineStream:
    """An incremental reader: the lines do not depend on how the bytes were cut into chunks.

    A line may have `limit` bytes; more is `upstream_event_too_large`, which is raised only after
    the lines before it were returned (by the next call, if need be).
    """

    def __init__(self, limit: int) -> None:
        self.failure: UpstreamFailed | None = None
        self._limit = limit
        self._rest = bytearray()
        self._searched = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes. Raises UpstreamFailed for a line over the limit."""
        self._fail()
        self._rest += chunk
        lines: list[bytes] = []
        start = 0
        while (end := self._rest.find(b"\n", max(start, self._searched))) >= 0:
            if end - start > self._limit:
                break
            if line := bytes(self._rest[start:end]).strip():
                lines.append(line)
            start = end + 1
        del self._rest[:start]
        self._searched = len(self._rest)
        if end >= 0 or len(self._rest) > self._limit:
            self.failure = UpstreamFailed(
                "the provider sent a line larger than the limit; ask for less",
                code="upstream_event_too_large",
            )
            self._rest.clear()
            self._searched = 0
        if not lines:
            self._fail()
        return lines

    def finish(self) -> list[bytes]:
        """What is left when the stream has ended: at most one line, possibly cut off."""
        self._fail()
        line = bytes(self._rest).strip()
        self._rest.clear()
        self._searched = 0
        return [line] if line else []

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
