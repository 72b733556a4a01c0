"""A cheap load generator: keeps connections busy, or a rate, and tells what it saw.

Closed loop: every connection asks again as soon as it is answered. At a given `rate`, requests are
due at fixed times, and their latency counts from then, also where no connection was free: a server
that stalls cannot hide it. Every answer is checked: it must repeat the value of its own prompt.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import httptools
import orjson
import uvloop

from bench.serving import prompts
from bench.serving.processes import ROOT

if TYPE_CHECKING:
    from bench.serving.installation import Target

_CONTENT = re.compile(rb'"content": ?"[^"]')
_DEADLINE = 120.0


@dataclass(frozen=True)
class Spec:
    """What to ask; `first` is the number of the first prompt, `rate` in requests per second."""

    port: int
    path: str
    headers: dict[str, str]
    requests: int
    connections: int = 64
    stream: bool = False
    first: int = 0
    rate: float | None = None
    model: str = prompts.MODEL
    restored: bool = True


@dataclass
class Seen:
    """Times in ms; `answered` and `starts` are moments (ns, monotonic)."""

    wall: float = 0.0
    wrong: int = 0
    chunks: int = 0
    reads: int = 0
    problem: str = ""
    latencies: list[float] = field(default_factory=list)
    first_content: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on it."""

    def __init__(self, load: Load, person: int) -> None:
        self._load = load
        self._head = _head(load.spec, person)
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._number = self._due = 0
        self._first: int | None = None
        self._asked = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(self, asked=self._asked)

    def ask(self, number: int, due: int) -> None:
        """Send the prompt `number`, which was due at `due` (ns)."""
        self._number, self._due, self._first, self._asked = number, due, None, True
        self._body.clear()
        self._parser = httptools.HttpResponseParser(self)
        body = self._load.bodies[number]
        self._transport.write(self._head % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self._load.seen.reads += 1
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body
        if self._load.spec.stream and self._first is None and _CONTENT.search(self._body):
            self._first = time.monotonic_ns()

    def on_message_complete(self) -> None:
        now = time.monotonic_ns()
        self._asked = False
        seen = self._load.seen
        seen.latencies.append((now - self._due) / 1e6)
        seen.starts.append(self._due)
        seen.answered.append(now)
        if self._first is not None:
            seen.first_content.append((self._first - self._due) / 1e6)
        self._load.done(self, self._number, bytes(self._body), self._parser.get_status_code())


class Load:
    """One run of `spec`."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.seen = Seen()
        numbers = range(spec.first, spec.first + spec.requests)
        self.bodies = {n: prompts.body(n, model=spec.model, stream=spec.stream) for n in numbers}
        self._next = iter(numbers)
        self._left = spec.requests
        self._free: list[Connection] = []
        self._late: deque[tuple[int, int]] = deque()
        self._streams: list[tuple[int, bytes]] = []
        self._finished = asyncio.Event()

    async def run(self) -> Seen:
        loop = asyncio.get_running_loop()
        for person in range(min(self.spec.connections, self.spec.requests)):
            _, made = await loop.create_connection(
                partial(Connection, self, person % prompts.PEOPLE), "127.0.0.1", self.spec.port
            )
            self._free.append(made)
        began = time.monotonic_ns()
        if self.spec.rate is None:
            while self._free:
                self._again(self._free.pop())
        else:
            await self._keep_rate(began, 1e9 / self.spec.rate)
        await asyncio.wait_for(self._finished.wait(), _DEADLINE)
        self.seen.wall = (time.monotonic_ns() - began) / 1e9
        for number, body in self._streams:
            self._check_stream(number, body)
        return self.seen

    def done(self, connection: Connection, number: int, body: bytes, status: int) -> None:
        del self.bodies[number]
        if status != 200:
            self._wrong(f"status {status}: {body[:200]!r}")
        elif self.spec.stream:
            self._streams.append((number, body))
        elif self.spec.restored and prompts.email(number).encode() not in body:
            self._wrong(f"an answer without its value: {body[:900]!r}")
        self._left -= 1
        if self._left == 0:
            self._finished.set()
        elif self._late:
            connection.ask(*self._late.popleft())
        elif self.spec.rate is None:
            self._again(connection)
        else:
            self._free.append(connection)

    def lost(self, connection: Connection, *, asked: bool) -> None:
        """An idle connection may be closed; one that waits for its answer may not."""
        if connection in self._free:
            self._free.remove(connection)
        if asked:
            self._wrong("the server closed a connection before its answer")
            self._finished.set()

    def _again(self, connection: Connection) -> None:
        number = next(self._next, None)
        if number is not None:
            connection.ask(number, time.monotonic_ns())

    async def _keep_rate(self, began: int, gap: float) -> None:
        for turn, number in enumerate(self._next):
            due = began + int(turn * gap)
            wait = (due - time.monotonic_ns()) / 1e9
            if wait > 0:
                await asyncio.sleep(wait)
            if self._free:
                self._free.pop().ask(number, due)
            else:
                self._late.append((number, due))

    def _check_stream(self, number: int, body: bytes) -> None:
        said = ""
        for line in body.split(b"\n"):
            if line.startswith(b"data: {"):
                choices = orjson.loads(line[6:]).get("choices") or [{}]
                piece = choices[0].get("delta", {}).get("content") or ""
                self.seen.chunks += bool(piece)
                said += piece
        if b"data: [DONE]" not in body:
            self._wrong("a stream without its end")
        elif self.spec.restored and prompts.email(number) not in said:
            self._wrong(f"a stream without its value: {said[:300]!r}")

    def _wrong(self, problem: str) -> None:
        self.seen.wrong += 1
        self.seen.problem = self.seen.problem or problem


def _head(spec: Spec, person: int) -> bytes:
    headers = {
        "host": f"127.0.0.1:{spec.port}",
        "content-type": "application/json",
        "x-louver-person": f"person-{person}",
        **spec.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {spec.path} HTTP/1.1\r\n{lines}content-length: %d\r\n\r\n".encode()


_asked = 0


def ask(target: Target, requests: int, **how: Any) -> Seen:
    """Run a load against `target` in a process of its own. Raises RuntimeError for wrong answers.

    No prompt is used twice in the life of this process.
    """
    global _asked  # noqa: PLW0603 - the numbers of prompts go on over all runs
    spec = Spec(target.process.port, target.path, target.headers, requests, first=_asked, **how)
    _asked += requests
    done = subprocess.run(
        [sys.executable, "-m", "bench.serving.load"],
        input=json.dumps(asdict(spec)),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr[-2000:]}")
    seen = Seen(**json.loads(done.stdout))
    if seen.wrong:
        raise RuntimeError(f"{seen.wrong} of {requests} answers are wrong: {seen.problem}")
    return seen


def main() -> None:
    spec = Spec(**json.load(sys.stdin))

    async def run() -> Seen:
        return await Load(spec).run()

    json.dump(asdict(uvloop.run(run())), sys.stdout)


if __name__ == "__main__":
    main()
