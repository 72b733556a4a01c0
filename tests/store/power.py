"""A disk that loses power: SQLite writes through it, and a cut keeps only what a real disk must.

What was synced survives. Of what was written since, each write survives, vanishes or is torn, as
seeded, in any combination; so writes are also reordered. The files then hold what a machine would
find after the cut.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace

import apsw
from sqlalchemy import Engine, QueuePool, create_engine, event

from louver.store.database import prepare_sqlite


class Disk:
    """Remembers, for each file, what is on the platters and what is still on its way."""

    def __init__(self, folder: Path, cut_after: int) -> None:
        """`cut_after`: the number of writes and syncs until the power goes."""
        self._lock = threading.Lock()
        self._left = cut_after
        self.full = False
        self._durable = {file.name: file.read_bytes() for file in folder.iterdir()}
        # (offset, data) of a write, or (size, None) of a truncation, since the last sync.
        self._floating: dict[str, list[tuple[int, bytes | None]]] = {}

    def change(self, name: str, place: int, data: bytes | None) -> None:
        """A write or truncation has left the process. Raises once the power is off, or if full."""
        if self.full:
            raise apsw.exception_for(apsw.SQLITE_FULL)
        with self._lock:
            # The last change before the cut may still reach the platters, whole or in part.
            if self._left > 0:
                self._floating.setdefault(name, []).append((place, data))
            self._tick()

    def sync(self, name: str) -> None:
        with self._lock:
            self._tick()
            content = bytearray(self._durable.get(name, b""))
            for place, data in self._floating.pop(name, []):
                _apply(content, place, data)
            self._durable[name] = bytes(content)

    def find_after_cut(self, folder: Path, seed: int) -> None:
        """Write into `folder` what is left."""
        chance = random.Random(seed)
        folder.mkdir()
        for name in sorted(self._durable.keys() | self._floating.keys()):
            floating = self._floating.get(name, [])
            if name not in self._durable and chance.random() < 0.3:
                continue  # Not even the file's name had reached the folder.
            content = bytearray(self._durable.get(name, b""))
            for place, data in floating:
                fate = chance.choice(("kept", "kept", "lost", "torn"))
                if fate == "torn" and data is not None:
                    _apply(content, place, data[: chance.randrange(len(data))])
                elif fate == "kept":
                    _apply(content, place, data)
            (folder / name).write_bytes(bytes(content))

    def _tick(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise apsw.exception_for(apsw.SQLITE_IOERR)


def _apply(content: bytearray, place: int, data: bytes | None) -> None:
    if data is None:
        del content[place:]
        return
    content.extend(bytes(max(0, place - len(content))))
    content[place : place + len(data)] = data


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if not isinstance(path, str):
            raise apsw.IOError("a file without a name is not on this disk")
        self._disk, self._name = disk, Path(path).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.change(self._name, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.change(self._name, size, None)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._name)

    def excepthook(self, *_error: object) -> bool:
        """SQLite is told by the return code; nothing is printed."""
        return True


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:
        return _File(self._disk, name, flags)

    def excepthook(self, *_error: object) -> bool:
        """SQLite is told by the return code; nothing is printed."""
        return True


class _Cursor:
    """The part of a DBAPI cursor that SQLAlchemy uses; results are read at once."""

    arraysize = 1
    lastrowid = None

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[object, ...]] = []
        self.description: object = None
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        self._run(lambda cursor: cursor.execute(sql, tuple(parameters)))

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]]) -> None:
        self._run(lambda cursor: cursor.executemany(sql, [tuple(row) for row in parameters]))

    def fetchone(self) -> tuple[object, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[object, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int = 1) -> list[tuple[object, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        self._rows = []

    def _run(self, action: object) -> None:
        cursor = self._connection.cursor()
        self.description = None
        cursor.exec_trace = self._describe
        try:
            self._rows = list(action(cursor))  # type: ignore[operator]  # a callable on an untyped cursor
        except apsw.Error as error:
            raised = sqlite3.OperationalError("as apsw says")
            raised.sqlite_errorcode = getattr(error, "extendedresult", 1)
            raise raised from None
        self.rowcount = self._connection.changes()

    def _describe(self, cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        columns = cursor.get_description()
        self.description = [(name, *[None] * 6) for name, _ in columns] or None
        return True


class _Connection:
    isolation_level: str | None = None

    def __init__(self, path: str, vfs: str) -> None:
        self._connection = apsw.Connection(path, vfs=vfs)

    def cursor(self) -> _Cursor:
        return _Cursor(self._connection)

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def create_function(self, *_definition: object, **_options: object) -> None:
        """SQLAlchemy offers a regular expression function, which we never use."""

    def close(self) -> None:
        # A disk without power takes no farewell.
        with contextlib.suppress(apsw.Error):
            self._connection.close()

    def _end(self, how: str) -> None:
        # SQLite ends a transaction by itself when the disk fails.
        if self._connection.in_transaction:
            self.cursor().execute(how)


_ERRORS = (
    *("Error", "Warning", "InterfaceError", "DatabaseError", "DataError", "OperationalError"),
    *("IntegrityError", "InternalError", "ProgrammingError", "NotSupportedError"),
)
_DRIVER = SimpleNamespace(
    paramstyle="qmark",
    apilevel="2.0",
    threadsafety=1,
    sqlite_version_info=tuple(int(part) for part in apsw.sqlite_lib_version().split(".")),
    sqlite_version=apsw.sqlite_lib_version(),
    Binary=bytes,
    PARSE_DECLTYPES=1,
    PARSE_COLNAMES=2,
    **{name: getattr(sqlite3, name) for name in _ERRORS},
)


def open_on(disk: Disk, path: Path, synchronous: str | None = None) -> tuple[Engine, object]:
    """An engine whose SQLite writes through `disk`, set up by the same code as the real one.

    `synchronous` overrides the setting. Keep the second value as long as the engine.
    """
    name = f"power-{id(disk)}"
    vfs = _Vfs(name, disk)
    engine = create_engine(
        "sqlite://",
        module=_DRIVER,
        creator=lambda: _Connection(str(path), name),
        pool_size=1,
        max_overflow=0,
        poolclass=QueuePool,
    )

    def alone(driver: _Connection, _record: object) -> None:
        # Shared memory cannot go through a VFS written in Python; one connection needs none.
        driver.cursor().execute("PRAGMA locking_mode=EXCLUSIVE")

    def settings(driver: _Connection, _record: object) -> None:
        # So that checkpoints and restarts of the log happen all the time.
        driver.cursor().execute("PRAGMA wal_autocheckpoint=12")
        if synchronous is not None:
            driver.cursor().execute(f"PRAGMA synchronous={synchronous}")

    event.listen(engine, "connect", alone)
    prepare_sqlite(engine)
    event.listen(engine, "connect", settings)
    return engine, vfs
