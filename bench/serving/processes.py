"""Starts a server in a process of its own, pinned to a core, and reads what it costs (Linux).

CPU time is the scheduler's own count for the process and its children, user and system, in
nanoseconds; wall time says little on a machine that others use too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = {_CORES[0]}
OTHER_CORES = set(_CORES[1:]) or SERVER_CORE


@dataclass(frozen=True)
class Process:
    """A running server; `said` is the JSON line it began with, with its `port`."""

    process: subprocess.Popen[str]
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def port(self) -> int:
        port: int = self.said["port"]
        return port

    def cpu(self) -> float:
        """Seconds of CPU of this process and its children, so far."""
        return sum(_cpu(pid) for pid in self._tree())

    def resident(self) -> float:
        """Resident memory of the process and its children in MB (10**6 bytes)."""
        return sum(_resident(pid) for pid in self._tree()) / 1e6

    def descriptors(self) -> int:
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self._tree())

    def _tree(self) -> list[int]:
        tree = [self.process.pid]
        for pid in tree:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                tree.extend(int(child) for child in task.read_text().split())
        return tree


@contextmanager
def python(
    module: str,
    *arguments: str,
    server: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Process]:
    """`python -m module`, which prints a JSON line when it listens."""
    command = [sys.executable, "-m", module, *arguments]
    with running(command, server=server, environment=environment) as process:
        yield process


@contextmanager
def running(
    command: Sequence[str],
    *,
    server: bool,
    environment: Mapping[str, str] | None = None,
    speaks: bool = True,
    log: Path | None = None,
) -> Iterator[Process]:
    """`command`; a `server` under test has a core of its own. One that `speaks` says its port."""
    with (log or Path(os.devnull)).open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE if speaks else errors,
            stderr=errors if log else None,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        # Its threads are not there yet; they inherit this.
        os.sched_setaffinity(process.pid, SERVER_CORE if server else OTHER_CORES)
        try:
            yield Process(process, _said(process) if speaks else {})
        finally:
            _end(process)


def _said(process: subprocess.Popen[str]) -> Mapping[str, Any]:
    assert process.stdout is not None
    lines = ""
    for line in process.stdout:
        lines += line
        try:
            said: Mapping[str, Any] = json.loads(lines)
        except ValueError:
            continue
        if "base_url" in said:
            return {**said, "port": int(said["base_url"].split(":")[2].split("/")[0])}
        return said
    raise RuntimeError(f"a server ended before it listened, saying: {lines}")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _cpu(pid: int) -> float:
    """Source: clock_getcpuclockid(3); the number of a process's own scheduler clock."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:  # It has just ended; what it used is lost, and is little.
        return 0.0


def _resident(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
