"""`louver` as processes of their own: a server with its log, and commands beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openai import OpenAI

COMMAND = [sys.executable, "-m", "louver"]


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for what must happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def louver(config: Path, *args: str) -> Any:
    """What a command says, as JSON."""
    done = subprocess.run(
        [*COMMAND, *args, "--config", str(config), "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@dataclass
class Served:
    """A running `louver serve`."""

    process: subprocess.Popen[bytes]
    base_url: str
    key: str
    stderr: Path
    clients: list[OpenAI] = field(default_factory=list)

    def client(self, **headers: str) -> OpenAI:
        client = OpenAI(
            base_url=self.base_url, api_key=self.key, max_retries=0, default_headers=headers
        )
        self.clients.append(client)
        return client

    @property
    def log(self) -> list[dict[str, Any]]:
        """Its log so far."""
        text = self.stderr.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, seconds: float = 20.0) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(seconds)


@contextmanager
def serving(config: Path, key: str, environment: dict[str, str] | None = None) -> Iterator[Served]:
    """`louver serve` with JSON logs, on a port of its own; `key` was made before."""
    folder = config.parent
    out, err = folder / "served.out", folder / "served.err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--config", str(config), "--json", "--log", "json"],
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )
    served: Served | None = None
    try:
        until(lambda: process.poll() is not None or b"}\n" in out.read_bytes(), 30)
        assert process.poll() is None, err.read_text(encoding="utf-8")
        told = json.loads(out.read_bytes())
        served = Served(process, told["base_url"], key, err)
        # It introduces itself before it answers.
        until(lambda: _answers(served))
        yield served
    finally:
        process.kill()
        process.wait()
        for client in served.clients if served is not None else ():
            client.close()


def _answers(served: Served | None) -> bool:
    if served is None:
        return False
    try:
        with OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
            return bool(client.models.list().data)
    except OSError:
        return False
