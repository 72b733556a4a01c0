"""The hot statements on SQLite: `BEGIN IMMEDIATE` takes the write lock, one process at a time.

Each step of a statement lets go of the interpreter, and a busy event loop is slow to give it back;
so many rows go into one step.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from louver.store.database import require_same_file
from louver.store.facts import State, state_of
from louver.store.lane import Changes, Overtaken
from louver.store.usage import UsageRow

_STATE = "SELECT size, frontier, root, policy, consents, keys, halts FROM ledger_state WHERE id = 1"
# One text for any number of exchanges, so that it is compiled once.
_PHASES = (
    "SELECT exchange, kind FROM ledger_entries WHERE exchange IN (SELECT value FROM json_each(?))"
)
# How many rows a statement takes: a few texts for any number, so that each is compiled once.
_SIZES = (64, 16, 4, 1)


def _sized(text: str, row: str) -> dict[int, str]:
    return {size: text.format(", ".join([row] * size)) for size in _SIZES}


_ADD_ENTRIES = _sized(
    "INSERT INTO ledger_entries (seq, kind, time, exchange, payload, salt, leaf) VALUES {}",
    "(?, ?, ?, ?, ?, ?, ?)",
)
_ADD_PENDING = _sized("INSERT INTO pending (exchange, sent_at) VALUES {}", "(?, ?)")
_END_PENDING = _sized("DELETE FROM pending WHERE exchange IN ({})", "?")
_ADD_HEAD = "INSERT INTO tree_heads (size, root, time) VALUES (?, ?, ?)"
_ADD_USAGE = (
    "INSERT INTO usage (day, key, tokens, requests, seq) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (day, key) DO UPDATE SET tokens = tokens + excluded.tokens,"
    " requests = requests + excluded.requests, seq = excluded.seq"
    " RETURNING day, key, tokens, requests, seq"
)
_SET_STATE = (
    "UPDATE ledger_state SET size = ?, frontier = ?, root = ?, policy = ?, consents = ?, keys = ?,"
    " halts = ? WHERE id = 1"
)


class SqlitePen:
    """Writes through one cursor; the driver keeps the compiled statements."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._driver: Any = connection.connection
        self._cursor: Any = self._driver.cursor()

    def begin(self, exchanges: Sequence[str]) -> tuple[State, list[tuple[str, str]]]:
        require_same_file(self.connection)
        cursor = self._cursor
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(_STATE)
        state = state_of(cursor.fetchone())
        if not exchanges:
            return state, []
        cursor.execute(_PHASES, (json.dumps(exchanges),))
        return state, cursor.fetchall()

    def finish(self, changes: Changes | None) -> list[UsageRow]:
        totals: list[UsageRow] = []
        if changes is not None:
            totals = self._write(changes)
            require_same_file(self.connection)
        self._driver.commit()
        return totals

    def swap(self, changes: Changes, in_time: Callable[[], bool]) -> list[UsageRow]:
        cursor = self._cursor
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(_STATE)
        try:
            if state_of(cursor.fetchone()) != changes.before or not in_time():
                raise Overtaken
            totals = self._write(changes)
        except (Overtaken, sqlite3.IntegrityError):
            self._driver.rollback()
            raise Overtaken from None
        require_same_file(self.connection)
        self._driver.commit()
        return totals

    def give_up(self) -> None:
        # Back in the pool, which rolls back first; a file does not go away like a server.
        self.connection.close()

    def close(self) -> None:
        self.connection.close()

    def _write(self, changes: Changes) -> list[UsageRow]:
        cursor, state, time = self._cursor, changes.state, changes.time
        self._write_rows(_ADD_ENTRIES, changes.entries)
        self._write_rows(_ADD_PENDING, [(exchange, time) for exchange in changes.opened])
        self._write_rows(_END_PENDING, [(exchange,) for exchange in changes.ended])
        cursor.execute(_ADD_HEAD, (state.size, state.root, time))
        versions = (state.consents, state.keys, state.halts)
        cursor.execute(
            _SET_STATE, (state.size, state.frontier, state.root, state.policy, *versions)
        )
        totals: list[UsageRow] = []
        for row in changes.used:
            cursor.execute(_ADD_USAGE, row)
            totals += map(UsageRow._make, cursor.fetchall())
        return totals

    def _write_rows(self, texts: Mapping[int, str], rows: Sequence[Sequence[object]]) -> None:
        at = 0
        for size in _SIZES:
            while len(rows) - at >= size:
                values = tuple(chain.from_iterable(rows[at : at + size]))
                self._cursor.execute(texts[size], values)
                at += size
