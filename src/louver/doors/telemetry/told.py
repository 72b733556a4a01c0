"""What may be told of a request: the one place where it is chosen, for logs, metrics and traces.

Every value is a number, a random id, a word of ours, or a name out of the settings. What categories
of data were found is not among them: even a count can speak of one person where few ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.exchanges import Outcome
from louver.doors.errors import UNEXPECTED, row_of
from louver.doors.http.errors import upstream_status
from louver.gateway.metering import Tokens
from louver.gateway.visit import Visit

CLIENT_LEFT = 499


class Told(NamedTuple):
    """One request, as it ended; times in seconds. What is None was not reached."""

    path: str
    status: int
    code: str | None
    tenant: str | None
    exchange: str | None
    operation: str | None
    streamed: bool
    model: str | None
    destination: str | None
    kind: str | None
    asked_model: str | None
    mode: str | None
    tokens: Tokens
    reasons: tuple[str, ...]
    stages: Mapping[str, tuple[float, float]]
    began: float
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """From its arrival to its end."""
        return self.end - self.start

    @property
    def asked(self) -> tuple[float, float] | None:
        """When the model's server was asked, and when its answer was over."""
        first = self.stages.get("first")
        if first is None:
            return None
        return first[0], self.stages.get("stream", first)[1]

    @property
    def first_token(self) -> float | None:
        """Seconds from the arrival to the first event of an answer."""
        first = self.stages.get("first")
        return first[1] - self.start if first is not None and self.tokens.out else None


def told(visit: Visit) -> Told:
    """What may be told of a request that is over."""
    destination = visit.destination
    status, code = _ending(visit)
    return Told(
        path=visit.path,
        status=status,
        code=code,
        tenant=visit.tenant,
        exchange=visit.exchange,
        operation=visit.operation,
        streamed=visit.streamed,
        model=visit.model,
        destination=None if destination is None else destination.name,
        kind=None if destination is None else destination.kind,
        asked_model=None if destination is None else destination.model,
        mode=None if visit.mode is None else visit.mode.name.lower(),
        tokens=visit.tokens,
        reasons=visit.meter.reasons,
        stages=visit.stages,
        began=visit.began,
        start=visit.start,
        end=visit.end,
    )


def _ending(visit: Visit) -> tuple[int, str | None]:
    """The status that the client was told, and the error's code, also one in mid-stream."""
    if visit.outcome is Outcome.CLIENT_LEFT:
        return CLIENT_LEFT, "client_left"
    failure = visit.failure
    if failure is None:
        return 200, None
    if isinstance(failure, LouverError):
        status, code = status_of(failure), failure.code
    elif isinstance(failure, Exception):
        status, code = UNEXPECTED.status, "internal_error"
    else:  # Cancelled, before there was an exchange to record it of.
        status, code = CLIENT_LEFT, "client_left"
    return (200 if visit.begun else status), code


def status_of(error: LouverError) -> int:
    """The HTTP status of `error`."""
    if isinstance(error, UpstreamFailed):
        return upstream_status(error)
    return row_of(error).status
