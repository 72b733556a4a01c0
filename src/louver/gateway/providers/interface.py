"""The provider seam: a model behind whatever protocol, asked with `Minimized` and nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol, runtime_checkable

from louver.core.exchanges import JsonTree, Minimized, Operation, Reply


class Provider(Protocol):
    """One destination's client. All failures are raised as `UpstreamFailed`."""

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """The minimized hub-form `body` in the server's own wire form; pure.

        Whatever it returns is read once more by the detectors, encoded, and sent byte for byte.
        Raises Invalid, NeverSupported, NotYetSupported for what this kind of server cannot be told.
        """
        ...

    def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        """Send `request.body`; yield the answer's events, in the hub form, as they arrive.

        A stream yields one `Reply` per `chat.completion.chunk`; a non-streamed answer yields one
        `Reply` holding the whole `chat.completion` (or the embeddings). The generator ends
        normally only if the upstream said that the answer is complete. Closing it (`aclose()`)
        cancels the upstream call at once.

        Raises `UpstreamFailed`: before the first event with the upstream's status, body and
        retry headers; later with what is known (reset, time-out, error event).
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class Warms(Protocol):
    """A provider that can get ready before it is first asked."""

    def warm(self) -> None:
        """Do now what takes time. Raises Unavailable, with the reason."""
        ...


class ReadsHubForm:
    """What a provider in this process inherits: it reads the hub form itself."""

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """See `Provider.request`."""
        return body if operation is Operation.EMBEDDINGS else {**body, "store": False}
