"""One request on its way through the line: how long each stage took, and how it ended."""

from __future__ import annotations

from types import TracebackType

from louver.core.decision import Decision
from louver.core.errors import Draining, Halted, LouverError, UpstreamFailed
from louver.core.events import Answered
from louver.core.exchanges import Exchange, Minimized, Outcome
from louver.core.halts import Halt
from louver.core.seams import Clock
from louver.gateway.memory import Memory
from louver.gateway.metering import Meter
from louver.gateway.stopping import Stop
from louver.gateway.visit import Visit


class Stage:
    """A stopwatch for one stage; a plain object, since each request needs several."""

    __slots__ = ("_clock", "_name", "_stages", "_start")

    def __init__(self, name: str, clock: Clock, stages: dict[str, tuple[float, float]]) -> None:
        self._name = name
        self._clock = clock
        self._stages = stages
        self._start = 0.0

    def __enter__(self) -> None:
        self._start = self._clock.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stages[self._name] = (self._start, self._clock.monotonic())


class Passage:
    """Keeps the stage times and tokens of one exchange in its visit, and records its end, once."""

    def __init__(self, exchange: Exchange, memory: Memory, visit: Visit) -> None:
        self.exchange = exchange
        self.visit = visit
        self._memory = memory
        self._over = False
        visit.parsed(exchange)

    @property
    def stop(self) -> Stop:
        """What ends the wait for the model's server from outside."""
        return self.visit.stop

    @property
    def meter(self) -> Meter:
        """What counts the tokens."""
        return self.visit.meter

    def timed(self, stage: str) -> Stage:
        """Times what stands under `with`."""
        return Stage(stage, self.visit.clock, self.visit.stages)

    def leaves(self, decision: Decision, minimized: Minimized, depends: tuple[Halt, ...]) -> None:
        """It is on record as sent: from here on tokens count, and a halt ends it."""
        visit = self.visit
        visit.sent(self.exchange.model, decision.require(), decision.mode)
        visit.depends = depends
        visit.meter = Meter(minimized)

    async def answered(self, restored: int) -> None:
        """Record the end of a complete answer; durable before it returns. Raises Unavailable."""
        await self._end(Outcome.ANSWERED, 200, restored)

    async def failed(self, error: LouverError, restored: int = 0) -> None:
        """Record that the provider failed, or was stopped, unless an end is on record.

        Raises Unavailable.
        """
        self.visit.failure = error
        if not self._over:
            status = error.status if isinstance(error, UpstreamFailed) else 503
            await self._end(_outcome(error), status, restored)

    def left(self, restored: int = 0) -> None:
        """Record that the client hung up, unless an end is on record; nobody waits for it."""
        if not self._over:
            self._over = True
            self._memory.record_answered_later(self._event(Outcome.CLIENT_LEFT, 499, restored))

    async def _end(self, outcome: Outcome, status: int, restored: int) -> None:
        self._over = True
        await self._memory.record_answered(self._event(outcome, status, restored))

    def _event(self, outcome: Outcome, status: int, restored: int) -> Answered:
        visit, tokens = self.visit, self.visit.tokens
        visit.outcome = outcome
        return Answered(
            self.exchange.id,
            outcome,
            status,
            restored,
            visit.milliseconds,
            visit.key,
            tokens.into,
            tokens.out,
            tokens.estimated,
        )


def _outcome(error: LouverError) -> Outcome:
    if isinstance(error, Halted):
        return Outcome.HALTED
    return Outcome.DRAINED if isinstance(error, Draining) else Outcome.UPSTREAM_FAILED
