"""The provider seam: a model behind whatever protocol, asked with `Minimized` and nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from louver.core.exchanges import Minimized, Reply


class Provider(Protocol):
    """One destination's client. All failures are raised as `UpstreamFailed`."""

    def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        """Send `request.body`; yield the answer's events as they arrive.

        A stream yields one `Reply` per `chat.completion.chunk`; a non-streamed answer yields one
        `Reply` holding the whole `chat.completion`. The generator ends normally only if the
        upstream said that the answer is complete (`[DONE]`, or a full body). Closing it
        (`aclose()`) cancels the upstream call at once.

        Raises `UpstreamFailed`: before the first event with the upstream's status, body and
        retry headers; later with what is known (reset, time-out, error event).
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
