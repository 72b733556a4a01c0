"""The breaker opens for a server that keeps failing, tries it with one call, and believes that."""

from __future__ import annotations

import pytest
from support.clocks import Hands

from louver.gateway.breaker import Breaker, BreakerRule, Recent, State

RULE = BreakerRule(failures=3, failure_percent=50, window=10.0, cool_down=20.0)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def breaker(clock: Hands) -> Breaker:
    return Breaker(RULE, clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.begin().failed()


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.begin().succeeded()


def test_it_opens_after_failures_in_a_row(breaker: Breaker, clock: Hands) -> None:
    fail(breaker, 2)
    assert (breaker.state(), breaker.wait()) == (State.CLOSED, None)
    fail(breaker)
    assert (breaker.state(), breaker.wait()) == (State.OPEN, 20.0)
    clock.seconds += 19
    assert breaker.wait() == pytest.approx(1.0)


def test_a_success_in_between_breaks_the_row(breaker: Breaker) -> None:
    for _ in range(20):
        succeed(breaker, 2)
        fail(breaker)
    assert breaker.state() is State.CLOSED


def test_it_opens_when_half_of_the_calls_fail(breaker: Breaker) -> None:
    for _ in range(2):
        succeed(breaker)
        fail(breaker)
    assert breaker.state() is State.CLOSED  # fewer failures than count at all
    succeed(breaker)
    fail(breaker)
    assert breaker.state() is State.OPEN


def test_what_is_long_ago_counts_no_more(breaker: Breaker, clock: Hands) -> None:
    succeed(breaker)
    fail(breaker, 2)
    clock.seconds += 11
    succeed(breaker)
    fail(breaker, 2)
    assert breaker.state() is State.CLOSED


def test_one_call_tries_it_and_closes_it(breaker: Breaker, clock: Hands) -> None:
    fail(breaker, 3)
    clock.seconds += 20
    assert (breaker.state(), breaker.wait()) == (State.HALF_OPEN, None)
    probe = breaker.begin()
    assert breaker.wait() == 1.0  # nobody else, while it is under way
    probe.succeeded()
    assert (breaker.state(), breaker.wait()) == (State.CLOSED, None)
    fail(breaker, 2)
    assert breaker.state() is State.CLOSED  # what was before is forgotten


def test_a_failed_try_opens_it_for_twice_as_long(breaker: Breaker, clock: Hands) -> None:
    fail(breaker, 3)
    waits = []
    for _ in range(7):
        clock.seconds += breaker.wait() or 0
        breaker.begin().failed()
        waits.append(breaker.wait())
    assert waits == [40, 80, 160, 320, 320, 320, 320]
    clock.seconds += 320
    breaker.begin().succeeded()
    fail(breaker, 3)
    assert breaker.wait() == 20


def test_a_try_that_tells_nothing_leaves_the_next_one_to_another(
    breaker: Breaker, clock: Hands
) -> None:
    fail(breaker, 3)
    clock.seconds += 20
    breaker.begin().told_nothing()
    assert (breaker.state(), breaker.wait()) == (State.HALF_OPEN, None)


def test_old_calls_neither_close_nor_reopen_it(breaker: Breaker, clock: Hands) -> None:
    old, older = breaker.begin(), breaker.begin()
    fail(breaker, 3)
    old.succeeded()
    assert breaker.state() is State.OPEN
    clock.seconds += 20
    older.failed()
    assert breaker.state() is State.HALF_OPEN


def test_an_answer_that_breaks_off_is_a_failure(breaker: Breaker) -> None:
    for _ in range(3):
        call = breaker.begin()
        call.succeeded()
        call.failed()
    assert breaker.state() is State.OPEN


def test_switched_off_it_stays_closed(clock: Hands) -> None:
    breaker = Breaker(BreakerRule(enabled=False), clock)
    fail(breaker, 100)
    assert (breaker.state(), breaker.wait()) == (State.CLOSED, None)


def test_what_is_counted_is_bounded(clock: Hands) -> None:
    recent = Recent(10.0, clock)
    for number in range(10_000):
        recent.add(good=number % 2 == 0)
        clock.seconds += 0.01
    good, bad = recent.counts()
    assert 450 <= good <= 550
    assert 450 <= bad <= 550
    assert len(recent._slots) <= 10
