"""The access log: one line per request, written together, a few times a second.

A line says how a request went and never what it was about. The durable record of exchanges is the
ledger; of lines, a crash may lose the last quarter of a second.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TextIO

from louver.doors.logs import Fields, render
from louver.doors.telemetry.told import Told, told
from louver.gateway.visit import Visit

_TOGETHER = 0.25
_MOST = 512


class AccessLog:
    """Told of each request when it is over; used by one event loop."""

    def __init__(self, stream: TextIO, *, structured: bool) -> None:
        self._stream = stream
        self._structured = structured
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._second = -1
        self._time = ""

    def __call__(self, visit: Visit) -> None:
        self._lines.append(render(self._fields(told(visit)), structured=self._structured))
        if len(self._lines) >= _MOST:
            self.flush()
        elif self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
            else:
                self._timer = loop.call_later(_TOGETHER, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        # Nobody reads what is logged, or nobody can any more: that ends no request.
        with suppress(OSError, ValueError):
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()

    def _fields(self, it: Told) -> Fields:
        fields: Fields = {
            "time": self._written(it.began + it.seconds),
            "level": "info",
            "logger": "louver.access",
            "event": "request",
            "path": it.path,
            "status": it.status,
        }
        if it.code is not None:
            fields["code"] = it.code
        if it.exchange is not None:
            fields["exchange"] = it.exchange
        if it.model is not None and it.destination is not None and it.mode is not None:
            fields["model"], fields["destination"] = it.model, it.destination
            fields["mode"] = it.mode
            fields["tokens_in"], fields["tokens_out"] = it.tokens.into, it.tokens.out
            fields["tokens_estimated"] = int(it.tokens.estimated)
            fields["stream"] = int(it.streamed)
        for stage, (start, end) in it.stages.items():
            fields[f"{stage}_ms"] = round(1000 * (end - start))
        fields["total_ms"] = round(1000 * it.seconds)
        return fields

    def _written(self, moment: float) -> str:
        """The local time; it is the same for many lines."""
        if int(moment) != self._second:
            self._second = int(moment)
            self._time = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(moment))
        return self._time
