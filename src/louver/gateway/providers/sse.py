"""Reads Server-Sent Events from bytes in any chunking; an event is bounded, and never guessed.

Source: WHATWG HTML Living Standard §9.2.6, "Interpreting an event stream". One deliberate
difference: an event that the stream ends without a blank line is returned by `finish()`, because
some servers end with a bare `data: [DONE]`; the caller decides whether it is whole.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from louver.core.errors import UpstreamFailed

_LINE_END = re.compile(rb"\r\n|\n|\r")
# What nearly all chunks are: whole events of one data line each.
_PLAIN = re.compile(rb"(?:data: [^\r\n]*\n\n)+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_RETRY_DIGITS = 10


class Event(NamedTuple):
    """One dispatched event; `data` is its data lines joined by LF, undecoded."""

    data: bytes
    type: str = "message"
    id: str = ""


class EventStream:
    """An incremental parser: the events do not depend on how the bytes were cut into chunks.

    `retry` is the reconnection time (ms) that the server last asked for. An event may hold
    `limit` bytes of data and unfinished line; more is `upstream_event_too_large`, raised only
    after the events before it were returned (by the next call, if need be).
    """

    def __init__(self, limit: int) -> None:
        self.retry: int | None = None
        self.failure: UpstreamFailed | None = None
        self._limit = limit
        self._rest = bytearray()
        self._searched = 0
        self._after_cr = False
        self._first_line = True
        self._data: list[bytes] = []
        self._size = 0
        self._type = ""
        self._id = ""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes. Raises UpstreamFailed for an event over the limit."""
        self._fail()
        if not (self._rest or self._data or self._type or self._after_cr or self._id):
            plain = _PLAIN.fullmatch(chunk)
            if plain is not None and len(chunk) <= self._limit:
                self._first_line = False
                return [Event(data) for data in chunk[6:-2].split(b"\n\ndata: ")]
        if self._after_cr and chunk:
            # The CR ended its line when it came; the LF of the same CRLF ends nothing more.
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        self._rest += chunk
        events = self._lines()
        if not events:
            self._fail()
        return events

    def finish(self) -> list[Event]:
        """What is left when the stream has ended: at most one event, possibly cut off."""
        self._fail()
        line = bytes(self._rest)
        self._rest.clear()
        self._searched = 0
        if line:
            self._field(line)
        return self._dispatch()

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _lines(self) -> list[Event]:
        events: list[Event] = []
        start = 0
        unfinished = None
        while (end := _LINE_END.search(self._rest, max(start, self._searched))) is not None:
            if self._size + end.start() - start > self._limit:
                unfinished = end.start() - start
                break
            line = bytes(self._rest[start : end.start()])
            start = end.end()
            if end.group() == b"\r" and start == len(self._rest):
                self._after_cr = True
            if line:
                self._field(line)
            else:
                events += self._dispatch()
            self._first_line = False
        del self._rest[:start]
        self._searched = len(self._rest)
        if self._size + (len(self._rest) if unfinished is None else unfinished) > self._limit:
            self.failure = UpstreamFailed(
                "the provider sent an event larger than the limit; ask for less",
                code="upstream_event_too_large",
            )
        return events

    def _field(self, line: bytes) -> None:
        if self._first_line:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif name == b"event":
            self._type = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _RETRY_DIGITS:
            self.retry = int(value)

    def _dispatch(self) -> list[Event]:
        data, kind = self._data, self._type
        self._data, self._type, self._size = [], "", 0
        return [Event(b"\n".join(data), kind or "message", self._id)] if data else []
