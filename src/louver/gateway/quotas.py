"""How much one API key may ask: per minute, at once, and in tokens per day (UTC).

The rule: a key that is over a limit is told so before anything else is done for it, and no key's
requests count against another's. Used by the event loop alone. Requests per minute and at once are
counted in this process; the tokens of the day in the store, for all processes together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from louver.core.errors import BudgetExhausted, RateLimited
from louver.core.identity import Caller
from louver.core.seams import Clock

_MINUTE = 60.0
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What one API key may use; None is no limit."""

    requests_per_minute: int | None = None
    concurrent: int | None = None
    tokens_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of every key: by tenant and application where one is named, else the default.

    `applications` are by tenant and application with a space between, which no name has.
    """

    default: KeyLimits = field(default_factory=KeyLimits)
    tenants: Mapping[str, KeyLimits] = field(default_factory=dict)
    applications: Mapping[str, KeyLimits] = field(default_factory=dict)

    def of(self, caller: Caller) -> KeyLimits:
        named = self.applications.get(f"{caller.tenant} {caller.application}")
        return named or self.tenants.get(caller.tenant) or self.default


@dataclass(slots=True)
class _Account:
    """What a key had spent of its minute at the time `at`, and what it has under way."""

    at: float
    spent: float = 0.0
    running: int = 0
    expected: int = 0


class Ticket:
    """One admitted request; given back exactly once, however it ended."""

    __slots__ = ("_account", "_expected")

    def __init__(self, account: _Account | None = None, expected: int = 0) -> None:
        self._account = account
        self._expected = expected
        if account is not None:
            account.running += 1
            account.expected += expected

    def give_back(self) -> None:
        """A second time changes nothing."""
        account, self._account = self._account, None
        if account is not None:
            account.running -= 1
            account.expected -= self._expected


class Quotas:
    """Counts what keys use; limits may change from one request to the next."""

    def __init__(self, clock: Clock, used: Callable[[str], int]) -> None:
        """`used`: the tokens that a key has used today (UTC), as far as they are on record."""
        self._clock = clock
        self._used = used
        self._accounts: dict[str, _Account] = {}
        self._swept = clock.monotonic()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._accounts)

    def admit(self, key: str, limits: KeyLimits, expected: int) -> Ticket:
        """Admit a request that will take about `expected` tokens.

        Raises RateLimited, BudgetExhausted.
        """
        if limits == _UNLIMITED:
            return Ticket()
        now = self._clock.monotonic()
        self._sweep(now)
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = _Account(now)
        self._require_tokens(key, limits, account)
        if limits.concurrent is not None and account.running >= limits.concurrent:
            message = f"this key may have {limits.concurrent} requests under way at once; wait"
            raise RateLimited(message, retry_after=1)
        if limits.requests_per_minute is not None:
            _take_one(account, limits.requests_per_minute, now)
        account.at = now
        return Ticket(account, expected)

    def _require_tokens(self, key: str, limits: KeyLimits, account: _Account) -> None:
        budget = limits.tokens_per_day
        # What is under way counts as expected, or a burst could spend a budget many times.
        if budget is None or self._used(key) + account.expected < budget:
            return
        raise BudgetExhausted(
            f"this key has used up its {budget} tokens of today; the day ends at midnight UTC",
            retry_after=math.ceil(_DAY - self._clock.now() % _DAY),
        )

    def _sweep(self, now: float) -> None:
        """Forget keys that have been silent for a minute: their bucket is full again."""
        if now - self._swept < _MINUTE:
            return
        self._swept = now
        silent = [k for k, a in self._accounts.items() if not a.running and now - a.at >= _MINUTE]
        for key in silent:
            del self._accounts[key]


def _take_one(account: _Account, rate: int, now: float) -> None:
    """A token bucket: as many at once as a minute has, and then as they come back."""
    per_second = rate / _MINUTE
    spent = max(0.0, account.spent - (now - account.at) * per_second)
    if spent > rate - 1:
        account.spent, account.at = spent, now
        raise RateLimited(
            f"this key may ask {rate} times per minute; wait a moment",
            retry_after=max(1, math.ceil((spent - (rate - 1)) / per_second)),
        )
    account.spent = spent + 1


_UNLIMITED = KeyLimits()
