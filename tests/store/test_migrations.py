"""The steps lead to the schema that the code knows, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from store.desk import Clock, Desk, Seeded, answered, person_digest

from louver.core.errors import Invalid, Unavailable
from louver.core.halts import Halt, HaltKind
from louver.crypto.merkle import EMPTY_ROOT
from louver.store.database import open_database, open_for_reading, reading, writing
from louver.store.migrations import configuration, migrate
from louver.store.schema import REVISION, metadata
from louver.store.store import Store
from louver.store.verify import verify


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_database(database_url)
    yield opened
    opened.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_the_steps_lead_to_the_schema(engine: Engine) -> None:
    migrate(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_comparison_would_notice(engine: Engine) -> None:
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(text("DROP INDEX ix_consents_seq"))
        connection.execute(text("ALTER TABLE policies ADD COLUMN more TEXT"))
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert len(compare_metadata(context, metadata)) == 2


def test_each_step_goes_up_and_down_and_up_again(engine: Engine) -> None:
    script = ScriptDirectory.from_config(configuration())
    revisions = [step.revision for step in reversed(list(script.walk_revisions()))]
    assert script.get_heads() == [revisions[-1]] == [REVISION]
    for revision in revisions:
        before = tables(engine)
        migrate(engine, revision)
        assert tables(engine) > before
        migrate(engine, "-1")
        assert tables(engine) == before | {"alembic_version"}
        migrate(engine, revision)
    migrate(engine, "base")
    assert tables(engine) == {"alembic_version"}
    migrate(engine)
    assert tables(engine) == set(metadata.tables) | {"alembic_version"}


def test_migrating_twice_keeps_everything(engine: Engine) -> None:
    migrate(engine)
    with Store(engine, Clock(), Seeded(1), person_digest) as store:
        store.activate_policy("a1" * 32, b"document").result()
    migrate(engine)
    with Store(engine, Clock(), Seeded(2), person_digest) as store:
        assert store.size() == 1


def test_a_store_of_the_first_version_is_taken_over(database_url: str) -> None:
    with Desk(database_url) as desk:
        desk.activate()
        key = desk.consented()
        desk.send("x1")
        desk.store.record_answered(answered("x1")).result()
        desk.send("x2")
    opened = open_database(database_url)
    migrate(opened, "0001")
    assert "usage" not in tables(opened)
    with pytest.raises(Invalid) as caught:
        open_for_reading(database_url)
    assert caught.value.code == "invalid_store"
    assert migrate(opened).before == "0001"
    opened.dispose()
    with Desk(database_url) as desk:
        assert verify(desk.engine).open == 1
        desk.store.record_answered(answered("x2", "key00001", 7)).result()
        desk.store.halt(Halt(HaltKind.MODEL, "elsewhere"), "incident").result()
        desk.keep("first", key.person)
        assert verify(desk.engine).entries == 8


def test_the_first_state_is_the_empty_tree(engine: Engine) -> None:
    migrate(engine)
    with reading(engine) as connection:
        row = connection.execute(text("SELECT size, frontier, root FROM ledger_state")).one()
    assert (row.size, bytes(row.frontier), bytes(row.root)) == (0, b"", EMPTY_ROOT)


def test_a_database_without_tables_is_unavailable(engine: Engine) -> None:
    with pytest.raises(Unavailable):
        Store(engine, Clock(), Seeded(1), person_digest)
