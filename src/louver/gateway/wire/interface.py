"""The wire-format seam: how a client's request is read and its answer is written.

The line knows no format; a format knows no policy. Bytes in, an `Exchange` out; events back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from louver.core.errors import LouverError
from louver.core.exchanges import Exchange, JsonTree, Minimized
from louver.core.identity import Caller
from louver.core.policy import Destination, Mode, Policy
from louver.core.sensitive import Sensitive
from louver.minimize.leaves import Rule


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says beside its body, parsed; `exchange` is the new exchange's id."""

    exchange: str
    caller: Caller
    conversation: Sensitive[str] | None = None
    purpose: str | None = None
    task: str | None = None
    mode: Mode | None = None
    no_store: bool = False


class AnswerWriter(Protocol):
    """Puts values back into one answer's events and writes them as the client expects them."""

    @property
    def restored(self) -> int:
        """How many values were put back so far."""
        ...

    def chunk(self, event: Mapping[str, JsonTree]) -> Iterator[bytes]:
        """The bytes for one event of a stream; none while its text is held back."""
        ...

    def finish(self) -> Iterator[bytes]:
        """What was still held when the provider said that it is done."""
        ...

    def end(self) -> bytes:
        """The stream's last event, sent once the end is on record."""
        ...

    def failed(self, error: LouverError) -> bytes:
        """A failure in the middle of a stream, as its last event."""
        ...

    def whole(self, event: Mapping[str, JsonTree]) -> bytes:
        """The body of an answer that is not streamed."""
        ...


class Format(Protocol):
    """One wire format; stateless, one instance serves all requests."""

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        """Raises Invalid, NeverSupported, NotYetSupported; nothing that is not an exchange."""
        ...

    def reading(self, exchange: Exchange, policy: Policy) -> Rule:
        """How the leaves of this request are read, by path."""
        ...

    def addressing(
        self, destination: Destination
    ) -> Callable[[dict[str, JsonTree]], dict[str, JsonTree]]:
        """Sets what the destination needs on a body that is already minimized."""
        ...

    def writer(self, exchange: Exchange, minimized: Minimized, policy: Policy) -> AnswerWriter:
        """A fresh writer for one answer."""
        ...
