"""One thread per model: requests wait in line, bounded, and the event loop never waits at all.

Rule: nothing that a library raises is passed on but its type; its text may quote what was asked.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from louver.core.errors import Unavailable, UpstreamFailed

E = TypeVar("E")
T = TypeVar("T")

_IN_LINE = 32

_log = logging.getLogger("louver.models")


class Job(Generic[T]):
    """One request: what the model's thread tells, as the event loop reads it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left = threading.Event()
        self.told: asyncio.Queue[T | UpstreamFailed | None] = asyncio.Queue()

    def gone(self) -> bool:
        """Whether nobody waits for the answer anymore."""
        return self._left.is_set()

    def leave(self) -> None:
        """Nobody waits anymore; the model stops at its next token."""
        self._left.set()

    def tell(self, event: T | UpstreamFailed | None) -> None:
        """Called by the model's thread; None is the end."""
        try:
            self._loop.call_soon_threadsafe(self.told.put_nowait, event)
        except RuntimeError:  # The loop is closed, and whoever waited with it.
            self.leave()


class ModelThread(Generic[E]):
    """Owns the model that `load` makes: loaded once, when it is first needed."""

    def __init__(self, name: str, load: Callable[[], E]) -> None:
        self._name = name
        self._load = load
        self._engine: E | None = None
        self._lock = threading.Lock()
        self._jobs: set[Job[Any]] = set()
        self._executor: ThreadPoolExecutor | None = None

    def warm(self) -> None:
        """Load the model now. Raises Unavailable, with the reason, for the one who starts us."""
        reason = self._submit(self._reason).result()
        if reason is not None:
            message = f"destination '{self._name}': the model cannot be loaded ({reason})"
            raise Unavailable(message, code="model_not_loaded")

    async def run(
        self, work: Callable[[E, Job[T]], None], silence: float
    ) -> AsyncGenerator[T, None]:
        """What `work` tells, as it tells it; closing the generator ends the work.

        Raises UpstreamFailed: whatever went wrong, too many in line, or silent for too long (s).
        """
        job: Job[T] = Job(asyncio.get_running_loop())
        self._begin(job, work)
        try:
            while True:
                event = await _next(job, silence)
                if event is None:
                    return
                if isinstance(event, UpstreamFailed):
                    raise event
                yield event
        finally:
            job.leave()

    async def close(self) -> None:
        """End all work, and let go of the model."""
        with self._lock:
            executor, self._executor = self._executor, None
            for job in self._jobs:
                job.leave()
        if executor is not None:
            await asyncio.to_thread(executor.shutdown)
        self._engine = None

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(1, thread_name_prefix="louver-model")
            return self._executor.submit(work)

    def _begin(self, job: Job[T], work: Callable[[E, Job[T]], None]) -> None:
        with self._lock:
            if len(self._jobs) >= _IN_LINE:
                raise UpstreamFailed(
                    "too many requests wait for this model; try again in a moment",
                    status=503,
                    code="model_busy",
                    headers=(("retry-after", "1"),),
                )
            self._jobs.add(job)
        self._submit(lambda: self._do(job, work))

    def _do(self, job: Job[T], work: Callable[[E, Job[T]], None]) -> None:
        try:
            job.tell(None if job.gone() else self._outcome(job, work))
        finally:
            with self._lock:
                self._jobs.discard(job)

    def _outcome(self, job: Job[T], work: Callable[[E, Job[T]], None]) -> UpstreamFailed | None:
        if self._reason() is not None or self._engine is None:
            return UpstreamFailed(
                "the local model could not be loaded; with `load: start` the gateway says why",
                status=503,
                code="model_not_loaded",
            )
        try:
            work(self._engine, job)
        except UpstreamFailed as error:
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - a door: the text of a library's error may quote
            kind = type(error).__name__
        else:
            return None
        # Made outside of the handler, so that the library's error is not even the context.
        return UpstreamFailed(f"the local model failed ({kind})", code="model_failed")

    def _reason(self) -> str | None:
        """Why the model is not loaded; None once it is."""
        if self._engine is not None:
            return None
        try:
            self._engine = self._load()
        except Exception as error:  # noqa: BLE001 - a door: whatever a file of weights may cause
            kind = type(error).__name__
            _log.error("model_not_loaded", extra={"louver": {"error_type": kind}})
            return f"{kind}: {str(error).strip().partition(chr(10))[0][:300]}"
        return None


async def _next(job: Job[T], silence: float) -> T | UpstreamFailed | None:
    try:
        async with asyncio.timeout(silence):
            return await job.told.get()
    except TimeoutError:
        pass
    return UpstreamFailed(
        "the local model said nothing in time; try again, or raise the destination's timeout",
        status=504,
        code="upstream_timeout",
    )
