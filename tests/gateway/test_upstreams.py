"""A failed call is made again where that is safe, and within a budget; never after an event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import Hands, Loaded

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Minimized, Reply
from louver.gateway.breaker import BreakerRule, State
from louver.gateway.providers.interface import ReadsHubForm
from louver.gateway.retrying import Retries, RetryRule
from louver.gateway.upstreams import Upstream, UpstreamRule, Upstreams

REQUEST = Minimized("ex-1", b'{"a": 1}', False, False, {}, {})  # as the line would make it
REFUSED = UpstreamFailed("no", code="upstream_unreachable")


def status(number: int, *headers: tuple[str, str]) -> UpstreamFailed:
    return UpstreamFailed("no", status=number, headers=headers)


@dataclass
class Script(ReadsHubForm):
    """Each call takes the next list: events, or what is raised."""

    calls: list[Sequence[Reply | BaseException]]
    bodies: list[bytes] = field(default_factory=list)
    closed: int = 0

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        self.bodies.append(request.body)
        try:
            for item in self.calls[len(self.bodies) - 1]:
                await asyncio.sleep(0)
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self.closed += 1

    async def close(self) -> None:
        return


@dataclass
class Played:
    script: Script
    upstream: Upstream
    waits: list[float]

    async def answer(self) -> list[Reply]:
        return [reply async for reply in self.upstream.ask(REQUEST)]

    def run(self) -> list[Reply]:
        return asyncio.run(self.answer())


def play(
    *calls: Sequence[Reply | BaseException],
    retries: RetryRule | None = None,
    breaker: BreakerRule | None = None,
    clock: Hands | None = None,
) -> Played:
    script, waits = Script(list(calls)), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    rule = UpstreamRule(retries or RETRIES, breaker or BreakerRule())
    return Played(script, Upstream(script, rule, clock or Hands(), Loaded(0x80), sleep), waits)


RETRIES = RetryRule(attempts=3, longest_wait=5.0)
OK = Reply({"choices": []})

SAFE = [
    REFUSED,
    UpstreamFailed("no", code="upstream_reset"),
    status(429),
    status(502),
    status(503),
    status(504),
]
UNSAFE = [
    UpstreamFailed("no", code="upstream_reset", begun=True),
    UpstreamFailed("no", code="upstream_timeout", status=504),
    UpstreamFailed("no", code="upstream_invalid"),
    UpstreamFailed("no", code="upstream_auth"),
    UpstreamFailed("no", code="upstream_too_large"),
    status(400),
    status(404),
    status(500),
    status(503, ("X-Should-Retry", "false")),
    status(429, ("Retry-After", "60")),
]


@pytest.mark.parametrize("failure", SAFE, ids=lambda f: f"{f.code} {f.status}")
def test_the_same_bytes_are_sent_again(failure: UpstreamFailed) -> None:
    played = play([failure], [failure], [OK])
    assert played.run() == [OK]
    assert played.script.bodies == [REQUEST.body] * 3
    assert played.waits == [
        pytest.approx(0.125, rel=0.01),
        pytest.approx(0.25, rel=0.01),
    ]  # half of what doubles


@pytest.mark.parametrize("failure", UNSAFE, ids=lambda f: f"{f.code} {f.status}")
def test_what_is_not_safe_is_told_at_once(failure: UpstreamFailed) -> None:
    played = play([failure], [OK])
    with pytest.raises(UpstreamFailed) as caught:
        played.run()
    assert caught.value is failure
    assert played.waits == []


def test_after_the_first_event_nothing_is_asked_again() -> None:
    played = play([OK, REFUSED], [OK])
    got: list[Reply] = []

    async def take() -> None:
        replies = played.upstream.ask(REQUEST)
        while True:
            got.append(await anext(replies))

    with pytest.raises(UpstreamFailed):
        asyncio.run(take())
    assert got == [OK]
    assert len(played.script.bodies) == 1


def test_attempts_have_an_end() -> None:
    played = play(*[[REFUSED]] * 5, retries=RetryRule(attempts=3))
    with pytest.raises(UpstreamFailed):
        played.run()
    assert len(played.script.bodies) == 3
    played = play([REFUSED], [OK], retries=RetryRule(attempts=1))
    with pytest.raises(UpstreamFailed):
        played.run()


def test_retries_are_a_part_of_recent_requests() -> None:
    clock = Hands()
    retries = Retries(RetryRule(attempts=2, budget_percent=20), clock, Loaded())
    granted = 0
    for _ in range(1000):
        retries.requested()
        granted += retries.wait(REFUSED, 1) is not None
        clock.seconds += 0.001
    assert 200 <= granted <= 204
    clock.seconds += 60
    quiet = [retries.wait(REFUSED, 1) is not None for _ in range(5)]
    assert quiet == [True, True, True, False, False]  # a few are always there


def test_the_server_says_how_long_to_wait() -> None:
    clock = Hands()
    later = format_datetime(datetime.fromtimestamp(clock.now() + 3, UTC), usegmt=True)
    for headers, told in [
        ((("Retry-After", "2"),), 2.0),
        ((("Retry-After", "1.5"),), 1.5),
        ((("retry-after-ms", "700"),), 0.7),
        ((("Retry-After", later),), 3.0),
        ((("Retry-After", "soon"),), 0.0),
    ]:
        played = play([status(503, *headers)], [OK], clock=clock)
        assert played.run() == [OK]
        assert played.waits == [pytest.approx(told + 0.125, abs=0.01)]


@given(byte=st.integers(0, 255), attempt=st.integers(1, 9))
def test_a_wait_is_anywhere_below_its_limit(byte: int, attempt: int) -> None:
    retries = Retries(RetryRule(attempts=10, longest_wait=4.0), Hands(), Loaded(byte))
    wait = retries.wait(REFUSED, attempt)
    assert wait is not None
    assert 0 <= wait < min(4.0, 0.25 * 2 ** (attempt - 1))
    assert (wait == 0) == (byte == 0)


def test_cancelling_ends_the_wait_and_the_call() -> None:
    played = play([OK, OK])

    async def leave() -> None:
        replies = played.upstream.ask(REQUEST)
        await anext(replies)
        await replies.aclose()

    asyncio.run(leave())
    assert played.script.closed == 1
    assert played.upstream.breaker.state() is State.CLOSED


RULE = BreakerRule(failures=2)
COUNTED = [
    (REFUSED, True),
    (status(500), True),
    (UpstreamFailed("no", code="upstream_timeout", status=504), True),
    (UpstreamFailed("no", code="upstream_invalid"), True),
    (status(429), False),
    (status(400), False),
    (UpstreamFailed("no", code="model_not_loaded", status=503), True),
    (UpstreamFailed("no", code="model_busy", status=503), False),
    (UpstreamFailed("no", code="context_length_exceeded", status=400), False),
    (UpstreamFailed("no", code="upstream_auth"), False),
    (UpstreamFailed("no", code="upstream_too_large"), False),
]


@pytest.mark.parametrize(("failure", "counts"), COUNTED, ids=str)
def test_what_the_breaker_holds_against_a_server(failure: UpstreamFailed, counts: bool) -> None:
    once = RetryRule(attempts=1)
    played = play([failure], [failure], [OK, failure], retries=once, breaker=RULE)
    for _ in range(2):
        with pytest.raises(UpstreamFailed):
            played.run()
    opened = played.upstream.breaker.state() is State.OPEN
    assert opened == counts


def test_answers_that_break_off_open_it_and_empty_ones_too() -> None:
    cut = UpstreamFailed("no", code="upstream_reset", begun=True)
    played = play([OK, cut], [OK, cut], breaker=RULE)
    for _ in range(2):
        with pytest.raises(UpstreamFailed):
            played.run()
    assert played.upstream.breaker.state() is State.OPEN
    played = play([], [], breaker=RULE)
    assert played.run() == []
    assert played.run() == []
    assert played.upstream.breaker.state() is State.OPEN


def test_who_is_down_is_known_by_name_and_time() -> None:
    clock = Hands()
    down = play(
        [REFUSED], retries=RetryRule(attempts=1), breaker=BreakerRule(failures=1), clock=clock
    )
    upstreams = Upstreams({"good": play().upstream, "bad": down.upstream})
    with pytest.raises(UpstreamFailed):
        down.run()
    assert dict(upstreams.down()) == {"bad": 15.0}
    assert upstreams.states() == {"good": State.CLOSED, "bad": State.OPEN}
    clock.seconds += 15
    assert dict(upstreams.down()) == {}
