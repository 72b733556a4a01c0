"""Opening, refusing what is not durable, and failing without the database's own words."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import event, insert, make_url, text
from store.desk import POLICY, Desk, Seeded, sent

from louver.core.errors import Invalid, Unavailable
from louver.core.events import KeyChanged
from louver.store.batch import Batch
from louver.store.database import open_database, reading, writing
from louver.store.schema import persons
from louver.store.verify import verify
from louver.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


def test_sqlite_is_opened_durable(sqlite_desk: Desk) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}
    with reading(sqlite_desk.engine) as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in expected}
    assert found == expected


def test_sqlite_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "louver.db"
    path.touch(0o644)
    with Desk(f"sqlite:///{path}") as desk:
        desk.activate()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"louver.db": 0o600, "louver.db-wal": 0o600, "louver.db-shm": 0o600}


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:louver?mode=memory&uri=true",
        "sqlite:///louver.db?cache=shared",
        "mysql://somewhere/louver",
        "no url",
        "",
    ],
)
def test_what_is_not_durable_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_database(url)
    assert caught.value.code == "invalid_store"


def test_a_folder_that_does_not_exist_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        open_database(f"sqlite:///{tmp_path}/none/louver.db")
    assert caught.value.code == "store_lost"
    assert "none" not in str(caught.value)


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "louver.db"
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(Unavailable) as caught:
        open_database(f"sqlite:///{path}")
    assert caught.value.code == "store_lost"


def test_postgresql_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        open_database(f"postgresql://me:secret-word@/louver?host={tmp_path}")
    assert caught.value.code == "store_lost"
    assert "secret-word" not in repr(caught.value)


@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_postgresql_that_forgets_is_refused(postgres_database: str, setting: str) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as admin:
        name = make_url(postgres_database).database
        admin.execute(f'ALTER DATABASE "{name}" SET {setting} = off'.encode())
    with pytest.raises(Invalid) as caught:
        open_database(postgres_database)
    assert setting in str(caught.value)


def test_postgresql_sessions_give_up_waiting(postgres_database: str) -> None:
    engine = open_database(postgres_database)
    with reading(engine) as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "10s"
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "30s"
    engine.dispose()


def end_all_others(url: str) -> None:
    """Cut every connection to this database but our own, as a restart does."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_lost_while_idle_is_replaced_unnoticed(postgres_database: str) -> None:
    with Desk(postgres_database, refresh=3600) as desk:
        desk.activate()
        end_all_others(postgres_database)
        assert desk.send("x1") == 2
        end_all_others(postgres_database)
        assert desk.store.size() == 2
        assert verify(desk.engine).entries == 2


def test_a_connection_lost_in_a_batch_fails_it_and_comes_back(postgres_database: str) -> None:
    event = KeyChanged("key00001", "t", "a", "created")

    def cut(batch: Batch) -> int:
        end_all_others(postgres_database)
        return batch.append(event)

    with Desk(postgres_database) as desk:
        writes = Writer(desk.engine, desk.clock, Seeded(9))
        assert writes.submit(lambda batch: batch.append(event)).result(30) == 1
        with pytest.raises(Unavailable) as caught:
            writes.submit(cut).result(30)
        assert caught.value.code == "store_lost"
        assert writes.submit(lambda batch: batch.append(event)).result(30) == 2
        writes.close()
        assert desk.store.size() == 2


@pytest.fixture
def impatient(sqlite_desk: Desk) -> Iterator[Engine]:
    """The desk's database with 10 ms of patience in place of 10 s."""
    engine = open_database(sqlite_desk.url)
    event.listen(engine, "checkout", lambda driver, *_: driver.execute("PRAGMA busy_timeout=10"))
    yield engine
    engine.dispose()


def test_a_locked_database_is_busy(sqlite_desk: Desk, impatient: Engine) -> None:
    with (
        writing(sqlite_desk.engine) as connection,
        pytest.raises(Unavailable) as caught,
        writing(impatient),
    ):
        connection.execute(text("SELECT 1"))
    assert caught.value.code == "store_busy"


def test_errors_keep_the_databases_words_to_themselves(desk: Desk) -> None:
    rows = [{"id": "alice@example.com", "tenant": "t", "digest": b"alice@example.com"}] * 2
    with pytest.raises(Unavailable) as caught, writing(desk.engine) as connection:
        connection.execute(insert(persons), rows)
    assert caught.value.code == "store_failed"
    assert "alice" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_full_disk_refuses_and_recovers(sqlite_desk: Desk) -> None:
    # Before the first batch: the writer keeps its connection.
    with reading(sqlite_desk.engine) as connection:
        used = connection.execute(text("PRAGMA page_count")).scalar_one()

    def limit(pages: int) -> None:
        sqlite_desk.engine.dispose()
        event.listen(
            sqlite_desk.engine,
            "checkout",
            lambda driver, *_: driver.execute(f"PRAGMA max_page_count={pages}"),
        )

    limit(used + 4)
    sqlite_desk.activate()
    acknowledged: list[int] = []
    with pytest.raises(Unavailable) as caught:
        acknowledged.extend(sqlite_desk.send(f"x{turn}") for turn in range(1000))
    assert caught.value.code == "store_full"
    assert sqlite_desk.store.size() == 1 + len(acknowledged)
    with pytest.raises(Unavailable):
        sqlite_desk.send("still full")
    limit(1_000_000)
    assert sqlite_desk.send("room again") == 2 + len(acknowledged)
    assert verify(sqlite_desk.engine).entries == 2 + len(acknowledged)


def write(desk: Desk, exchange: str) -> None:
    desk.store.record_sent(sent(exchange), policy=POLICY, consent=None).result()


def test_a_file_that_was_removed_takes_no_more(tmp_path: Path) -> None:
    """An unlinked file still takes writes; they would vanish with the process."""
    with Desk(f"sqlite:///{tmp_path / 'louver.db'}") as desk:
        desk.store.activate_policy(POLICY, b"{}").result()
        write(desk, "ex-1")
        for file in tmp_path.glob("louver.db*"):
            file.unlink()
        for exchange in ("ex-2", "ex-3"):
            with pytest.raises(Unavailable) as caught:
                write(desk, exchange)
            assert caught.value.code == "store_lost"
        assert not (tmp_path / "louver.db").exists()


def test_a_file_that_was_replaced_is_followed(tmp_path: Path) -> None:
    """Another file under the same name is what counts from then on, as in every other process."""
    place, backup = tmp_path / "louver.db", tmp_path / "backup.db"
    with Desk(f"sqlite:///{place}") as desk:
        desk.store.activate_policy(POLICY, b"{}").result()
        write(desk, "ex-1")
        with closing(sqlite3.connect(place)) as live, closing(sqlite3.connect(backup)) as copy:
            live.backup(copy)
        size = desk.store.size()
        write(desk, "ex-2")
        backup.replace(place)
        for suffix in ("-wal", "-shm"):
            place.with_name(f"louver.db{suffix}").unlink(missing_ok=True)
        # Each connection that was open fails once, clearly; then the new file is followed.
        for attempt in range(5):
            try:
                write(desk, f"ex-3-{attempt}")
                break
            except Unavailable:
                continue
        assert desk.open().size() == size + 1
        verify(desk.engine)
