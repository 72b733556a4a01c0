"""Opening the database so that an acknowledged commit is on disk, and naming its failures.

SQLite: WAL, synchronous=FULL, one file that only its owner may read. PostgreSQL: through psycopg.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from louver.core.errors import Invalid, LouverError, Unavailable
from louver.store.schema import REVISION

Database: TypeAlias = Engine
"""An open database, for those who only hand it on."""

_WAIT_SECONDS = 10
_FILE = "louver_file"
_WRITES = "louver_writes"
_BEGUN = "louver_begun"
_PRAGMAS = (
    f"PRAGMA busy_timeout={_WAIT_SECONDS * 1000}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",  # On macOS a plain fsync stops at the disk's own cache.
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
)
_POSTGRES_OPTIONS = (
    f"-c lock_timeout={_WAIT_SECONDS}s "
    # More than the lock's, so that waiting for the ledger is told apart from being slow.
    f"-c statement_timeout={3 * _WAIT_SECONDS}s "
    # A replica that freezes inside a batch would hold the ledger's lock; it loses it instead.
    "-c idle_in_transaction_session_timeout=60s"
)


def open_database(url: str) -> Engine:
    """Open `sqlite:///path/to/file.db` or `postgresql://user@host/name`.

    Raises Invalid for a URL that no durable store is behind, Unavailable if it cannot be reached.
    """
    parsed = _parsed(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = _open_sqlite(parsed)
    elif backend == "postgresql":
        engine = _open_postgres(parsed)
    else:
        raise Invalid("the store is SQLite or PostgreSQL", code="invalid_store")
    try:
        with content_free(), engine.connect() as connection:
            if backend == "postgresql":
                _require_durable(connection)
    except LouverError:
        engine.dispose()
        raise
    return engine


# A host that vanishes without a word is noticed in about half a minute, not in two hours.
_POSTGRES_LINK = {
    "client_encoding": "utf8",
    "connect_timeout": f"{_WAIT_SECONDS}",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_PATIENT = "SET LOCAL statement_timeout = 0"


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed at the end, rolled back on any exception.

    On SQLite it takes the write lock at once, so that it never has to give up half-way.
    """
    with content_free(), engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine, *, patient: bool = False) -> Iterator[Connection]:
    """One read transaction that sees a single moment of the database, however long it lasts.

    `patient`: for reading all of a large ledger, where one statement may take minutes.
    """
    with content_free(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            if patient:
                be_patient(connection)
            yield connection


def be_patient(connection: Connection) -> None:
    """Let this transaction's statements take as long as they need."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_PATIENT)


@contextmanager
def content_free() -> Iterator[None]:
    """Turn the database's errors into Unavailable, without its words: they may quote values."""
    try:
        yield
    except _database_errors() as error:
        raise _unavailable(error) from None


def begun_elsewhere(connection: Connection) -> Connection:
    """Say that whoever uses `connection` begins and commits in the driver's own words."""
    return connection.execution_options(**{_BEGUN: True})


def _database_errors() -> tuple[type[Exception], ...]:
    """What drivers raise; psycopg's too, if it is in use. Asked only once something was raised."""
    driver = sys.modules.get("psycopg")
    known: type[Exception] | None = getattr(driver, "Error", None)
    ours = (SQLAlchemyError, sqlite3.Error)
    return ours if known is None else (*ours, known)


class _Cursor(Protocol):
    def execute(self, sql: str, /) -> object: ...
    def fetchone(self) -> object: ...
    def close(self) -> None: ...


class _Driver(Protocol):
    """The little of a DBAPI connection that is needed before SQLAlchemy takes over."""

    isolation_level: str | None

    def cursor(self) -> _Cursor: ...


def prepare_sqlite(engine: Engine) -> None:
    """Make every connection of `engine` durable, and its transactions begin as we say."""

    def configure(driver: _Driver, _record: object) -> None:
        driver.isolation_level = None  # The driver's own transaction handling starts them too late.
        cursor = driver.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
            if pragma.endswith("WAL") and cursor.fetchone() != ("wal",):
                raise sqlite3.OperationalError("no write-ahead log on this file system")
        cursor.close()

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get(_BEGUN, False):
            writes = options.get(_WRITES, False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)


def open_for_reading(url: str) -> Engine:
    """Open an existing store to look at it, an auditor's read-only copy too; makes nothing.

    Raises Invalid for a URL that no store can be behind, or a store of another version; Unavailable
    where none is.
    """
    parsed = _parsed(url)
    on_server = parsed.get_backend_name() == "postgresql"
    engine = _open_postgres(parsed) if on_server else _open_still(parsed)
    try:
        _require_revision(engine)
    except LouverError:
        engine.dispose()
        raise
    return engine


def _require_revision(engine: Engine) -> None:
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise Unavailable("there is no store here; check --config", code="store_lost")
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found != REVISION:
        raise Invalid(
            "the store was made by another version of Louver; `louver store migrate` brings it up "
            "to date",
            code="invalid_store",
        )


def _open_still(parsed: URL) -> Engine:
    """A SQLite file as it lies, read-only."""
    path = _sqlite_path(parsed)
    if _identity(path) is None:
        raise Unavailable("there is no store here; check --config", code="store_lost")
    # Without a place for SQLite's shared memory, a file at rest can still be read as it lies.
    log = path.with_name(f"{path.name}-wal")
    still = not os.access(path.parent, os.W_OK) and not log.exists()
    place = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(place, uri=True, check_same_thread=False, timeout=_WAIT_SECONDS)

    return create_engine(parsed.set(drivername="sqlite"), hide_parameters=True, creator=connect)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise Invalid(
            "the store's URL cannot be read; write `sqlite:///louver.db` or "
            "`postgresql://user@host/name`",
            code="invalid_store",
        ) from None


def _sqlite_path(url: URL) -> Path:
    if not url.database or ":memory:" in url.database or url.query:
        raise Invalid(
            "the ledger needs a file that outlives the process; write `sqlite:///louver.db`",
            code="invalid_store",
        )
    return Path(url.database)


def _open_sqlite(url: URL) -> Engine:
    path = _sqlite_path(url)
    try:
        # Created by us and not by SQLite, so that there is no moment when others may read it;
        # SQLite gives its log the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError:
        raise Unavailable(
            "the store's file cannot be opened; check that its folder exists and is yours",
            code="store_lost",
        ) from None
    # SQLite itself would make a new, empty file where ours was removed.
    place = f"{path.absolute().as_uri()}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(place, uri=True, check_same_thread=False)

    engine = create_engine(url.set(drivername="sqlite"), hide_parameters=True, creator=connect)
    prepare_sqlite(engine)

    def note(_driver: object, record: ConnectionPoolEntry) -> None:
        record.info[_FILE] = (path, _identity(path))

    event.listen(engine, "connect", note)
    event.listen(engine, "begin", require_same_file)
    return engine


def require_same_file(connection: Connection) -> None:
    """Raise Unavailable where the open file is no longer the one at its path.

    A file that was removed or replaced under an open connection still takes writes, which vanish
    with the process.
    """
    known = connection.info.get(_FILE)
    if known is not None and _identity(known[0]) != known[1]:
        connection.invalidate()
        raise Unavailable(_LOST, code="store_lost")


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at `path`; None for none, or an empty one."""
    try:
        status = os.stat(path)  # Asked in every commit; half the price.
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_size else None


def _open_postgres(url: URL) -> Engine:
    options = url.query.get("options", "")
    own = options if isinstance(options, str) else " ".join(options)
    url = url.set(drivername="postgresql+psycopg")
    link = {name: value for name, value in _POSTGRES_LINK.items() if name not in url.query}
    url = url.update_query_dict({"options": f"{_POSTGRES_OPTIONS} {own}".strip(), **link})
    try:
        return create_engine(
            url,
            hide_parameters=True,
            pool_timeout=_WAIT_SECONDS,
            # A server that was restarted in between costs a reader nothing but a new connection.
            pool_pre_ping=True,
            # Whatever the server's default: a batch waits for the lock and then reads anew.
            isolation_level="READ COMMITTED",
        )
    except ModuleNotFoundError:
        raise Invalid(
            "PostgreSQL needs its driver; install `louver[postgres]`", code="invalid_store"
        ) from None


def _require_durable(connection: Connection) -> None:
    for setting in ("fsync", "synchronous_commit"):
        if connection.exec_driver_sql(f"SHOW {setting}").scalar_one() == "off":
            raise Invalid(
                f"PostgreSQL runs with {setting}=off: it would confirm entries that a power cut "
                "loses; switch it on",
                code="invalid_store",
            )


_FULL = "the store's disk is full; free some space, nothing was recorded"
_BUSY = "the store is busy; try again"
_LOST = "the store cannot be reached; nothing was recorded"
_FAILED = "the store refused to record this; see `louver ledger verify`"

_SQLITE_CODES = {13: "store_full", 5: "store_busy", 6: "store_busy", 15: "store_busy"}
_SQLITE_LOST = {8, 10, 11, 14, 26}  # read-only, input/output, corrupt, cannot open, no database
# What psycopg raises without a state when the server is gone, the plain class in mid-statement.
_NO_LINK = {"OperationalError", "InterfaceError", "PipelineAborted", "DatabaseError"}
_POSTGRES_FULL = {"53100"}
_POSTGRES_BUSY = {"53300", "55P03", "40001", "40P01", "57014"}


def _unavailable(error: Exception) -> Unavailable:
    code = _code(error)
    messages = {"store_full": _FULL, "store_busy": _BUSY, "store_lost": _LOST}
    return Unavailable(messages.get(code, _FAILED), code=code)


def _code(error: Exception) -> str:
    if isinstance(error, PoolTimeout):
        return "store_busy"
    cause: object = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        # The driver's own complaints come without SQLite's number.
        primary = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        lost = primary in _SQLITE_LOST
        return _SQLITE_CODES.get(primary, "store_lost" if lost else "store_failed")
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES_FULL:
        return "store_full"
    if state in _POSTGRES_BUSY:
        return "store_busy"
    # psycopg reports a connection that it never got, or lost, without a state.
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    no_link = invalidated or type(cause).__name__ in _NO_LINK
    return "store_lost" if no_link or str(state)[:2] in ("08", "57") else "store_failed"
