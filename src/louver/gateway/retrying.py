"""When a failed call is made again: only where that is safe, rarely, and not all at once.

Safe is a failure before anything of an answer had arrived: the server was not reached, broke off,
or said by its status that it is too busy. The same bytes are sent again under the same record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from louver.core.errors import UpstreamFailed
from louver.core.seams import Clock, Randomness
from louver.gateway.breaker import Recent

_FIRST_WAIT = 0.25
_WINDOW = 10.0
_ALWAYS = 3  # So many retries per window are allowed however few requests there are.
_BROKEN = frozenset({"upstream_unreachable", "upstream_reset"})
_BUSY = frozenset({429, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class RetryRule:
    """`attempts` counts the first one; `longest_wait` in seconds; 1 attempt means no retries."""

    attempts: int = 2
    budget_percent: int = 20
    longest_wait: float = 2.0


class Retries:
    """Decides over retries of calls to one server; its budget is a part of recent requests."""

    def __init__(self, rule: RetryRule, clock: Clock, randomness: Randomness) -> None:
        self._rule = rule
        self._clock = clock
        self._randomness = randomness
        self._recent = Recent(_WINDOW, clock)

    def requested(self) -> None:
        """A request begins, which adds to the budget."""
        self._recent.add(good=True)

    def wait(self, failure: UpstreamFailed, attempt: int) -> float | None:
        """Seconds to wait before another attempt after the `attempt`th; None for no other one."""
        if attempt >= self._rule.attempts or not _is_safe(failure):
            return None
        told = _told(failure, self._clock.now())
        if told is not None and told > self._rule.longest_wait:
            return None  # The client may wait that long, not we.
        requests, retries = self._recent.counts()
        if retries >= _ALWAYS + requests * self._rule.budget_percent / 100:
            return None
        self._recent.add(good=False)
        longest = min(self._rule.longest_wait, _FIRST_WAIT * 2.0 ** (attempt - 1))
        return (told or 0.0) + longest * self._fraction()

    def _fraction(self) -> float:
        """Evenly from [0, 1), so that clients that failed together do not come back together."""
        return int.from_bytes(self._randomness.bytes(6), "big") / 2.0**48


def _is_safe(failure: UpstreamFailed) -> bool:
    if failure.begun or _headers(failure).get("x-should-retry") == "false":
        return False
    if failure.code == "upstream_error":
        return failure.status in _BUSY
    return failure.code in _BROKEN


def _told(failure: UpstreamFailed, now: float) -> float | None:
    """How long the server asks to wait, in seconds."""
    headers = _headers(failure)
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        told = headers.get("retry-after")
        if told is None:
            return None
        if told.replace(".", "", 1).isdigit():
            return float(told)
        return max(0.0, parsedate_to_datetime(told).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _headers(failure: UpstreamFailed) -> Mapping[str, str]:
    return {name.lower(): value.strip().lower() for name, value in failure.headers}
