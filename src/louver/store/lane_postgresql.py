"""The hot statements on PostgreSQL: one round trip per batch whose state is known, else four.

Through psycopg's own libpq layer, where a call blocks without the interpreter's lock: what the
cursors do for us in Python costs as much as the commit. Values travel in binary.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from sqlalchemy import Connection

from louver.store.facts import State, state_of
from louver.store.lane import Changes, Overtaken
from louver.store.usage import UsageRow

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

Parameter: TypeAlias = bytes | None

# By the simple protocol: two statements, one round trip.
_BEGIN = (
    b"BEGIN; SELECT size, frontier, root, policy, consents, keys, halts"
    b" FROM ledger_state WHERE id = 1 FOR UPDATE"
)
# A statement of its own after the lock: under READ COMMITTED it sees what others committed before.
_PHASES = b"SELECT exchange, kind FROM ledger_entries WHERE exchange = ANY($1::text[])"
# All or nothing hangs on `held`: the ledger's row, locked, and still as it was known. A row that
# somebody else holds is skipped, so that nothing waits here: what is written has the time of now.
_WRITE = b"""
WITH held AS MATERIALIZED (
  SELECT id FROM ledger_state WHERE id = 1 AND size = $22::bigint AND root = $23::bytea
  FOR UPDATE SKIP LOCKED
), entries AS (
  INSERT INTO ledger_entries (seq, kind, time, exchange, payload, salt, leaf)
  SELECT seq, kind, $1::float8, exchange, payload, salt, leaf
  FROM held, unnest($2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[])
    AS new (seq, kind, exchange, payload, salt, leaf)
), opened AS (
  INSERT INTO pending (exchange, sent_at)
  SELECT new, $1::float8 FROM held, unnest($8::text[]) AS new
), ended AS (
  DELETE FROM pending USING held WHERE exchange = ANY($9::text[])
), head AS (
  INSERT INTO tree_heads (size, root, time)
  SELECT $10::bigint, $12::bytea, $1::float8 FROM held
), state AS (
  UPDATE ledger_state SET size = $10::bigint, frontier = $11::bytea, root = $12::bytea,
    policy = $13::text, consents = $14::bigint, keys = $15::bigint, halts = $16::bigint
  FROM held WHERE ledger_state.id = held.id
), used AS (
  INSERT INTO usage AS known (day, key, tokens, requests, seq)
  SELECT day, key, tokens, requests, seq
  FROM held, unnest($17::text[], $18::text[], $19::bigint[], $20::bigint[], $21::bigint[])
    AS new (day, key, tokens, requests, seq)
  ON CONFLICT (day, key) DO UPDATE SET tokens = known.tokens + excluded.tokens,
    requests = known.requests + excluded.requests, seq = excluded.seq
  RETURNING day, key, tokens, requests, seq
)
SELECT used.day, used.key, used.tokens, used.requests, used.seq FROM held LEFT JOIN used ON true
"""
_TAKEN = b"23505"  # unique_violation: an exchange was sent before
# Planned once, by index. In a young database the planner takes tables for small and reads all of
# them; in `pending` the rows of ended exchanges would be read too, until the next vacuum.
_PLANS = (
    b"SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off;"
    # Whatever the server's default: what waited for the lock sees what was committed meanwhile.
    b" SET default_transaction_isolation = 'read committed'"
)
_PHASES_NAME, _WRITE_NAME = b"louver_phases", b"louver_write"
# The types' fixed numbers in PostgreSQL's catalog (pg_type.dat).
_BYTEA, _BIGINT, _TEXT = 17, 20, 25
_HEADER = struct.Struct(">5i")
_LENGTH = struct.Struct(">i")
_LARGE = struct.Struct(">q")
_DOUBLE = struct.Struct(">d")
_NULL = _LENGTH.pack(-1)


class PostgresPen:
    """Writes through libpq with prepared statements."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._link = cast("psycopg.Connection", connection.connection.driver_connection).pgconn
        self._require(self._link.exec_(_PLANS), ExecStatus.COMMAND_OK)
        for name, text in ((_PHASES_NAME, _PHASES), (_WRITE_NAME, _WRITE)):
            self._require(self._link.prepare(name, text), ExecStatus.COMMAND_OK)

    def begin(self, exchanges: Sequence[str]) -> tuple[State, list[tuple[str, str]]]:
        found = self._require(self._link.exec_(_BEGIN), ExecStatus.TUPLES_OK)
        state = state_of(_state_row(found) if found.ntuples else None)
        return state, self._phases(exchanges) if exchanges else []

    def finish(self, changes: Changes | None) -> list[UsageRow]:
        totals: list[UsageRow] = []
        if changes is not None:
            written = self._require(self._write(changes), ExecStatus.TUPLES_OK)
            if not written.ntuples:
                raise psycopg.InternalError("the ledger's locked row is not as it was read")
            totals = _usage_rows(written)
        done = self._require(self._link.exec_(b"COMMIT"), ExecStatus.COMMAND_OK)
        # A transaction that failed before answers its COMMIT with success, and the word ROLLBACK.
        if done.command_status != b"COMMIT":
            raise psycopg.InternalError("the transaction was rolled back")
        return totals

    def swap(self, changes: Changes, _in_time: Callable[[], bool]) -> list[UsageRow]:
        # Outside a transaction, the statement is one of its own.
        written = self._write(changes)
        taken = written.error_field(DiagnosticField.SQLSTATE) == _TAKEN
        if taken or (written.status == ExecStatus.TUPLES_OK and not written.ntuples):
            raise Overtaken
        return _usage_rows(self._require(written, ExecStatus.TUPLES_OK))

    def _write(self, changes: Changes) -> PGresult:
        parameters = _parameters(changes)
        return self._link.exec_prepared(_WRITE_NAME, parameters, [1] * len(parameters), 1)

    def give_up(self) -> None:
        # Closed and not rolled back: the server may be gone, and ends the transaction either way.
        self.connection.invalidate()
        self.connection.close()

    def close(self) -> None:
        # The names that this session prepared must not meet another pen.
        self.give_up()

    def _phases(self, exchanges: Sequence[str]) -> list[tuple[str, str]]:
        # What has no UTF-8 is no exchange of the ledger; its operation says so, for itself alone.
        names = _array(_TEXT, [exchange.encode(errors="replace") for exchange in exchanges])
        asked = self._link.exec_prepared(_PHASES_NAME, [names], [1], 1)
        found = self._require(asked, ExecStatus.TUPLES_OK)
        return [
            (_column(found, row, 0).decode(), _column(found, row, 1).decode())
            for row in range(found.ntuples)
        ]

    def _require(self, result: PGresult, expected: ExecStatus) -> PGresult:
        if result.status == expected:
            return result
        if self._link.status != ConnStatus.OK:
            raise psycopg.OperationalError("the connection is lost")
        raise error_from_result(result)


def _parameters(changes: Changes) -> list[bytes]:
    state, entries = changes.state, changes.entries
    parameters: list[Parameter] = [
        _DOUBLE.pack(changes.time),
        _array(_BIGINT, [_LARGE.pack(entry[0]) for entry in entries]),
        _array(_TEXT, [_text(entry[1]) for entry in entries]),
        _array(_TEXT, [None if entry[3] is None else _text(entry[3]) for entry in entries]),
        _array(_BYTEA, [entry[4] for entry in entries]),
        _array(_BYTEA, [entry[5] for entry in entries]),
        _array(_BYTEA, [entry[6] for entry in entries]),
        _array(_TEXT, [_text(exchange) for exchange in changes.opened]),
        _array(_TEXT, [_text(exchange) for exchange in changes.ended]),
        _LARGE.pack(state.size),
        state.frontier,
        state.root,
        None if state.policy is None else _text(state.policy),
        _LARGE.pack(state.consents),
        _LARGE.pack(state.keys),
        _LARGE.pack(state.halts),
        _array(_TEXT, [_text(row.day) for row in changes.used]),
        _array(_TEXT, [_text(row.key) for row in changes.used]),
        _array(_BIGINT, [_LARGE.pack(row.tokens) for row in changes.used]),
        _array(_BIGINT, [_LARGE.pack(row.requests) for row in changes.used]),
        _array(_BIGINT, [_LARGE.pack(row.seq) for row in changes.used]),
        _LARGE.pack(changes.before.size),
        changes.before.root,
    ]
    # The driver's annotation forgets that None is NULL.
    return cast("list[bytes]", parameters)


def _text(value: str) -> bytes:
    return value.encode()


def _array(element: int, items: Sequence[Parameter]) -> bytes:
    """A one-dimensional array in PostgreSQL's binary form (array_recv in its arrayfuncs.c)."""
    if not items:
        return _HEADER.pack(0, 0, element, 0, 0)[:12]
    parts = [_HEADER.pack(1, 1, element, len(items), 1)]
    for item in items:
        if item is None:
            parts.append(_NULL)
        else:
            parts += (_LENGTH.pack(len(item)), item)
    return b"".join(parts)


def _state_row(found: PGresult) -> tuple[object, ...]:
    """The state from a result in text form."""
    size, frontier, root, policy, consents, keys, halts = (found.get_value(0, i) for i in range(7))
    return (
        int(size or b""),
        bytes.fromhex((frontier or b"")[2:].decode()),
        bytes.fromhex((root or b"")[2:].decode()),
        None if policy is None else policy.decode(),
        int(consents or b""),
        int(keys or b""),
        int(halts or b""),
    )


def _usage_rows(found: PGresult) -> list[UsageRow]:
    """What keys have used; a single row without a key says that it was none."""
    rows = range(found.ntuples)
    return [_usage_row(found, row) for row in rows if found.get_value(row, 1) is not None]


def _usage_row(found: PGresult, row: int) -> UsageRow:
    day, key = _column(found, row, 0).decode(), _column(found, row, 1).decode()
    tokens, requests, seq = (_LARGE.unpack(_column(found, row, i))[0] for i in (2, 3, 4))
    return UsageRow(day, key, tokens, requests, seq)


def _column(found: PGresult, row: int, column: int) -> bytes:
    return found.get_value(row, column) or b""
