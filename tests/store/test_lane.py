"""The hot statements name all that the schema has; errors in them stay in their batch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Table, text
from store.desk import sent

from louver.core.errors import Invalid, Unavailable
from louver.store import lane_postgresql, lane_sqlite
from louver.store.database import reading, writing
from louver.store.schema import ledger_entries, ledger_state, pending, tree_heads
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk

POSTGRES = lane_postgresql._WRITE.decode()
SQLITE = "\n".join(
    (lane_sqlite._ADD_ENTRIES[1], lane_sqlite._ADD_PENDING[1], lane_sqlite._ADD_HEAD)
)
INSERTED = r"INSERT INTO {} \(([a-z_, ]+)\)"


@pytest.mark.parametrize("statements", [SQLITE, POSTGRES], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize("table", [ledger_entries, pending, tree_heads], ids=lambda t: t.name)
def test_inserts_fill_every_column(statements: str, table: Table) -> None:
    found = re.search(INSERTED.format(table.name), statements)
    assert found is not None
    assert found[1].split(", ") == [column.name for column in table.columns]


@pytest.mark.parametrize("read", [lane_sqlite._STATE, lane_postgresql._BEGIN.decode()])
def test_the_state_is_read_in_the_tables_order(read: str) -> None:
    names = [column.name for column in ledger_state.columns if column.name != "id"]
    assert f"SELECT {', '.join(names)}" in re.sub(r"\s+", " ", read)


def test_another_process_is_noticed_by_the_kept_edge(desk: Desk) -> None:
    desk.activate()
    other = desk.open()
    for turn in range(9):
        # Neither writes twice in a row with the same edge in memory.
        desk.send(f"mine-{turn}")
        desk.send(f"theirs-{turn}", other)
        desk.send(f"theirs-again-{turn}", other)
    assert verify(desk.engine).entries == 28


def test_a_failed_write_leaves_the_edge_where_it_was(desk: Desk) -> None:
    desk.activate()
    desk.send("x1")
    # The row that the next batch is about to write, so that its last step fails.
    with writing(desk.engine) as connection:
        connection.execute(text("INSERT INTO pending (exchange, sent_at) VALUES ('x2', 1.0)"))
    with pytest.raises(Unavailable) as caught:
        desk.send("x2")
    assert caught.value.code == "store_failed"
    assert desk.store.size() == 2
    with writing(desk.engine) as connection:
        connection.execute(text("DELETE FROM pending WHERE exchange = 'x2'"))
    assert desk.send("x2") == 3
    assert verify(desk.engine).entries == 3


def test_a_name_without_utf8_is_refused_alone(desk: Desk) -> None:
    desk.activate()
    wrong = desk.store.record_sent(sent("\ud800"), policy=sent("x").policy, consent=None)
    with pytest.raises(Invalid):
        wrong.result(30)
    assert desk.send("x1") == 2


def test_a_store_without_state_is_incomplete(desk: Desk) -> None:
    with writing(desk.engine) as connection:
        connection.execute(text("DELETE FROM ledger_state"))
    with pytest.raises(Unavailable) as caught:
        desk.send("x1")
    assert caught.value.code == "store_incomplete"
    with reading(desk.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM ledger_entries")).scalar_one() == 0
