"""The destinations as the line asks them: each with its retries and its circuit breaker.

Rule: whatever is asked again is the same bytes, under the same record, before the first event.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree, Minimized, Operation, Reply
from louver.core.seams import Clock, Randomness
from louver.gateway.breaker import Breaker, BreakerRule, Call, State
from louver.gateway.providers.interface import Provider, Warms
from louver.gateway.retrying import Retries, RetryRule

# What says nothing about the server's health: our own settings, what a client asked for, a line
# of others before it.
_NOT_ITS_FAULT = frozenset(
    {
        "upstream_auth", "upstream_redirect", "upstream_too_large", "upstream_event_too_large",
        "model_busy",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UpstreamRule:
    """How one destination is treated when it fails."""

    retries: RetryRule = field(default_factory=RetryRule)
    breaker: BreakerRule = field(default_factory=BreakerRule)


@dataclass(frozen=True, slots=True)
class _Begun:
    """An answer whose first event has arrived; None where it was empty."""

    first: Reply | None
    rest: AsyncGenerator[Reply]
    call: Call


class Upstream:
    """A provider that is asked again where that is safe, and left alone while it keeps failing."""

    def __init__(
        self,
        provider: Provider,
        rule: UpstreamRule,
        clock: Clock,
        randomness: Randomness,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._provider = provider
        self._retries = Retries(rule.retries, clock, randomness)
        self._sleep = sleep
        self.breaker = Breaker(rule.breaker, clock)

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """See `Provider.request`."""
        return self._provider.request(body, operation)

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        begun = await self._begin(request)
        async with aclosing(begun.rest):
            if begun.first is None:
                return
            yield begun.first
            try:
                async for reply in begun.rest:
                    yield reply
            except UpstreamFailed as failure:
                _judge(failure, begun.call)
                raise

    def warm(self) -> None:
        """Load the model now, where there is one to load. Raises Unavailable, with the reason."""
        if isinstance(self._provider, Warms):
            self._provider.warm()

    async def close(self) -> None:
        """Release connections."""
        await self._provider.close()

    async def _begin(self, request: Minimized) -> _Begun:
        """Ask until something of an answer is there. Raises UpstreamFailed."""
        self._retries.requested()
        attempt = 0
        while True:
            attempt += 1
            call = self.breaker.begin()
            replies = self._provider.ask(request)
            try:
                return _Begun(await _first(replies, call), replies, call)
            except UpstreamFailed as failure:
                wait = self._retries.wait(failure, attempt)
                if wait is None:
                    raise
            await self._sleep(wait)


class Upstreams(Mapping[str, Upstream]):
    """All destinations by name."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._upstreams = dict(upstreams)

    def __getitem__(self, name: str) -> Upstream:
        return self._upstreams[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._upstreams)

    def __len__(self) -> int:
        return len(self._upstreams)

    def down(self) -> Mapping[str, float]:
        """The destinations that are not to be asked now, and for how many seconds."""
        waits = {name: upstream.breaker.wait() for name, upstream in self._upstreams.items()}
        return {name: wait for name, wait in waits.items() if wait is not None}

    def states(self) -> Mapping[str, State]:
        """Each destination's breaker."""
        return {name: upstream.breaker.state() for name, upstream in self._upstreams.items()}


async def _first(replies: AsyncGenerator[Reply], call: Call) -> Reply | None:
    """The first event, None of an empty answer."""
    try:
        reply = await anext(replies, None)
    except UpstreamFailed as failure:
        _judge(failure, call)
        raise
    except BaseException:  # Whoever ended this wait, it was not the server.
        call.told_nothing()
        raise
    if reply is None:
        call.failed()
    else:
        call.succeeded()
    return reply


def _judge(failure: UpstreamFailed, call: Call) -> None:
    if failure.code in _NOT_ITS_FAULT or failure.status == 429:
        call.told_nothing()
    elif failure.status < 500:
        call.succeeded()
    else:
        call.failed()
