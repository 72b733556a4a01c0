"""Durable ledger entries per second on SQLite with synchronous=FULL, for 64 waiting producers.

Producers are tasks of one event loop, as in the gateway; threads are shown beside them. The floor
is what the disk and SQLite take alone: the same rows, in as many commits, through the bare driver.
The ratio says what the house costs: events, canonical JSON, salts, hashes, tree, waking up.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from louver.core.events import Answered, Sent
from louver.core.exchanges import Outcome
from louver.crypto.merkle import leaf_hash
from louver.gateway.memory import Memory
from louver.store.database import Database, open_database
from louver.store.migrations import migrate
from louver.store.store import Store
from louver.store.verify import verify

PRODUCERS = 64
EXCHANGES = 96  # per producer, two entries each
ALONE = 1000  # exchanges of a producer that has no company
ROUNDS = 5
BAR = 5000
MICROSECONDS = 40
POLICY = "a1" * 32
COMMAND = "python -m bench ledger postgres"


class Clock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class System:
    def bytes(self, length: int) -> bytes:
        return os.urandom(length)


def exchange_id() -> str:
    """An id as the house makes them: the time, then chance."""
    return f"ex-{time.time_ns() // 1_000_000:011x}{os.urandom(10).hex()}"


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
        body="c3" * 32,
    )


def answered(exchange: str) -> Answered:
    took = {"find": 2, "ask": 840, "restore": 1}
    return Answered(exchange, Outcome.ANSWERED, 200, 3, took, "key00001", 210, 320)


def produce(store: Store) -> None:
    """One thread: waits for each entry before the next step."""
    for _ in range(EXCHANGES):
        name = exchange_id()
        store.record_sent(sent(name), policy=POLICY, consent=None).result()
        store.record_answered(answered(name)).result()


async def ask(memory: Memory, exchanges: int) -> None:
    """One request after the other, as a connection of the gateway."""
    for _ in range(exchanges):
        name = exchange_id()
        await memory.record_sent(sent(name), None)
        await memory.record_answered(answered(name))


def by_threads(store: Store) -> None:
    threads = [threading.Thread(target=produce, args=(store,)) for _ in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def by_tasks(store: Store) -> None:
    async def all_of_them() -> None:
        memory = Memory(store)
        await asyncio.gather(*(ask(memory, EXCHANGES) for _ in range(PRODUCERS)))

    uvloop.run(all_of_them())


def by_one_task(store: Store) -> None:
    uvloop.run(ask(Memory(store), ALONE))


@dataclass(frozen=True)
class Run:
    """Wall and CPU seconds of this process, entries and commits."""

    seconds: float
    processor: float
    entries: int
    commits: int

    @property
    def rate(self) -> float:
        """Entries per second."""
        return self.entries / self.seconds

    @property
    def microseconds(self) -> float:
        """CPU per entry, event loop and its wake-ups included."""
        return 1e6 * self.processor / self.entries

    @property
    def group(self) -> float:
        """Entries per commit."""
        return self.entries / self.commits


def timed(url: str, work: Callable[[Store], object]) -> Run:
    """Run `work` on a new store; the ledger is verified afterwards."""
    engine = open_database(url)
    with opened(engine) as store:
        started, used = time.perf_counter(), time.process_time()
        work(store)
        seconds, processor = time.perf_counter() - started, time.process_time() - used
    report = verify(engine)
    engine.dispose()
    return Run(seconds, processor, report.entries - 1, report.heads - 1)


def opened(engine: Database) -> Store:
    """A store on a migrated database, with the policy in force."""
    migrate(engine)
    store = Store(engine, Clock(), System(), lambda *parts: leaf_hash(repr(parts).encode()))
    store.activate_policy(POLICY, b"document").result()
    return store


def floor(folder: Path, entries: int, commits: int) -> float:
    """Entries per second for the same rows in as many commits by the bare driver."""
    driver = sqlite3.connect(folder / "floor.db", isolation_level=None)
    driver.execute("PRAGMA journal_mode=WAL")
    driver.execute("PRAGMA synchronous=FULL")
    driver.execute(
        "CREATE TABLE entries (seq INTEGER PRIMARY KEY, kind TEXT, time DOUBLE, exchange TEXT,"
        " payload BLOB, salt BLOB, leaf BLOB, UNIQUE (exchange, kind))"
    )
    payload, digest = os.urandom(480), os.urandom(32)
    group = -(-entries // commits)
    started = time.perf_counter()
    for first in range(0, entries, group):
        rows = [
            (seq, "sent", 1.8e9, exchange_id(), payload, digest, digest)
            for seq in range(first, min(first + group, entries))
        ]
        driver.execute("BEGIN IMMEDIATE")
        driver.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        driver.execute("COMMIT")
    seconds = time.perf_counter() - started
    driver.close()
    return entries / seconds


def rows() -> list[dict[str, Any]]:
    """The best of five interleaved rounds, as machines are shared."""
    tasks: list[Run] = []
    threads: list[Run] = []
    alone: list[Run] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="louver-bench-") as name:
            tasks.append(timed(f"sqlite:///{name}/tasks.db", by_tasks))
            bare.append(floor(Path(name), tasks[-1].entries, tasks[-1].commits))
            threads.append(timed(f"sqlite:///{name}/threads.db", by_threads))
            alone.append(timed(f"sqlite:///{name}/alone.db", by_one_task))
    best = max(run.rate for run in tasks)
    return [
        at_least(f"durable entries/s, SQLite FULL, {PRODUCERS} tasks", best, BAR),
        *described(tasks, threads, alone),
        row("floor: bare sqlite3, same rows and commits, entries/s", round(max(bare))),
        row("ratio floor / ours", round(max(bare) / best, 2)),
    ]


def described(tasks: list[Run], threads: list[Run], alone: list[Run]) -> list[dict[str, Any]]:
    """The rows that both databases have."""
    group = max(run.group for run in tasks)
    cost = min(run.microseconds for run in tasks)
    by_hand = max(run.rate for run in threads)
    lone = min(run.microseconds for run in alone)
    return [
        row("entries per commit", round(group, 1)),
        row("CPU us per entry, this process", round(cost, 1), MICROSECONDS, cost <= MICROSECONDS),
        row(f"durable entries/s, {PRODUCERS} threads instead of tasks", round(by_hand)),
        row("CPU us per entry of a task without company", round(lone)),
    ]


def at_least(name: str, value: float, bar: float) -> dict[str, Any]:
    return row(name, round(value), bar, value >= bar)


def row(name: str, value: float, bar: float | None = None, holds: bool = True) -> dict[str, Any]:
    """One figure as `python -m bench` prints it."""
    return {"name": name, "value": value, "bar": bar, "holds": holds, "command": COMMAND}
