"""Notices that a client has hung up, and ends at once whatever is being done for it.

Our server's protocol tells it through an ASGI extension, which costs a request nothing; under any
other server a task waits for `http.disconnect`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

from louver.doors.http.body import ClientLeft
from louver.doors.http.wire import Receive, Scope

EXTENSION = "louver.hangup"

T = TypeVar("T")


class Hangup:
    """One connection's end: whoever watches is told when it comes."""

    def __init__(self) -> None:
        self._watching: set[Callable[[], None]] = set()

    def watch(self, told: Callable[[], None]) -> Callable[[], None]:
        """Have `told` called when the client hangs up; returns what ends the watch."""
        self._watching.add(told)
        return lambda: self._watching.discard(told)

    def happened(self) -> None:
        for told in tuple(self._watching):
            told()


async def until_gone(work: Coroutine[object, object, T], scope: Scope, receive: Receive) -> T:
    """Do `work`, and cancel it at once when the client hangs up. Raises ClientLeft then."""
    working = asyncio.current_task()
    gone = False

    def hang_up() -> None:
        nonlocal gone
        if working is not None:
            gone = True
            working.cancel()

    hangup = scope.get("extensions", {}).get(EXTENSION)
    unwatch = _watched(receive, hang_up) if hangup is None else hangup.watch(hang_up)
    try:
        return await work
    except asyncio.CancelledError:
        # Ours becomes a fact about the client; the server's own, at shutdown, stays what it is.
        if gone and working is not None and working.uncancel() == 0:
            raise ClientLeft from None
        raise
    finally:
        unwatch()


def _watched(receive: Receive, told: Callable[[], None]) -> Callable[[], None]:
    """Watch by a task; returns what ends it."""

    def ended(watching: asyncio.Task[None]) -> None:
        if not watching.cancelled():
            told()

    def unwatch() -> None:
        watching.remove_done_callback(ended)
        watching.cancel()

    watching = asyncio.create_task(_disconnected(receive))
    watching.add_done_callback(ended)
    return unwatch


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
