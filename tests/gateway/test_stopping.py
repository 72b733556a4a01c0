"""A request that is stopped from outside gets the reason; one that is cancelled stays cancelled."""

from __future__ import annotations

import asyncio

import pytest

from louver.core.errors import Draining, Halted
from louver.gateway.stopping import Stop


def test_who_waits_is_woken_with_the_reason() -> None:
    async def play() -> str:
        stop = Stop()
        asyncio.get_running_loop().call_later(0.01, stop.pull, Halted("test"))
        try:
            with stop:
                await asyncio.sleep(10)
        except Halted:
            await asyncio.sleep(0)  # Its task is not cancelled: it can go on and tell.
            return "told"
        return "nothing"

    assert asyncio.run(play()) == "told"


def test_who_waits_later_is_told_at_once_and_the_first_reason_counts() -> None:
    async def play() -> None:
        stop = Stop()
        with stop:
            await asyncio.sleep(0)
        stop.pull(Halted("first"))
        stop.pull(Draining("second"))
        with stop:
            raise AssertionError("it was not to begin")

    with pytest.raises(Halted, match="first"):
        asyncio.run(play())


def test_somebody_elses_cancelling_stays_what_it_is() -> None:
    async def play(*, pulled: bool) -> str:
        stop = Stop()

        async def wait() -> None:
            with stop:
                await asyncio.sleep(10)

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        if pulled:
            stop.pull(Halted("test"))
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "cancelled"
        except Halted:
            return "halted"
        return "nothing"

    assert asyncio.run(play(pulled=False)) == "cancelled"
    assert asyncio.run(play(pulled=True)) == "cancelled"


def test_what_ends_in_the_same_moment_is_not_cancelled_afterwards() -> None:
    """The wait is over when the reason comes: whatever follows is not torn down."""

    async def play() -> str:
        stop = Stop()
        with stop:
            await asyncio.sleep(0)
        stop.pull(Halted("test"))
        await asyncio.sleep(0.01)
        return "went on"

    assert asyncio.run(play()) == "went on"
