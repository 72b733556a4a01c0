"""What a key may use: exact at its borders, its own alone, and forgotten when it is silent."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import Hands

from louver.core.errors import BudgetExhausted, RateLimited
from louver.core.identity import Caller
from louver.gateway.quotas import KeyLimits, Limits, Quotas


@dataclass
class Desk:
    clock: Hands = field(default_factory=Hands)
    tokens: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.quotas = Quotas(self.clock, lambda key: self.tokens.get(key, 0))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_minute_has_as_many_requests_as_it_says(desk: Desk) -> None:
    limits = KeyLimits(requests_per_minute=6)
    for _ in range(6):
        desk.quotas.admit("a", limits, 0)
    with pytest.raises(RateLimited) as caught:
        desk.quotas.admit("a", limits, 0)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.retry_after == 10
    desk.clock.seconds += 9.9
    with pytest.raises(RateLimited) as caught:
        desk.quotas.admit("a", limits, 0)
    assert caught.value.retry_after == 1
    desk.clock.seconds += 0.2
    desk.quotas.admit("a", limits, 0)
    with pytest.raises(RateLimited):
        desk.quotas.admit("a", limits, 0)


@given(
    rate=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=200),
)
def test_no_window_has_more_than_a_burst_and_what_came_back(rate: int, pauses: list[float]) -> None:
    desk = Desk()
    limits = KeyLimits(requests_per_minute=rate)
    admitted: list[float] = []
    for pause in pauses:
        desk.clock.seconds += pause
        try:
            desk.quotas.admit("a", limits, 0).give_back()
        except RateLimited:
            continue
        admitted.append(desk.clock.seconds)
    for i, start in enumerate(admitted):
        for j in range(i, len(admitted)):
            most = rate + (admitted[j] - start) * rate / 60
            assert j - i + 1 <= most + 1e-6


@given(rate=st.integers(1, 600), spent=st.integers(0, 700), wait=st.floats(0, 5))
def test_who_waits_as_long_as_told_is_admitted(rate: int, spent: int, wait: float) -> None:
    desk = Desk()
    limits = KeyLimits(requests_per_minute=rate)
    for _ in range(spent):
        try:
            desk.quotas.admit("a", limits, 0)
        except RateLimited:
            break
    desk.clock.seconds += wait
    try:
        desk.quotas.admit("a", limits, 0)
    except RateLimited as error:
        desk.clock.seconds += error.retry_after or 0
        desk.quotas.admit("a", limits, 0)


def test_requests_at_once_are_given_back_once(desk: Desk) -> None:
    limits = KeyLimits(concurrent=2)
    first = desk.quotas.admit("a", limits, 0)
    second = desk.quotas.admit("a", limits, 0)
    with pytest.raises(RateLimited) as caught:
        desk.quotas.admit("a", limits, 0)
    assert caught.value.retry_after == 1
    first.give_back()
    first.give_back()
    third = desk.quotas.admit("a", limits, 0)
    with pytest.raises(RateLimited):
        desk.quotas.admit("a", limits, 0)
    second.give_back()
    third.give_back()
    desk.quotas.admit("a", limits, 0)


def test_a_refused_request_costs_nothing(desk: Desk) -> None:
    limits = KeyLimits(requests_per_minute=2, concurrent=1)
    held = desk.quotas.admit("a", limits, 0)
    for _ in range(10):
        with pytest.raises(RateLimited, match="at once"):
            desk.quotas.admit("a", limits, 0)
    held.give_back()
    desk.quotas.admit("a", limits, 0).give_back()
    with pytest.raises(RateLimited, match="per minute"):
        desk.quotas.admit("a", limits, 0)


def test_one_keys_requests_are_no_other_keys(desk: Desk) -> None:
    limits = KeyLimits(requests_per_minute=1, concurrent=1, tokens_per_day=10)
    desk.tokens["a"] = 10
    with pytest.raises(BudgetExhausted):
        desk.quotas.admit("a", limits, 0)
    desk.quotas.admit("b", limits, 0)
    with pytest.raises(RateLimited):
        desk.quotas.admit("b", limits, 0)
    desk.quotas.admit("c", limits, 0)


def test_the_day_ends_at_midnight_utc(desk: Desk) -> None:
    desk.clock.epoch = 86_400 * 20_000 - 1_000 + 86_000.5  # 400 s before midnight, less a half
    desk.tokens["a"] = 100
    with pytest.raises(BudgetExhausted) as caught:
        desk.quotas.admit("a", KeyLimits(tokens_per_day=100), 5)
    assert caught.value.code == "budget_exhausted"
    assert caught.value.retry_after == 400
    desk.quotas.admit("a", KeyLimits(tokens_per_day=101), 5)


def test_what_is_under_way_counts_as_expected(desk: Desk) -> None:
    limits = KeyLimits(tokens_per_day=100)
    tickets = [desk.quotas.admit("a", limits, 40) for _ in range(3)]
    with pytest.raises(BudgetExhausted):
        desk.quotas.admit("a", limits, 40)
    for ticket in tickets:
        ticket.give_back()
    desk.quotas.admit("a", limits, 40)


def test_silent_keys_are_forgotten_and_busy_ones_are_not(desk: Desk) -> None:
    limits = KeyLimits(requests_per_minute=5, concurrent=5)
    busy = desk.quotas.admit("busy", limits, 0)
    for number in range(1000):
        desk.quotas.admit(f"key-{number}", limits, 0).give_back()
    assert len(desk.quotas) == 1001
    desk.clock.seconds += 61
    desk.quotas.admit("new", limits, 0)
    assert len(desk.quotas) == 2
    busy.give_back()


def test_what_is_forgotten_was_full_again(desk: Desk) -> None:
    """A minute of silence fills every bucket, so forgetting gives nothing away."""
    limits = KeyLimits(requests_per_minute=3)
    for _ in range(3):
        desk.quotas.admit("a", limits, 0).give_back()
    desk.clock.seconds += 60
    for _ in range(3):
        desk.quotas.admit("a", limits, 0).give_back()
    with pytest.raises(RateLimited):
        desk.quotas.admit("a", limits, 0)


def test_a_limit_that_changes_counts_from_the_next_request(desk: Desk) -> None:
    desk.quotas.admit("a", KeyLimits(concurrent=5), 0)
    desk.quotas.admit("a", KeyLimits(requests_per_minute=2), 0)
    desk.quotas.admit("a", KeyLimits(requests_per_minute=2), 0)
    with pytest.raises(RateLimited):
        desk.quotas.admit("a", KeyLimits(requests_per_minute=2), 0)
    desk.quotas.admit("a", KeyLimits(requests_per_minute=4), 0)


def test_without_limits_nothing_is_remembered(desk: Desk) -> None:
    ticket = desk.quotas.admit("a", KeyLimits(), 10**9)
    ticket.give_back()
    assert len(desk.quotas) == 0


def test_the_nearest_limits_apply() -> None:
    one, two, three = (KeyLimits(concurrent=n) for n in (1, 2, 3))
    limits = Limits(one, {"clinic": two}, {"clinic helpdesk": three})
    assert limits.of(Caller("other", "helpdesk", "k")) is one
    assert limits.of(Caller("clinic", "other", "k")) is two
    assert limits.of(Caller("clinic", "helpdesk", "k")) is three
