"""A store moves whole or not at all, in both directions, and what it left behind is as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from store.desk import POLICY, START, TENANT, Clock, Desk, Seeded, answered, person_digest, sent

from louver.core.consent import ConsentState
from louver.core.errors import Invalid, Tampered, Unavailable
from louver.core.halts import Halt, HaltKind
from louver.core.sensitive import Sensitive
from louver.store import moving
from louver.store.database import open_database, reading, writing
from louver.store.migrations import migrate
from louver.store.moving import copy_store
from louver.store.schema import metadata
from louver.store.store import Store
from louver.store.usage import day_of
from louver.store.verify import verify


@pytest.fixture(params=["to postgresql", "to sqlite"])
def urls(request: pytest.FixtureRequest, sqlite_url: str, postgres_database: str) -> list[str]:
    both = [sqlite_url, postgres_database]
    return both if request.param == "to postgresql" else both[::-1]


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


def fill(url: str, exchanges: int = 40) -> str:
    """A store with something in each table; returns an API key of it."""
    with Desk(url) as desk:
        desk.activate("b2" * 32)
        desk.activate()
        for number in range(5):
            key = desk.consented(f"person-{number}")
        desk.store.set_consent(key, ConsentState.WITHDRAWN).result()
        secret = desk.store.create_key(TENANT, "helpdesk").result()
        desk.store.halt(Halt(HaltKind.MODEL, "elsewhere"), "incident").result()
        for person in (key.person, None):
            desk.keep(f"response of {person}", person)
        for turn in range(exchanges):
            desk.send(f"x{turn}")
            if turn % 3:
                desk.store.record_answered(answered(f"x{turn}", "key00001", 7)).result()
        return secret.reveal()


def content(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with engine_of(url) as engine, reading(engine) as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def require_no_store(url: str) -> None:
    with engine_of(url) as engine, pytest.raises(Unavailable) as caught:
        Store(engine, Clock(), Seeded(1), person_digest)
    assert caught.value.code == "store_incomplete"


def test_everything_arrives_and_goes_on(urls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "PAGE", 7)
    secret = fill(urls[0])
    before = content(urls[0])
    told: list[tuple[str, int, int]] = []
    found = copy_store(*urls, progress=lambda *step: told.append(step))
    assert content(urls[1]) == before
    assert content(urls[0]) == before
    assert all(before[table] for table in before)
    assert found.rows["ledger_entries"] == found.entries == len(before["ledger_entries"])
    assert told[-1] == ("verifying", found.entries, found.entries)
    assert [done for step, done, _ in told if step == "copying"][-1] == sum(found.rows.values())
    # It is a store that works, with the same people and keys.
    with Desk(urls[1]) as desk:
        assert desk.store.authenticate(Sensitive(secret)).application == "helpdesk"
        assert desk.store.record_answered(answered("x0")).result() == found.entries + 1
        assert desk.store.halts().halted(HaltKind.MODEL, "elsewhere")
        assert desk.store.usage("key00001", day_of(START)).requests > 0
        assert desk.send("new") == found.entries + 2
        assert verify(desk.engine).entries == found.entries + 2


def test_a_target_with_a_store_is_never_overwritten(urls: list[str]) -> None:
    fill(urls[0], 3)
    with Desk(urls[1]) as desk:
        desk.activate()
    before = content(urls[1])
    for overwrite in (False, True):
        with pytest.raises(Invalid) as caught:
            copy_store(*urls, overwrite_incomplete=overwrite)
        assert caught.value.code == "target_not_empty"
    assert content(urls[1]) == before


class Killed(BaseException):
    """Stands in for the end of the process: no handler of ours catches it."""


def test_a_copy_that_was_killed_is_no_store(
    urls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "PAGE", 7)
    fill(urls[0])

    def kill(step: str, done: int, total: int) -> None:
        if done > total / 2:
            raise Killed

    with pytest.raises(Killed):
        copy_store(*urls, progress=kill)
    require_no_store(urls[1])
    with pytest.raises(Invalid) as caught:
        copy_store(*urls)
    assert caught.value.code == "target_incomplete"
    copy_store(*urls, overwrite_incomplete=True)
    assert content(urls[1]) == content(urls[0])


def test_a_source_that_does_not_verify_is_not_passed_on(urls: list[str]) -> None:
    fill(urls[0], 3)
    with engine_of(urls[0]) as engine, writing(engine) as connection:
        connection.execute(text("UPDATE ledger_entries SET salt = leaf WHERE seq = 4"))
    with pytest.raises(Tampered) as caught:
        copy_store(*urls)
    assert caught.value.param == "ledger[4]"
    require_no_store(urls[1])


def test_a_dry_run_leaves_nothing(urls: list[str], tmp_path: Path) -> None:
    fill(urls[0], 3)
    files = sorted(tmp_path.iterdir())
    found = copy_store(*urls, dry_run=True)
    assert found.dry_run
    assert found.entries == found.rows["ledger_entries"] > 3
    assert sorted(tmp_path.iterdir()) == files
    with engine_of(urls[1]) as engine, reading(engine) as connection:
        migrated = engine.dialect.has_table(connection, "ledger_state")
    assert not migrated


def test_a_store_in_use_is_copied_as_of_one_moment(urls: list[str]) -> None:
    with Desk(urls[0]) as desk:
        desk.activate()
        for turn in range(20):
            desk.send(f"x{turn}")
        later: list[int] = []

        def meanwhile(step: str, done: int, total: int) -> None:
            later.append(desk.send(f"later-{len(later)}"))

        found = copy_store(*urls, progress=meanwhile)
        assert later
        assert found.entries == 21
        assert desk.store.size() == 21 + len(later)
    with engine_of(urls[1]) as engine:
        assert verify(engine).entries == 21


def test_a_missing_source_is_not_made(tmp_path: Path, postgres_database: str) -> None:
    with pytest.raises(Unavailable):
        copy_store(f"sqlite:///{tmp_path}/none.db", postgres_database)
    assert list(tmp_path.iterdir()) == []


def test_a_source_without_a_store_is_refused(urls: list[str]) -> None:
    with engine_of(urls[0]):
        pass
    with pytest.raises(Invalid) as caught:
        copy_store(*urls)
    assert caught.value.code == "invalid_store"


def test_the_source_file_stays_byte_for_byte(sqlite_url: str, postgres_database: str) -> None:
    fill(sqlite_url, 5)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    before = hashlib.sha256(path.read_bytes()).digest()
    copy_store(sqlite_url, postgres_database)
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_an_empty_store_can_be_copied(urls: list[str]) -> None:
    with engine_of(urls[0]) as engine:
        migrate(engine)
    assert copy_store(*urls).entries == 0
    with Desk(urls[1]) as desk:
        desk.activate(POLICY)
        assert desk.store.record_sent(sent("x"), policy=POLICY, consent=None).result().seq == 2
