"""Reads the settings again while requests are answered: all of them take force, or none.

Streams under way go on by the policy that they began with. A file that is wrong changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from louver.core.errors import LouverError
from louver.doors import logs
from louver.doors.errors import place_of
from louver.doors.settings.problems import SettingsInvalid
from louver.doors.settings.values import Settings
from louver.gateway.reception import Desk
from louver.house import House

_log = logging.getLogger("louver.reload")

# What a running process cannot change.
FIXED = ("server", "store", "logs", "telemetry")


class Reloading:
    """Called for each SIGHUP, on the event loop; one reading at a time, the last one counts."""

    def __init__(self, house: House, load: Callable[[], Settings] | None) -> None:
        """`load` reads the settings anew, None where there is no file. Raises SettingsInvalid."""
        self._house = house
        self._load = load
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._wanted:
            self._wanted = False
            await self._once()

    async def _once(self) -> None:
        load = self._load
        if load is None:
            logs.event(_log, "no_settings_file", level=logging.WARNING)
            return
        before = self._house.settings
        try:
            await self._house.reception.turn(lambda: self._furnished(load))
        except SettingsInvalid as error:
            first = error.problems[0]
            place = f"{first.file}:{first.line}:{first.column}"
            count = len(error.problems)
            _refused(code=error.code, place=place, count=count)
        except LouverError as error:
            _refused(code=error.code, place=place_of(error), count=1)
        except Exception as error:  # noqa: BLE001 - a door: the gateway goes on by the old settings
            logs.unexpected(_log, error, self._house.line.new_id())
        else:
            logs.event(_log, "reloaded", policy=self._house.policy.digest)
            for section in FIXED:
                if getattr(before, section) != getattr(self._house.settings, section):
                    logs.event(_log, "restart_needed", level=logging.WARNING, section=section)

    def _furnished(self, load: Callable[[], Settings]) -> Desk:
        return self._house.refurnish(load())


def _refused(*, code: str, place: str, count: int) -> None:
    fields: dict[str, str | int] = {"code": code, "place": place, "count": count}
    logs.event(_log, "reload_refused", level=logging.ERROR, **fields)
