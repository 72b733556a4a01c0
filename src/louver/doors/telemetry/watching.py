"""Everybody who is told of requests, as the settings want it; what is off is not even imported."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, TextIO

from louver.core.sensitive import Sensitive
from louver.doors.logs import unexpected
from louver.doors.operations import Operations, Scraped
from louver.doors.settings.values import Settings
from louver.doors.telemetry.access import AccessLog
from louver.doors.telemetry.metrics import Metrics
from louver.gateway.breaker import State
from louver.gateway.visit import Visit
from louver.house import House, Seams

if TYPE_CHECKING:
    from louver.doors.telemetry.otel import OpenTelemetry


_log = logging.getLogger("louver.telemetry")


class Watching:
    """The access log, the metrics and the traces of one process."""

    def __init__(self, settings: Settings, stream: TextIO, *, structured: bool) -> None:
        telemetry = settings.telemetry
        self._variable = telemetry.metrics_key_variable
        self._house: House | None = None
        self._access = AccessLog(stream, structured=structured) if settings.logs.access else None
        self._metrics = Metrics(tenants=telemetry.tenants) if self._variable else None
        self._otel: OpenTelemetry | None = None
        if telemetry.endpoint is not None:
            from louver.doors.telemetry.otel import exporting

            self._otel = exporting(telemetry, version("louver"), self._states)

    @property
    def watch(self) -> tuple[Callable[[Visit], None], ...]:
        """Who is told; a failure of theirs is logged, and fails no request."""
        every = (self._access, self._metrics, self._otel)
        return tuple(careful(one) for one in every if one is not None)

    def operations(self, house: House, seams: Seams) -> Operations:
        """What operators may ask of `house`."""
        self._house = house
        scraped = None
        if self._metrics is not None:
            token = Sensitive(os.environ.get(self._variable or "", ""))
            scraped = Scraped(
                self._metrics, token, lambda: (house.reception.under_way, self._states())
            )
        return Operations(house.ready, seams.clock, self.watch, scraped)

    def close(self) -> None:
        """Write and export what waits."""
        if self._access is not None:
            self._access.flush()
        if self._otel is not None:
            self._otel.close()

    def _states(self) -> Mapping[str, State]:
        return {} if self._house is None else self._house.line.upstreams.states()


def careful(watch: Callable[[Visit], None]) -> Callable[[Visit], None]:
    """Tell `watch`, whatever it makes of it."""

    def tell(visit: Visit) -> None:
        try:
            watch(visit)
        except Exception as error:  # noqa: BLE001 - a door: the answer was given
            unexpected(_log, error, visit.exchange or "none")

    return tell
