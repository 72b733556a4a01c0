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
from louver.store.database import Database, open_database
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


def opened(engine: Database) -> Store:
    """A store on a migrated database, with the policy in force."""
    migrate(engine)
    store = Store(engine, Clock(), System(), lambda *parts: leaf_hash(repr(parts).encode()))
    store.activate_policy(POLICY, b"document").result()
    return store


def measure(url: str) -> tuple[float, int, int]:
    """Seconds, entries, commits of one run; the ledger is verified afterwards."""
    engine = open_database(url)
    with opened(engine) as store:
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


def processor(url: str) -> tuple[float, float]:
    """Microseconds of this process's CPU per commit of one entry, and per entry of a full batch."""
    engine = open_database(url)
    with opened(engine) as store:
        started = time.process_time()
        for turn in range(1000):
            store.record_sent(sent(f"a{turn:031x}"), policy=POLICY, consent=None).result()
        alone = (time.process_time() - started) / 1000
        started = time.process_time()
        for group in range(20):
            names = [f"b{group:03x}{turn:028x}" for turn in range(512)]
            futures = [store.record_sent(sent(x), policy=POLICY, consent=None) for x in names]
            futures[-1].result()
        grouped = (time.process_time() - started) / (20 * 512)
    engine.dispose()
    return alone * 1e6, grouped * 1e6


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
    used: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="louver-bench-") as name:
            seconds, entries, commits = measure(f"sqlite:///{name}/louver.db")
            ours.append(entries / seconds)
            groups.append(entries / commits)
            bare.append(entries / floor(Path(name), entries, commits))
            used.append(processor(f"sqlite:///{name}/processor.db"))
    rate, rate_floor = max(ours), max(bare)
    alone, grouped = (min(figures) for figures in zip(*used, strict=True))
    return [
        row("durable entries/s, SQLite FULL, 64 producers", round(rate), BAR, rate >= BAR),
        row("entries per commit", round(max(groups), 1)),
        row("floor: bare sqlite3, same rows and commits, entries/s", round(rate_floor)),
        row("ratio floor / ours", round(rate_floor / rate, 2)),
        row("CPU us per commit of one entry", round(alone), None, True),
        row(
            "CPU us per entry of a full batch",
            round(grouped, 1),
            None,
            True,
        ),
    ]


def row(name: str, value: float, bar: float | None = None, holds: bool = True) -> dict[str, Any]:
    """One figure as `python -m bench` prints it."""
    return {"name": name, "value": value, "bar": bar, "holds": holds, "command": COMMAND}
