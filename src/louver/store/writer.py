"""One thread that writes, in groups: whatever waits becomes one durable commit.

The rule: a future resolves after its batch is committed, never before; in the order of submission.
"""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Engine

from louver.core.errors import LouverError, Unavailable
from louver.core.seams import Clock, Randomness
from louver.store.batch import Batch, Tip
from louver.store.database import reading
from louver.store.entries import Placed, Position
from louver.store.facts import Facts, read_facts, read_state
from louver.store.lane import Lane
from louver.store.usage import Usages

T = TypeVar("T")

LARGEST_BATCH = 512
# Whoever was just answered soon comes back; waiting this part of a commit for them makes the next
# group larger, which pays most where the disk is slow. A lone caller never waits.
_LINGER = 0.25


@dataclass(slots=True, eq=False)
class _Job:
    operation: Callable[[Batch], Any]
    exchange: str | None
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """Runs operations on the ledger, one batch at a time, and holds the latest facts.

    An operation checks first and then writes; a LouverError that it raises refuses it alone. A
    database error fails its whole batch, and the next batch starts on a fresh connection.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        randomness: Randomness,
        *,
        capacity: int = 8192,
        refresh: float = 0.25,
    ) -> None:
        """`refresh`: seconds between looks at what other processes changed, while idle."""
        self._engine = engine
        self._clock = clock
        self._randomness = randomness
        self._capacity = capacity
        self._refresh_seconds = refresh
        self._queue: deque[_Job] = deque()
        self._running: list[_Job] = []
        self._changed = threading.Condition()
        self._closed = False
        self._expected = 0
        self._wanted = 1
        self._commit_seconds = 0.0
        self._tip = Tip(Facts())
        self.usages = Usages()
        self._looked = 0.0
        self._accompanied = False
        self._read_facts()
        self._lane = Lane(engine)
        # A daemon: a program that forgets to close the store still ends; nothing durable is lost.
        self._thread = threading.Thread(target=self._run, name="louver-store", daemon=True)
        self._thread.start()

    @property
    def facts(self) -> Facts:
        """The newest snapshot that this process knows to be committed."""
        return self._tip.facts

    def submit(self, operation: Callable[[Batch], T], exchange: str | None = None) -> Future[T]:
        """Queue `operation`; `exchange` is the one whose phase it will ask for.

        Raises Unavailable at once if too much waits already, or the writer has ended.
        """
        job = _Job(operation, exchange)
        with self._changed:
            if self._closed:
                raise Unavailable("the store is closed; nothing was recorded", code="store_lost")
            if len(self._queue) >= self._capacity:
                raise Unavailable("the store is busy; try again", code="store_busy")
            self._queue.append(job)
            if len(self._queue) >= self._wanted:
                self._changed.notify()
        return job.future

    def submit_entry(
        self, operation: Callable[[Batch], Placed], exchange: str | None = None
    ) -> Future[Position]:
        """The same for an operation that adds an entry, whose position is of interest."""
        placed: Future[Any] = self.submit(operation, exchange)
        return placed

    def close(self) -> None:
        """Take nothing more, finish what was taken, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while (jobs := self._take()) is not None:
                if jobs:
                    self._commit(jobs)
                if not jobs or self._must_look():
                    self._refresh()
        finally:
            # Also the way out of a bug: nobody waits forever on a thread that has ended.
            self._abandon()
            self._lane.close()

    def _take(self) -> list[_Job] | None:
        """The next batch; empty when it is time to look around, None at the end."""
        with self._changed:
            if not self._queue and not self._closed:
                self._changed.wait(self._refresh_seconds)
            if not self._queue:
                return None if self._closed else []
            self._linger()
            count = min(len(self._queue), LARGEST_BATCH)
            taken = [self._queue.popleft() for _ in range(count)]
        # From here on a job can no longer be canceled: it will be in the ledger.
        return [job for job in taken if job.future.set_running_or_notify_cancel()]

    def _linger(self) -> None:
        if len(self._queue) < self._expected and not self._closed:
            self._wanted = self._expected
            self._changed.wait(self._commit_seconds * _LINGER)
            self._wanted = 1

    def _commit(self, jobs: list[_Job]) -> None:
        self._running = jobs
        started = self._clock.monotonic()
        # Whatever interrupts this batch may leave its edge of the tree half grown.
        known, self._tip = self._tip, Tip(self._tip.facts)
        try:
            outcomes, tip = self._transact(jobs, known)
        except LouverError as failure:
            waiting = 0
            for job in jobs:
                # One exception each: threads that raise the same one would share its traceback.
                job.future.set_exception(copy.copy(failure))
        else:
            self._tip = tip
            self.usages.merge(tip.used)
            self._commit_seconds = self._clock.monotonic() - started
            waiting = len(self._queue)
            for job, outcome in zip(jobs, outcomes, strict=True):
                if isinstance(outcome, LouverError):
                    job.future.set_exception(outcome)
                else:
                    job.future.set_result(outcome)
        self._running = []
        self._expected = min(len(jobs) + waiting, LARGEST_BATCH)

    def _transact(self, jobs: list[_Job], known: Tip) -> tuple[list[object], Tip]:
        exchanges = [job.exchange for job in jobs if job.exchange is not None]
        with self._lane.batch(exchanges) as opened:
            batch = Batch(opened, self._clock, self._randomness, known, len(exchanges))
            outcomes = [_apply(job.operation, batch) for job in jobs]
            if known.state is None or batch.before != known.state:
                # Others write too: what they counted is not in what this batch returns.
                self._accompanied = True
            tip = batch.finish()
        return [_settled(outcome, tip) for outcome in outcomes], tip

    def _must_look(self) -> bool:
        """Under load, too, others' usage is looked at once in a while."""
        waited = self._clock.monotonic() - self._looked
        return self._accompanied and waited >= self._refresh_seconds

    def _refresh(self) -> None:
        try:
            self._read_facts()
        except Unavailable:
            # Old facts stay: whatever is decided by them still has to pass a commit, which fails.
            return

    def _read_facts(self) -> None:
        self._accompanied = False
        self._looked = self._clock.monotonic()
        with reading(self._engine) as connection:
            state = read_state(connection)
            facts = read_facts(connection, state, self._tip.facts)
            self.usages.refresh(connection, state.size, self._clock.now())
        self._tip = replace(self._tip, facts=facts)

    def _abandon(self) -> None:
        with self._changed:
            self._closed = True
            left = [*self._running, *self._queue]
            self._queue.clear()
        for job in left:
            if not job.future.done():
                job.future.set_exception(
                    Unavailable("the store has stopped; nothing was recorded", code="store_lost")
                )


def _apply(operation: Callable[[Batch], object], batch: Batch) -> object:
    """The operation's result, or its refusal as a value."""
    try:
        return operation(batch)
    except LouverError as refusal:
        return refusal


def _settled(outcome: object, tip: Tip) -> object:
    """An entry's place, once its batch has committed, is a position under the new head."""
    if isinstance(outcome, Placed) and tip.state is not None:
        return Position(outcome.seq, outcome.leaf, tip.state.size, tip.state.root)
    return outcome
