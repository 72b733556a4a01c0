"""The writer's own way into the database: one connection, kept open, and a few fixed statements.

What every request pays for goes through here in the driver's own words; all else uses SQLAlchemy on
the same connection. The rule: after any failure the connection is given up, never patched up.

There are two ways. By the lock: begin, lock the ledger, read what is there, write, commit. By
comparing: a batch that is built on what this process already knows is written, in one step, if and
only if the ledger is still as it was known; for a process that is alone, that is always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

from sqlalchemy import Connection, Engine

from louver.core.errors import Unavailable
from louver.core.events import Kind
from louver.store.database import begun_elsewhere, content_free
from louver.store.facts import State
from louver.store.usage import UsageRow

EntryRow: TypeAlias = tuple[int, str, float, str | None, bytes, bytes, bytes]
"""A row of `ledger_entries`, its columns in the table's order."""


class Phase(Enum):
    """Where an exchange stands in the ledger."""

    UNKNOWN = "unknown"
    OPEN = "open"  # sent, and its end is not yet recorded
    ENDED = "ended"


class Overtaken(Exception):  # No error: the batch is built anew, behind the lock.
    """Nothing was written: the ledger is not as it was known, or more has to be looked up."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch adds up to: its entries, exchanges opened and ended, and the state after it.

    `before` is the state that all of it rests on, `used` what API keys used more, one row per day
    and key.
    """

    time: float
    entries: list[EntryRow]
    opened: list[str]
    ended: list[str]
    used: list[UsageRow]
    before: State
    state: State


class Pen(Protocol):
    """The hot statements in one driver's words; its caller turns the driver's errors into ours."""

    @property
    def connection(self) -> Connection:
        """The same connection, for all that is not hot."""

    def begin(self, exchanges: Sequence[str]) -> tuple[State, list[tuple[str, str]]]:
        """Begin, lock the ledger, read its state, and (exchange, kind) of each known exchange."""

    def finish(self, changes: Changes | None) -> list[UsageRow]:
        """Write `changes`, if any, and commit; the totals of what `changes.used` adds to."""

    def swap(self, changes: Changes, in_time: Callable[[], bool]) -> list[UsageRow]:
        """Write and commit `changes` in one step, if the state is still `changes.before`.

        Raises Overtaken if it is not, or an exchange was sent before, or getting there took so long
        that it is not `in_time` any more.
        """

    def give_up(self) -> None:
        """Undo what was begun and let the connection go; never raises."""

    def close(self) -> None:
        """Let the connection go after a commit."""


class Lane:
    """Transactions on the ledger, one at a time, by one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pen: Pen | None = None

    def assume(self, state: State, phases: Mapping[str, Phase]) -> Assumed:
        """A batch on what is known, by comparing; see `Assumed.finish`."""
        return Assumed(self, state, phases)

    def swap(self, changes: Changes, in_time: Callable[[], bool]) -> list[UsageRow]:
        """See `Pen.swap`. Raises Overtaken, Unavailable; then it may have been written or not."""
        with content_free():
            try:
                return (self._pen or self._open()).swap(changes, in_time)
            except Overtaken:
                raise
            except BaseException:  # Whatever it was, the connection is given up.
                self._drop()
                raise

    @contextmanager
    def batch(self, exchanges: Sequence[str]) -> Iterator[Opened]:
        """One transaction, committed by `Opened.finish`, undone on any exception.

        Raises Unavailable, then the connection is a fresh one the next time.
        """
        with content_free():
            try:
                yield self._begin(exchanges)
            except BaseException:  # Whatever it was, the transaction is undone.
                self._drop()
                raise

    def close(self) -> None:
        """Let the connection go."""
        pen, self._pen = self._pen, None
        if pen is not None:
            pen.close()

    def _begin(self, exchanges: Sequence[str]) -> Opened:
        kept = self._pen
        if kept is not None:
            try:
                with content_free():
                    return _opened(kept, exchanges)
            except Unavailable as failure:
                # The server has closed what we kept while nobody was looking (a restart, a
                # failover, an idle limit). Nothing has been done yet, so a new one may do it.
                if failure.code != "store_lost":
                    raise
                self._drop()
        return _opened(self._open(), exchanges)

    def _open(self) -> Pen:
        connection = begun_elsewhere(self._engine.connect())
        try:
            self._pen = _pen(connection)
        except BaseException:  # Whatever it was, the connection is not left open.
            connection.close()
            raise
        return self._pen

    def _drop(self) -> None:
        pen, self._pen = self._pen, None
        if pen is not None:
            pen.give_up()


class Ground(Protocol):
    """What a batch stands on."""

    @property
    def state(self) -> State: ...

    @property
    def phases(self) -> Mapping[str, Phase]: ...

    @property
    def connection(self) -> Connection: ...

    def finish(self, changes: Changes | None, in_time: Callable[[], bool]) -> list[UsageRow]: ...


@dataclass(frozen=True, slots=True)
class Assumed:
    """No transaction yet, only what is known of the ledger; whoever needs more is `Overtaken`."""

    lane: Lane
    state: State
    phases: Mapping[str, Phase]

    @property
    def connection(self) -> Connection:
        raise Overtaken

    def finish(self, changes: Changes | None, in_time: Callable[[], bool]) -> list[UsageRow]:
        """Write and commit, if all is as it was known; once this returns, it is durable."""
        if changes is None:
            # All were refused, by what may be old news.
            raise Overtaken
        return self.lane.swap(changes, in_time)


@dataclass(frozen=True, slots=True)
class Opened:
    """A transaction that holds the ledger's lock, and what it found there."""

    pen: Pen
    state: State
    phases: Mapping[str, Phase]

    @property
    def connection(self) -> Connection:
        """For all that is not hot."""
        return self.pen.connection

    def finish(self, changes: Changes | None, _in_time: Callable[[], bool]) -> list[UsageRow]:
        """Write and commit; once this returns, it is durable."""
        totals = self.pen.finish(changes)
        if self.connection.in_transaction():
            # Statements beside the hot ones began one in SQLAlchemy's books; the driver's is over.
            self.connection.commit()
        return totals


def _opened(pen: Pen, exchanges: Sequence[str]) -> Opened:
    state, rows = pen.begin(exchanges)
    return Opened(pen, state, _phases(rows))


def _phases(rows: Sequence[tuple[str, str]]) -> dict[str, Phase]:
    phases: dict[str, Phase] = {}
    for exchange, kind in rows:
        if kind != Kind.SENT.value:
            phases[exchange] = Phase.ENDED
        else:
            phases.setdefault(exchange, Phase.OPEN)
    return phases


def _pen(connection: Connection) -> Pen:
    if connection.dialect.name == "postgresql":
        from louver.store.lane_postgresql import PostgresPen

        return PostgresPen(connection)
    from louver.store.lane_sqlite import SqlitePen

    return SqlitePen(connection)
