"""One request on its way through the line: how long each stage took, and how it ended."""

from __future__ import annotations

from types import TracebackType

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.events import Answered
from louver.core.exchanges import Exchange, Outcome
from louver.core.seams import Clock
from louver.gateway.memory import Memory


class Stage:
    """A stopwatch for one stage; a plain object, since each request needs several."""

    __slots__ = ("_clock", "_milliseconds", "_name", "_start")

    def __init__(self, name: str, clock: Clock, milliseconds: dict[str, int]) -> None:
        self._name = name
        self._clock = clock
        self._milliseconds = milliseconds
        self._start = 0.0

    def __enter__(self) -> None:
        self._start = self._clock.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._milliseconds[self._name] = round(1000 * (self._clock.monotonic() - self._start))


class Passage:
    """Keeps the stage times of one exchange and records its end, once."""

    def __init__(self, exchange: Exchange, memory: Memory, clock: Clock) -> None:
        self.exchange = exchange
        self._memory = memory
        self._clock = clock
        self._milliseconds: dict[str, int] = {}
        self._over = False

    def timed(self, stage: str) -> Stage:
        """Times what stands under `with`."""
        return Stage(stage, self._clock, self._milliseconds)

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
