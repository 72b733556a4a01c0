"""Whatever is changed behind the store's back is found, and the first bad entry is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert, select, text
from store.desk import TENANT, answered

from louver.core.consent import ConsentState
from louver.core.errors import Tampered
from louver.core.halts import Halt, HaltKind
from louver.crypto.commitments import committed_leaf
from louver.store.database import reading, writing
from louver.store.schema import metadata
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk

ENTRIES = 17


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A ledger with one of each kind: policy, key, consent, and exchanges ended and open."""
    desk.activate()  # 1
    desk.store.create_key(TENANT, "helpdesk").result()  # 2
    key = desk.consented()  # 3
    desk.store.set_consent(key, ConsentState.WITHDRAWN).result()  # 4
    for name in ("x1", "x2", "x3"):  # 5 to 10
        desk.send(name)
        desk.store.record_answered(answered(name)).result()
    desk.send("x4")  # 11
    desk.send("x5")  # 12
    desk.store.halt(Halt(HaltKind.TOOL, "search"), "incident").result()  # 13
    desk.store.record_answered(answered("x5", "key00001", 7)).result()  # 14
    desk.keep("first", key.person)  # 15
    desk.keep("second")  # 16
    desk.keep("third", key.person)  # 17
    assert verify(desk.engine).entries == ENTRIES
    return desk


def run(desk: Desk, *statements: str, **values: object) -> None:
    with writing(desk.engine) as connection:
        for statement in statements:
            connection.execute(text(statement), values)


def bad(desk: Desk) -> str | None:
    try:
        verify(desk.engine)
    except Tampered as error:
        return error.param
    return None


Rows = dict[str, list[dict[str, object]]]


def copied(desk: Desk) -> Rows:
    """All rows of all tables."""
    with reading(desk.engine) as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
        }


def restore(desk: Desk, rows: Rows) -> None:
    with writing(desk.engine) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        for table in metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])


_OTHER = "(SELECT leaf FROM ledger_entries WHERE seq = 1)"
_COPY = "kind, time, exchange, payload, salt, leaf FROM ledger_entries"
_SWAP = (
    "UPDATE ledger_entries SET seq = -1 WHERE seq = 6",
    "UPDATE ledger_entries SET seq = 6 WHERE seq = 8",
    "UPDATE ledger_entries SET seq = 8 WHERE seq = -1",
)


CASES: list[tuple[list[str], str]] = [
    (["UPDATE ledger_entries SET payload = salt WHERE seq = 7"], "ledger[7]"),
    (["UPDATE ledger_entries SET salt = leaf WHERE seq = 7"], "ledger[7]"),
    (["UPDATE ledger_entries SET leaf = salt WHERE seq = 7"], "ledger[7]"),
    (["UPDATE ledger_entries SET kind = 'interrupted' WHERE seq = 8"], "ledger[8]"),
    (["UPDATE ledger_entries SET exchange = 'x9' WHERE seq = 12"], "ledger[12]"),
    (["UPDATE ledger_entries SET time = time + 1 WHERE seq = 1"], "ledger[1]"),
    (["DELETE FROM ledger_entries WHERE seq = 1"], "ledger[1]"),
    (["DELETE FROM ledger_entries WHERE seq = 9"], "ledger[9]"),
    (["DELETE FROM ledger_entries WHERE seq = 12"], "ledger[12]"),
    (["DELETE FROM ledger_entries WHERE seq > 6"], "ledger[7]"),
    (["DELETE FROM ledger_entries"], "ledger[1]"),
    (
        [
            "DELETE FROM ledger_entries WHERE seq > 10",
            "DELETE FROM tree_heads WHERE size > 10",
            "DELETE FROM pending",
        ],
        "ledger[11]",
    ),
    ([f"INSERT INTO ledger_entries SELECT 18, {_COPY} WHERE seq = 1"], "ledger[18]"),
    ([f"INSERT INTO ledger_entries SELECT 0, {_COPY} WHERE seq = 1"], "ledger[0]"),
    ([f"INSERT INTO ledger_entries SELECT -5, {_COPY} WHERE seq = 1"], "ledger[-5]"),
    (list(_SWAP), "ledger[6]"),
    ([f"UPDATE tree_heads SET root = {_OTHER} WHERE size = 5"], "ledger[5]"),
    (["DELETE FROM tree_heads WHERE size = 17"], "ledger[17]"),
    (["UPDATE tree_heads SET size = 40 WHERE size = 17"], "ledger[18]"),
    ([f"UPDATE ledger_state SET root = {_OTHER}"], "ledger[17]"),
    (["UPDATE ledger_state SET frontier = root"], "ledger[17]"),
    (["UPDATE ledger_state SET size = 16"], "ledger[17]"),
    (["UPDATE ledger_state SET size = 18"], "ledger[18]"),
    (["UPDATE ledger_state SET policy = NULL"], "state"),
    (["UPDATE ledger_state SET consents = 3"], "state"),
    (["UPDATE ledger_state SET keys = 0"], "state"),
    (["UPDATE consents SET state = 'ConsentGiven'"], "consent"),
    (["UPDATE consents SET expires = 1.0"], "consent"),
    (["DELETE FROM consents"], "consent"),
    (["UPDATE api_keys SET tenant = 'southwind'"], "key"),
    (["UPDATE policies SET activated = 0"], "policy"),
    (["DELETE FROM pending WHERE exchange = 'x4'"], "exchange"),
    (["INSERT INTO pending VALUES ('x1', 0.0)"], "exchange"),
    (["UPDATE ledger_state SET halts = 0"], "state"),
    (["UPDATE halts SET state = 'resumed'"], "halt"),
    (["UPDATE halts SET because = 'maintenance'"], "halt"),
    (["DELETE FROM halts"], "halt"),
    (["UPDATE usage SET tokens = 0"], "usage"),
    (["UPDATE usage SET requests = 0"], "usage"),
    (["UPDATE usage SET key = 'key00002'"], "usage"),
    (["DELETE FROM usage"], "usage"),
    (["DELETE FROM responses WHERE person IS NULL"], "vault"),
    (["UPDATE responses SET person = NULL"], "vault"),
    (["UPDATE responses SET expires = expires + 1"], "vault"),
    (["UPDATE responses SET application = 'other'"], "vault"),
]


def test_a_change_behind_our_back_is_found(full: Desk) -> None:
    before = copied(full)
    for statements, named in CASES:
        run(full, *statements)
        assert (statements, bad(full)) == (statements, named)
        restore(full, before)
    assert verify(full.engine).entries == ENTRIES


def test_a_rewritten_entry_with_a_fitting_leaf_is_found_by_the_tree(full: Desk) -> None:
    """The forger recomputes the entry's own proof, and forgets the tree above it."""
    entry = full.store.entries(after=4, limit=1)[0]
    payload = entry.payload.replace(b"helpdesk", b"somebody")
    run(
        full,
        "UPDATE ledger_entries SET payload = :payload, leaf = :leaf WHERE seq = 5",
        payload=payload,
        leaf=committed_leaf(entry.salt, payload),
    )
    assert bad(full) == "ledger[5]"


def test_a_payload_that_is_no_event_is_found(full: Desk) -> None:
    salt = bytes(32)
    for payload in (b"[]", b"{", b"\xff", b'{"kind":"sent"}', b"7"):
        run(
            full,
            "UPDATE ledger_entries SET payload = :payload, salt = :salt, leaf = :leaf"
            " WHERE seq = 5",
            payload=payload,
            salt=salt,
            leaf=committed_leaf(salt, payload),
        )
        assert (payload, bad(full)) == (payload, "ledger[5]")


def test_progress_ends_at_the_end(full: Desk) -> None:
    told: list[tuple[int, int]] = []
    verify(full.engine, lambda done, total: told.append((done, total)))
    assert told == [(ENTRIES, ENTRIES)]


def test_a_column_of_another_type_is_found(sqlite_desk: Desk) -> None:
    """SQLite lets anything into any column."""
    sqlite_desk.activate()
    run(sqlite_desk, "UPDATE ledger_entries SET salt = '" + "s" * 32 + "' WHERE seq = 1")
    assert bad(sqlite_desk) == "type"
