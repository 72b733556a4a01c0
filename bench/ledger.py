"""Durable ledger entries per second on SQLite with synchronous=FULL, for 64 waiting producers.

The floor is what the disk and SQLite take alone: the same rows, in as many commits, through the
bare driver. The ratio says what the house costs: events, canonical JSON, salts, hashes, tree,
threads and futures.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from louver.core.events import Answered, Sent
from louver.core.exchanges import Outcome
from louver.crypto.merkle import leaf_hash
from louver.store.database import open_database
from louver.store.migrations import migrate
from louver.store.store import Store
from louver.store.verify import verify

PRODUCERS = 64
EXCHANGES = 96  # per producer, two entries each
ROUNDS = 5
BAR = 5000
POLICY = "a1" * 32
COMMAND = "make bench"


class Clock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class System:
    def bytes(self, length: int) -> bytes:
        return os.urandom(length)


def sent(exchange: str) -> Sent:
    return Sent(
        exchange=exchange,
        tenant="northwind",
        application="helpdesk",
        person="5f" * 16,
        purpose="assistance",
        destination="practice",
        remote=False,
        policy=POLICY,
        mode="standard",
        counts={"person.name": 2, "contact.email": 1},
        because=("+mode", "+purpose", "+categories", "+local"),
    )


def produce(store: Store, worker: int) -> None:
    """What one connection of the gateway does: wait for each entry before the next step."""
    for turn in range(EXCHANGES):
        name = f"{worker:04x}{turn:028x}"
        store.record_sent(sent(name), policy=POLICY, consent=None).result()
        end = Answered(name, Outcome.ANSWERED, 200, 3, {"find": 2, "ask": 840, "restore": 1})
        store.record_answered(end).result()


def measure(folder: Path) -> tuple[float, int, int]:
    """Seconds, entries, commits of one run; the ledger is verified afterwards."""
    engine = open_database(f"sqlite:///{folder / 'louver.db'}")
    migrate(engine)
    with Store(engine, Clock(), System(), lambda *parts: leaf_hash(repr(parts).encode())) as store:
        store.activate_policy(POLICY, b"document").result()
        threads = [threading.Thread(target=produce, args=(store, i)) for i in range(PRODUCERS)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
    report = verify(engine)
    engine.dispose()
    return seconds, report.entries - 1, report.heads - 1


def floor(folder: Path, entries: int, commits: int) -> float:
    """Seconds for the same rows in as many commits by the bare driver."""
    driver = sqlite3.connect(folder / "floor.db", isolation_level=None)
    driver.execute("PRAGMA journal_mode=WAL")
    driver.execute("PRAGMA synchronous=FULL")
    driver.execute(
        "CREATE TABLE entries (seq INTEGER PRIMARY KEY, kind TEXT, time DOUBLE, exchange TEXT,"
        " payload BLOB, salt BLOB, leaf BLOB, UNIQUE (exchange, kind))"
    )
    payload, digest = os.urandom(320), os.urandom(32)
    group = -(-entries // commits)
    started = time.perf_counter()
    for first in range(0, entries, group):
        rows = [
            (seq, "sent", 1.8e9, f"{seq:032x}", payload, digest, digest)
            for seq in range(first, min(first + group, entries))
        ]
        driver.execute("BEGIN IMMEDIATE")
        driver.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        driver.execute("COMMIT")
    seconds = time.perf_counter() - started
    driver.close()
    return seconds


def rows() -> list[dict[str, Any]]:
    """The best of five interleaved rounds, as machines are shared."""
    ours: list[float] = []
    bare: list[float] = []
    groups: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="louver-bench-") as name:
            seconds, entries, commits = measure(Path(name))
            ours.append(entries / seconds)
            groups.append(entries / commits)
            bare.append(entries / floor(Path(name), entries, commits))
    rate, rate_floor = max(ours), max(bare)
    return [
        _row("durable entries/s, SQLite FULL, 64 producers", round(rate), BAR, rate >= BAR),
        _row("entries per commit", round(max(groups), 1)),
        _row("floor: bare sqlite3, same rows and commits, entries/s", round(rate_floor)),
        _row("ratio floor / ours", round(rate_floor / rate, 2)),
    ]


def _row(name: str, value: float, bar: float | None = None, holds: bool = True) -> dict[str, Any]:
    return {"name": name, "value": value, "bar": bar, "holds": holds, "command": COMMAND}
