"""uvicorn that ends in good order: it says so first, lets answers finish, then ends what is left.

first SIGTERM or SIGINT   `/readyz` says 503 at once; requests are answered as before
after `drain_delay`       the port is closed; what is under way goes on
after `drain`             what is still under way ends with the error `draining`, on record
a second signal           ends at once
SIGHUP                    reads the settings again
"""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from socket import socket
from types import FrameType
from typing import Protocol

import uvicorn

_TO_SAY_SO = 5  # Seconds for the last errors to be written and recorded.


class Ending(Protocol):
    """Who is told that the process is about to end."""

    def drain(self) -> None:
        """Soon; called in a signal handler."""
        ...

    def end_all(self) -> None:
        """Now."""
        ...


@dataclass(frozen=True, slots=True)
class Control:
    """What signals do to a server; times in seconds."""

    ending: Ending
    drain: float
    drain_delay: float
    reload: Callable[[], None]


class GracefulServer(uvicorn.Server):
    """A server that signals end and reload as its `Control` says."""

    def __init__(self, config: uvicorn.Config, control: Control) -> None:
        config.timeout_graceful_shutdown = math.ceil(control.drain) + _TO_SAY_SO
        super().__init__(config)
        self._control = control
        self._ends_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins the end, the second one is it."""
        if self._ends_at is None:
            self._ends_at = time.monotonic() + self._control.drain_delay
            self._control.ending.drain()
        else:
            self.should_exit = self.force_exit = True

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and hasattr(signal, "SIGHUP"):
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, self._control.reload)

    async def on_tick(self, counter: int) -> bool:
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        ending = loop.call_later(self._control.drain, self._control.ending.end_all)
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()
