"""The wire-format seam: how a client's request is read and its answer is written.

The line knows no format; a format knows no policy and no provider. Bytes in, an `Exchange` in the
hub form out; hub events back in, the client's bytes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from louver.core.errors import LouverError
from louver.core.exchanges import Exchange, JsonTree
from louver.core.identity import Caller
from louver.core.policy import Mode
from louver.core.sensitive import Sensitive

EVENT_STREAM = "text/event-stream; charset=utf-8"

ErrorBody: TypeAlias = Callable[[LouverError], bytes]
"""Writes an error as the doors do for clients of one family of formats."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says beside its body, parsed; `exchange` is the new exchange's id.

    `began`: the clock's monotonic time (s) at which it came in.
    """

    exchange: str
    caller: Caller
    conversation: Sensitive[str] | None = None
    purpose: str | None = None
    task: str | None = None
    mode: Mode | None = None
    no_store: bool = False
    began: float = 0.0


class AnswerWriter(Protocol):
    """Writes one answer as the client expects it, from hub events that have their values back."""

    def chunk(self, event: dict[str, JsonTree]) -> Iterator[bytes]:
        """The bytes for one `chat.completion.chunk`; none where the format has no word for it."""
        ...

    def finish(self) -> Iterator[bytes]:
        """What the format says after the last chunk and before its end."""
        ...

    def end(self) -> bytes:
        """The stream's last event, sent once the end is on record."""
        ...

    def failed(self, error: LouverError) -> bytes:
        """A failure in the middle of a stream, as its last event."""
        ...

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        """The body of an answer that is not streamed."""
        ...


class Format(Protocol):
    """One wire format; stateless, one instance serves all requests."""

    @property
    def stream_type(self) -> str:
        """The media type of a streamed answer."""
        ...

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        """Raises Invalid, NeverSupported, NotYetSupported; nothing that is not an exchange."""
        ...

    def writer(self, exchange: Exchange) -> AnswerWriter:
        """A fresh writer for one answer."""
        ...
