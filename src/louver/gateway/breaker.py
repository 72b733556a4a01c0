"""A circuit breaker: a server that keeps failing is left alone for a while, then tried by one call.

closed -> open        after so many failures in a row, or so large a part of recent calls
open -> half-open     when its time is over; then one call at a time is let through
half-open -> closed   when that call is answered; -> open, for twice as long, when it fails
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from louver.core.seams import Clock

_SLOTS = 10
_LONGEST = 16  # The most that the cool-down grows to, in units of the first one.


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When to open, and for how long (s); `failures` is also the least that a part counts from."""

    enabled: bool = True
    failures: int = 5
    failure_percent: int = 50
    window: float = 30.0
    cool_down: float = 15.0


@dataclass(slots=True)
class _Slot:
    start: float
    good: int = 0
    bad: int = 0


class Recent:
    """How often two things happened within the last `window` seconds, to a tenth of it."""

    def __init__(self, window: float, clock: Clock) -> None:
        self._width = window / _SLOTS
        self._clock = clock
        self._slots: deque[_Slot] = deque(maxlen=_SLOTS)

    def add(self, *, good: bool) -> None:
        slot = self._slot()
        if good:
            slot.good += 1
        else:
            slot.bad += 1

    def counts(self) -> tuple[int, int]:
        """How many were good, and how many bad."""
        oldest = self._clock.monotonic() - self._width * _SLOTS
        while self._slots and self._slots[0].start <= oldest:
            self._slots.popleft()
        return sum(s.good for s in self._slots), sum(s.bad for s in self._slots)

    def clear(self) -> None:
        self._slots.clear()

    def _slot(self) -> _Slot:
        now = self._clock.monotonic()
        if not self._slots or now - self._slots[-1].start >= self._width:
            self._slots.append(_Slot(now))
        return self._slots[-1]


class Breaker:
    """The state of one server, as the outcomes of its calls tell it."""

    def __init__(self, rule: BreakerRule, clock: Clock) -> None:
        self._rule = rule
        self._clock = clock
        self._recent = Recent(rule.window, clock)
        self._in_a_row = 0
        self._open_until: float | None = None
        self._cool_down = rule.cool_down
        self._probe: Call | None = None

    def state(self) -> State:
        if self._open_until is None:
            return State.CLOSED
        left = self._open_until - self._clock.monotonic()
        return State.OPEN if left > 0 else State.HALF_OPEN

    def wait(self) -> float | None:
        """Seconds for which the server is not to be asked; None where it may be asked now."""
        if self._open_until is None:
            return None
        left = self._open_until - self._clock.monotonic()
        if left > 0:
            return left
        return None if self._probe is None else 1.0

    def begin(self) -> Call:
        """A call begins; it is told how it went."""
        call = Call(self)
        if self._probe is None and self.state() is State.HALF_OPEN:
            self._probe = call
        return call

    def _settle(self, call: Call, *, good: bool) -> None:
        if not self._rule.enabled:
            return
        probe = call is self._probe
        if self._open_until is not None and not probe:
            return  # Begun before the breaker opened; what it tells is old.
        self._recent.add(good=good)
        self._in_a_row = 0 if good else self._in_a_row + 1
        if probe:
            self._probe = None
            if good:
                self._close()
            else:
                self._open(2 * self._cool_down)
        elif not good and self._too_many():
            self._open(self._rule.cool_down)

    def _drop(self, call: Call) -> None:
        if call is self._probe:
            self._probe = None

    def _too_many(self) -> bool:
        good, bad = self._recent.counts()
        rule = self._rule
        part = bad >= rule.failures and bad * 100 >= rule.failure_percent * (good + bad)
        return part or self._in_a_row >= rule.failures

    def _open(self, seconds: float) -> None:
        self._cool_down = min(seconds, _LONGEST * self._rule.cool_down)
        self._open_until = self._clock.monotonic() + self._cool_down

    def _close(self) -> None:
        self._open_until = None
        self._in_a_row = 0
        self._recent.clear()


class Call:
    """One call to the server; an answer that breaks off later is a failure too."""

    __slots__ = ("_breaker",)

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def succeeded(self) -> None:
        """The server answers."""
        self._breaker._settle(self, good=True)

    def failed(self) -> None:
        """It does not, or breaks off."""
        self._breaker._settle(self, good=False)

    def told_nothing(self) -> None:
        """It ended in a way that says nothing about the server."""
        self._breaker._drop(self)
