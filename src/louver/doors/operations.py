"""What operators ask of a running gateway over HTTP: is it ready, and how is it doing.

`/readyz` is open, for probes: fixed words and counts, no names. `/metrics` is there only where the
settings name a token for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import orjson

from louver.core.errors import LouverError, Unauthenticated
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.crypto.api_keys import digest, matches
from louver.doors.errors import NoSuchPath
from louver.doors.http.errors import JSON_TYPE
from louver.doors.http.routes import METRICS, READY
from louver.doors.http.wire import Whole
from louver.doors.telemetry.metrics import Metrics
from louver.gateway.breaker import State
from louver.gateway.readiness import Readiness
from louver.gateway.visit import Visit

_TEXT = ("content-type", "text/plain; version=0.0.4; charset=utf-8")


class Looks(Protocol):
    """What looks whether this process is ready."""

    async def look(self) -> Readiness: ...


class Scraped:
    """The metrics, for who shows the token."""

    def __init__(
        self,
        metrics: Metrics,
        token: Sensitive[str],
        now: Callable[[], tuple[int, Mapping[str, State]]],
    ) -> None:
        """`now`: how many requests are under way, and each destination's state."""
        self._metrics = metrics
        self._digest = digest(token)
        self._now = now

    def answer(self, authorization: Sensitive[str] | None) -> Whole:
        """Raises Unauthenticated."""
        scheme, _, token = (authorization.reveal() if authorization else "").partition(" ")
        if scheme.lower() != "bearer" or not matches(Sensitive(token.strip()), self._digest):
            raise Unauthenticated("send the token of `telemetry.metrics_key_variable`")
        return Whole(200, (_TEXT,), self._metrics.exposition(*self._now()).encode())


class Operations:
    """Answers operators, and notes the requests that never came as far as the line."""

    def __init__(
        self,
        ready: Looks,
        clock: Clock,
        watch: tuple[Callable[[Visit], None], ...] = (),
        scraped: Scraped | None = None,
    ) -> None:
        self._ready = ready
        self._clock = clock
        self._watch = watch
        self._scraped = scraped

    async def shown(self, path: str, authorization: Sensitive[str] | None) -> Whole:
        """What GET on `path` shows. Raises NoSuchPath, Unauthenticated."""
        if path == READY:
            return _readiness(await self._ready.look())
        if path == METRICS and self._scraped is not None:
            return self._scraped.answer(authorization)
        raise NoSuchPath("nothing is served here; see /openapi.json for what is")

    def noted(self, path: str, error: LouverError | Exception | None) -> None:
        """A request ended that was not for a model, or was no request yet."""
        visit = Visit(self._clock, path)
        visit.end, visit.failure = visit.start, error
        for watch in self._watch:
            watch(visit)


def _readiness(found: Readiness) -> Whole:
    body = {
        "status": "ready" if found.ready else "unready",
        "reasons": list(found.reasons),
        "upstreams": dict(found.upstreams),
    }
    return Whole(200 if found.ready else 503, (JSON_TYPE,), orjson.dumps(body))
