"""The writer's own way into the database: one connection, kept open, and four fixed statements.

What every request pays for goes through here in the driver's own words; all else uses SQLAlchemy on
the same connection. The rule: after any failure the connection is given up, never patched up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sqlalchemy import Connection, Engine

from louver.core.errors import Unavailable
from louver.store.database import begun_elsewhere, content_free
from louver.store.facts import State
from louver.store.usage import UsageRow

EntryRow: TypeAlias = tuple[int, str, float, str | None, bytes, bytes, bytes]
"""A row of `ledger_entries`, its columns in the table's order."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch adds up to: its entries, exchanges opened and ended, and the state after it.

    `used` is what API keys used more, one row per day and key.
    """

    time: float
    entries: list[EntryRow]
    opened: list[str]
    ended: list[str]
    used: list[UsageRow]
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

    def give_up(self) -> None:
        """Undo what was begun and let the connection go; never raises."""

    def close(self) -> None:
        """Let the connection go after a commit."""


class Lane:
    """Transactions on the ledger, one at a time, by one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pen: Pen | None = None

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
                    return Opened(kept, *kept.begin(exchanges))
            except Unavailable as failure:
                # The server has closed what we kept while nobody was looking (a restart, a
                # failover, an idle limit). Nothing has been done yet, so a new one may do it.
                if failure.code != "store_lost":
                    raise
                self._drop()
        pen = self._open()
        return Opened(pen, *pen.begin(exchanges))

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


@dataclass(frozen=True, slots=True)
class Opened:
    """A transaction that holds the ledger's lock, and what it found there."""

    pen: Pen
    state: State
    phases: list[tuple[str, str]]

    @property
    def connection(self) -> Connection:
        """For all that is not hot."""
        return self.pen.connection

    def finish(self, changes: Changes | None) -> list[UsageRow]:
        """Write and commit; once this returns, it is durable."""
        totals = self.pen.finish(changes)
        if self.connection.in_transaction():
            # Statements beside the hot ones began one in SQLAlchemy's books; the driver's is over.
            self.connection.commit()
        return totals


def _pen(connection: Connection) -> Pen:
    if connection.dialect.name == "postgresql":
        from louver.store.lane_postgresql import PostgresPen

        return PostgresPen(connection)
    from louver.store.lane_sqlite import SqlitePen

    return SqlitePen(connection)
