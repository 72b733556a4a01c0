"""The model's thread: one at a time, bounded, left at once, and silent about what went wrong."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import aclosing

import pytest

from louver.core.errors import Unavailable, UpstreamFailed
from louver.gateway.providers.in_process.thread import Job, ModelThread

SECRET = "alice.martin@example.com"


class Loaded:
    """A model that counts how often it was loaded, and who uses it at once."""

    def __init__(self) -> None:
        self.users = 0
        self.most = 0


def counting() -> tuple[Callable[[], Loaded], list[Loaded]]:
    made: list[Loaded] = []

    def load() -> Loaded:
        made.append(Loaded())
        return made[-1]

    return load, made


def use(loaded: Loaded, job: Job[int]) -> None:
    loaded.users += 1
    loaded.most = max(loaded.most, loaded.users)
    for i in range(3):
        job.tell(i)
        time.sleep(0.002)
    loaded.users -= 1


async def collect(thread: ModelThread[Loaded], silence: float = 20) -> list[int]:
    return [event async for event in thread.run(use, silence)]


def test_it_is_loaded_once_and_used_by_one_at_a_time() -> None:
    load, made = counting()
    thread = ModelThread("here", load)

    async def run() -> None:
        assert made == []
        results = await asyncio.gather(*(collect(thread) for _ in range(8)))
        assert results == [[0, 1, 2]] * 8
        await thread.close()

    asyncio.run(run())
    assert len(made) == 1
    assert made[0].most == 1


def test_after_closing_it_can_be_asked_again() -> None:
    load, made = counting()
    thread = ModelThread("here", load)
    for _ in range(2):  # Each with an event loop of its own.

        async def run() -> None:
            assert await collect(thread) == [0, 1, 2]
            await thread.close()

        asyncio.run(run())
    assert len(made) == 2


def test_the_event_loop_never_waits() -> None:
    def slow(_: Loaded, job: Job[int]) -> None:
        time.sleep(0.3)
        job.tell(1)

    async def run() -> int:
        thread = ModelThread("here", Loaded)
        asking = asyncio.ensure_future(anext(thread.run(slow, 20)))
        ticks = 0
        while not asking.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await thread.close()
        return ticks

    assert asyncio.run(run()) > 20


def test_who_leaves_ends_the_work_and_who_waits_in_line_may_leave_too() -> None:
    ended = threading.Event()
    begun: list[str] = []

    def endless(_: Loaded, job: Job[int]) -> None:
        begun.append("first")
        while not job.gone():
            job.tell(0)
            time.sleep(0.001)
        ended.set()

    def never(_: Loaded, job: Job[int]) -> None:
        begun.append("second")

    async def run() -> None:
        thread = ModelThread("here", Loaded)
        async with aclosing(thread.run(endless, 20)) as events:
            await anext(events)
            second = asyncio.ensure_future(anext(thread.run(never, 20)))
            await asyncio.sleep(0.02)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
            assert not ended.is_set()
        assert await asyncio.to_thread(ended.wait, 5)
        assert await collect(thread) == [0, 1, 2]
        await thread.close()

    asyncio.run(run())
    assert begun == ["first"]


def test_closing_ends_what_runs() -> None:
    def endless(_: Loaded, job: Job[int]) -> None:
        while not job.gone():
            job.tell(0)
            time.sleep(0.001)

    async def run() -> int:
        thread = ModelThread("here", Loaded)
        events = thread.run(endless, 20)
        await anext(events)
        await thread.close()
        return len([event async for event in events])

    assert asyncio.run(run()) >= 0


def test_too_many_in_line_are_told_to_come_back() -> None:
    release = threading.Event()

    def wait(_: Loaded, job: Job[int]) -> None:
        release.wait(10)
        job.tell(1)

    async def run() -> UpstreamFailed:
        thread = ModelThread("here", Loaded)
        asking = [asyncio.ensure_future(anext(thread.run(wait, 20))) for _ in range(32)]
        await asyncio.sleep(0.05)
        with pytest.raises(UpstreamFailed) as caught:
            await anext(thread.run(wait, 20))
        release.set()
        assert await asyncio.gather(*asking) == [1] * 32
        await thread.close()
        return caught.value

    failure = asyncio.run(run())
    assert (failure.status, failure.code) == (503, "model_busy")
    assert dict(failure.headers) == {"retry-after": "1"}


def test_silence_ends_the_waiting() -> None:
    release = threading.Event()

    def silent(_: Loaded, job: Job[int]) -> None:
        release.wait(10)

    async def run() -> UpstreamFailed:
        thread = ModelThread("here", Loaded)
        with pytest.raises(UpstreamFailed) as caught:
            await anext(thread.run(silent, 0.05))
        release.set()
        await thread.close()
        return caught.value

    failure = asyncio.run(run())
    assert (failure.status, failure.code) == (504, "upstream_timeout")


def test_what_a_library_raises_is_not_repeated() -> None:
    def failing(_: Loaded, job: Job[int]) -> None:
        raise RuntimeError(f"cannot tokenize {SECRET}")

    async def run() -> UpstreamFailed:
        thread = ModelThread("here", Loaded)
        with pytest.raises(UpstreamFailed) as caught:
            await anext(thread.run(failing, 20))
        assert await collect(thread) == [0, 1, 2]
        await thread.close()
        return caught.value

    failure = asyncio.run(run())
    assert failure.code == "model_failed"
    assert failure.message == "the local model failed (RuntimeError)"
    assert failure.__context__ is None
    assert failure.__cause__ is None


def test_a_model_that_cannot_be_loaded(caplog: pytest.LogCaptureFixture) -> None:
    attempts = []

    def load() -> Loaded:
        attempts.append(1)
        if len(attempts) < 3:
            raise OSError("no such file: /models/tiny\nand a long list of files")
        return Loaded()

    thread = ModelThread("here", load)

    async def run() -> UpstreamFailed:
        with pytest.raises(UpstreamFailed) as caught:
            await collect(thread)
        return caught.value

    with caplog.at_level(logging.ERROR, "louver.models"):
        failure = asyncio.run(run())
    assert (failure.status, failure.code) == (503, "model_not_loaded")
    assert "/models" not in failure.message + caplog.text
    with pytest.raises(Unavailable, match=r"'here'.*OSError: no such file: /models/tiny\)"):
        thread.warm()
    thread.warm()
    assert asyncio.run(collect(thread)) == [0, 1, 2]
    asyncio.run(thread.close())
