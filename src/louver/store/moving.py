"""Moving an installation from one database to another: page by page, then verified as a whole.

The rule: the target has no state until everything is there and has verified, so a copy that was
killed in the middle is no store that anybody could open. The source is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Table,
    delete,
    func,
    insert,
    inspect,
    make_url,
    select,
    tuple_,
)
from sqlalchemy.exc import ArgumentError

from louver.core.errors import Invalid, Tampered, Unavailable
from louver.store.database import be_patient, open_database, reading, writing
from louver.store.facts import State, read_state
from louver.store.migrations import configuration, migrate
from louver.store.schema import ledger_state, metadata, responses
from louver.store.verify import verify_within

PAGE = 1000
_LARGE_PAGE = 50  # Of rows that may hold a whole conversation each.

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the step (`copying` or `verifying`), how many rows are done, and of how many."""

# In an order that satisfies foreign keys; the state comes last and by itself.
_TABLES = [table for table in metadata.sorted_tables if table is not ledger_state]


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, or with `dry_run` would be; `rows` by table."""

    entries: int
    root: bytes
    rows: dict[str, int]
    dry_run: bool


def copy_store(
    source_url: str,
    target_url: str,
    *,
    dry_run: bool = False,
    overwrite_incomplete: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> Copied:
    """Copy the whole store at `source_url` to an empty database at `target_url`.

    `overwrite_incomplete` lets it start over what an interrupted copy has left. Raises Invalid for
    a source that is no store or a target that holds one, Tampered if the copy does not verify.
    """
    _require_file(source_url)
    source = open_database(source_url)
    try:
        with reading(source, patient=True) as connection:
            state, rows = _survey(connection)
            found = Copied(state.size, state.root, rows, dry_run)
            if dry_run and not _has_file(target_url):
                return found
            target = open_database(target_url)
            try:
                _require_empty(target, overwrite_incomplete)
                if not dry_run:
                    _prepare(target, overwrite_incomplete)
                    _copy(connection, target, found, progress)
                    _complete(target, state, rows, progress)
            finally:
                target.dispose()
    finally:
        source.dispose()
    return found


def _survey(connection: Connection) -> tuple[State, dict[str, int]]:
    """The source's state, and its rows by table."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision != ScriptDirectory.from_config(configuration()).get_current_head():
        raise Invalid(
            "the source is no store of this version; `louver store migrate` brings it up to date",
            code="invalid_store",
        )
    return read_state(connection), _counts(connection)


def _counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _TABLES
    }


def _require_empty(target: Engine, overwrite_incomplete: bool) -> None:
    with reading(target, patient=True) as connection:
        if not inspect(connection).has_table(ledger_state.name):
            return
        _require_room(connection, overwrite_incomplete)


def _require_room(connection: Connection, overwrite_incomplete: bool) -> None:
    """Raises Invalid unless the target is a fresh store, or an incomplete one may be replaced."""
    complete = connection.execute(select(ledger_state.c.size)).one_or_none()
    if complete is None:
        if overwrite_incomplete:
            return
        raise Invalid(
            "the target holds a copy that did not finish; start it over with "
            "--overwrite-incomplete",
            code="target_incomplete",
        )
    # Never overwritten, whatever is asked for: this is somebody's store.
    if complete.size or any(_counts(connection).values()):
        raise Invalid(
            "the target holds a store already; choose an empty database", code="target_not_empty"
        )


def _prepare(target: Engine, overwrite_incomplete: bool) -> None:
    """Make the schema, and take the state away: from here on nobody can open the target."""
    migrate(target)
    with writing(target) as connection:
        be_patient(connection)
        # Looked at before; again, since a gateway may have begun to use it.
        _require_room(connection, overwrite_incomplete)
        for table in (ledger_state, *reversed(_TABLES)):
            connection.execute(delete(table))


def _copy(source: Connection, target: Engine, found: Copied, progress: Progress) -> None:
    done, total = 0, sum(found.rows.values())
    for table in _TABLES:
        for page in _pages(source, table):
            with writing(target) as connection:
                connection.execute(insert(table), [dict(row._mapping) for row in page])
            done += len(page)
            progress("copying", done, total)


def _pages(source: Connection, table: Table) -> Iterator[list[Row[tuple[object, ...]]]]:
    """A table's rows in the order of its key, few at a time."""
    key = tuple(table.primary_key.columns)
    size = min(PAGE, _LARGE_PAGE) if table is responses else PAGE
    query = select(table).order_by(*key).limit(size)
    page = list(source.execute(query))
    while page:
        yield page
        last = tuple(page[-1]._mapping[column.name] for column in key)
        page = list(source.execute(query.where(tuple_(*key) > tuple_(*last))))


def _complete(target: Engine, state: State, rows: dict[str, int], progress: Progress) -> None:
    """Put the state there if, and only if, all verifies with it."""
    with writing(target) as connection:
        be_patient(connection)
        if connection.execute(select(ledger_state.c.id)).one_or_none() is not None:
            raise Unavailable("another copy has finished in the same target", code="store_busy")
        values = {column: getattr(state, column) for column in State.__slots__}
        connection.execute(insert(ledger_state), {"id": 1, **values})
        report = verify_within(connection, lambda done, total: progress("verifying", done, total))
        if (report.entries, report.root) != (state.size, state.root):
            raise Tampered("the copy's tree head is not the source's", param="head")
        if _counts(connection) != rows:
            raise Tampered("the copy holds another number of rows than the source", param="rows")


def _has_file(url: str) -> bool:
    """Whether opening `url` would find something rather than make a new file."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return True  # Opening it says what is wrong.
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return True
    return Path(parsed.database).exists()


def _require_file(url: str) -> None:
    if not _has_file(url):
        raise Unavailable("the source's file does not exist; check its name", code="store_lost")
