"""One request on its way through the line: how long each stage took, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.events import Answered
from louver.core.exchanges import Exchange, Outcome
from louver.core.seams import Clock
from louver.gateway.memory import Memory


class Passage:
    """Keeps the stage times of one exchange and records its end, once."""

    def __init__(self, exchange: Exchange, memory: Memory, clock: Clock) -> None:
        self.exchange = exchange
        self._memory = memory
        self._clock = clock
        self._milliseconds: dict[str, int] = {}
        self._over = False

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        start = self._clock.monotonic()
        try:
            yield
        finally:
            self._milliseconds[stage] = round(1000 * (self._clock.monotonic() - start))

    async def answered(self, restored: int) -> None:
        """Record the end of a complete answer; durable before it returns. Raises Unavailable."""
        await self._end(Outcome.ANSWERED, 200, restored)

    async def failed(self, error: LouverError, restored: int = 0) -> None:
        """Record that the provider failed, unless an end is on record. Raises Unavailable."""
        if not self._over:
            status = error.status if isinstance(error, UpstreamFailed) else 503
            await self._end(Outcome.UPSTREAM_FAILED, status, restored)

    def left(self, restored: int = 0) -> None:
        """Record that the client hung up, unless an end is on record; nobody waits for it."""
        if not self._over:
            self._over = True
            self._memory.record_answered_later(self._event(Outcome.CLIENT_LEFT, 499, restored))

    async def _end(self, outcome: Outcome, status: int, restored: int) -> None:
        self._over = True
        await self._memory.record_answered(self._event(outcome, status, restored))

    def _event(self, outcome: Outcome, status: int, restored: int) -> Answered:
        return Answered(self.exchange.id, outcome, status, restored, dict(self._milliseconds))
