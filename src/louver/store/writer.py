"""One thread that writes, in groups: whatever waits becomes one durable commit.

The rule: a future resolves after its batch is committed, never before; in the order of submission.
"""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from sqlalchemy import Engine

from louver.core.errors import LouverError, Unavailable
from louver.core.seams import Clock, Randomness
from louver.store.batch import Batch, Tip
from louver.store.database import reading
from louver.store.entries import Placed, Position
from louver.store.facts import Facts, read_facts, read_state
from louver.store.lane import Ground, Lane, Overtaken, Phase
from louver.store.usage import Usages

T = TypeVar("T")

LARGEST_BATCH = 512
# Whoever was just answered soon comes back; waiting this part of a commit for them makes the next
# group larger, which pays most where the disk is slow. A lone caller never waits.
_LINGER = 0.25


class Waiter(Protocol):
    """Whoever waits for an outcome without a thread of its own, such as a future of asyncio."""

    def cancelled(self) -> bool:
        """Whether nobody waits any more; asked before the batch, from the writer's thread."""


class Settled(NamedTuple):
    """An outcome on its way to its waiter; a LouverError is a refusal."""

    waiter: Any
    outcome: object


Deliver: TypeAlias = Callable[[Sequence[Settled]], None]
"""Takes all outcomes of a batch at once, on the writer's thread; must neither wait nor raise."""


class Reply(NamedTuple):
    """Who waits for an outcome, and the way that all outcomes of a batch take together."""

    waiter: Waiter
    deliver: Deliver


@dataclass(slots=True, eq=False)
class _Job:
    """An operation and who waits for it: behind `deliver`, or with a future of its own."""

    operation: Callable[[Batch], Any]
    exchange: str | None
    waiter: Any
    deliver: Deliver | None = None
    opens: bool = False

    def is_wanted(self) -> bool:
        """From here on it can no longer be canceled; False if it was."""
        if self.deliver is None:
            return bool(self.waiter.set_running_or_notify_cancel())
        return not self.waiter.cancelled()


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
        self._alone = False
        self._read_facts()
        self._lane = Lane(engine)
        # A daemon: a program that forgets to close the store still ends; nothing durable is lost.
        self._thread = threading.Thread(target=self._run, name="louver-store", daemon=True)
        self._thread.start()

    @property
    def facts(self) -> Facts:
        """The newest snapshot that this process knows to be committed."""
        return self._tip.facts

    def submit(
        self, operation: Callable[[Batch], T], exchange: str | None = None, *, opens: bool = False
    ) -> Future[T]:
        """Queue `operation`; `exchange` is the one whose phase it will ask for.

        `opens`: it is about to be sent, so that it should not be known yet. Raises Unavailable at
        once if too much waits already, or the writer has ended.
        """
        future: Future[T] = Future()
        self._queue_up(_Job(operation, exchange, future, None, opens))
        return future

    def post(
        self, operation: Callable[[Batch], object], exchange: str, reply: Reply, *, opens: bool
    ) -> None:
        """The same for who takes its outcome from `deliver`, with all others of the batch."""
        self._queue_up(_Job(operation, exchange, reply.waiter, reply.deliver, opens))

    def _queue_up(self, job: _Job) -> None:
        with self._changed:
            if self._closed:
                raise Unavailable("the store is closed; nothing was recorded", code="store_lost")
            if len(self._queue) >= self._capacity:
                raise Unavailable("the store is busy; try again", code="store_busy")
            self._queue.append(job)
            if len(self._queue) >= self._wanted:
                self._changed.notify()

    def submit_entry(
        self,
        operation: Callable[[Batch], Placed],
        exchange: str | None = None,
        *,
        opens: bool = False,
    ) -> Future[Position]:
        """The same for an operation that adds an entry, whose position is of interest."""
        placed: Future[Any] = self.submit(operation, exchange, opens=opens)
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
        return [job for job in taken if job.is_wanted()]

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
            _settle(jobs, _copies(failure, len(jobs)))
        else:
            self._tip = tip
            self.usages.merge(tip.used)
            self._commit_seconds = self._clock.monotonic() - started
            waiting = len(self._queue)
            _settle(jobs, outcomes)
        self._running = []
        self._expected = min(len(jobs) + waiting, LARGEST_BATCH)

    def _transact(self, jobs: list[_Job], known: Tip) -> tuple[list[object], Tip]:
        """By comparing where this process seems to be alone, else by the lock."""
        lost: Unavailable | None = None
        if self._alone and known.state is not None and (phases := _phases(jobs, known.open)):
            try:
                return self._run_batch(jobs, self._lane.assume(known.state, phases), known)
            except Overtaken:
                pass
            except Unavailable as failure:
                if failure.code != "store_lost":
                    raise
                lost = failure
        exchanges = [job.exchange for job in jobs if job.exchange is not None]
        with self._lane.batch(exchanges) as opened:
            # Others write too? Then comparing would fail too often, and what they count is news.
            self._alone = opened.state == known.state
            self._accompanied |= not self._alone
            if lost is not None and not self._alone:
                # The lost connection may have taken this very batch along, or not.
                raise lost
            return self._run_batch(jobs, opened, known)

    def _run_batch(self, jobs: list[_Job], ground: Ground, known: Tip) -> tuple[list[object], Tip]:
        batch = Batch(ground, self._clock, self._randomness, known, len(jobs))
        outcomes = [_apply(job.operation, batch) for job in jobs]
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
        lost = Unavailable("the store has stopped; nothing was recorded", code="store_lost")
        _settle(left, _copies(lost, len(left)))


def _apply(operation: Callable[[Batch], object], batch: Batch) -> object:
    """The operation's result, or its refusal as a value."""
    try:
        return operation(batch)
    except LouverError as refusal:
        return refusal


def _phases(jobs: Sequence[_Job], known: set[str]) -> dict[str, Phase] | None:
    """The phases of all exchanges of a batch from memory; None if one has to be looked up."""
    phases: dict[str, Phase] = {}
    for job in jobs:
        exchange = job.exchange
        if exchange is None:
            return None
        if exchange in known:
            phases[exchange] = Phase.OPEN
        elif job.opens:
            phases[exchange] = Phase.UNKNOWN
        elif exchange not in phases:
            return None
    return phases


def _settle(jobs: Sequence[_Job], outcomes: Sequence[object]) -> None:
    """Tell everybody; those who share a way are told together."""
    bundles: dict[Deliver, list[Settled]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.deliver is not None:
            bundles.setdefault(job.deliver, []).append(Settled(job.waiter, outcome))
        elif job.waiter.done():
            continue
        elif isinstance(outcome, LouverError):
            job.waiter.set_exception(outcome)
        else:
            job.waiter.set_result(outcome)
    for deliver, bundle in bundles.items():
        deliver(bundle)


def _copies(failure: LouverError, count: int) -> list[LouverError]:
    """One exception each: threads that raise the same one would share its traceback."""
    return [copy.copy(failure) for _ in range(count)]


def _settled(outcome: object, tip: Tip) -> object:
    """An entry's place, once its batch has committed, is a position under the new head."""
    if isinstance(outcome, Placed) and tip.state is not None:
        return Position(outcome.seq, outcome.leaf, tip.state.size, tip.state.root)
    return outcome
