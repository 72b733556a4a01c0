"""The whole line: distinct arrival times of a stream, scanning cost over turns, CPU per request.

The floor for CPU is the same HTTP server answering the same bytes without a line behind it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import orjson

from louver.core.exchanges import Minimized, Reply
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.doors.settings.load import parse
from louver.gateway.line import Incoming
from louver.gateway.providers.interface import ReadsHubForm
from louver.house import House, Seams, build

CHUNKS, PACE, TURNS, REQUESTS = 200, 0.004, 50, 400
SETTINGS = """
version: 1
destinations: {home: {kind: practice, location: local, context: 1000000}}
models: {home: [home]}
"""
TEXT = "Please tell alice.martin@example.com (+44 20 7946 0123) that order {turn} has shipped. "
CALLER = Caller("default", "bench", "none")


class Model(ReadsHubForm):
    """Answers with the last message, word by word where it is streamed."""

    def __init__(self, pace: float = 0.0) -> None:
        self._pace = pace

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        text = orjson.loads(request.body)["messages"][-1]["content"]
        envelope = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        if not request.stream:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            yield Reply({**envelope, "choices": [choice]})
            return
        words = text.split(" ")
        for i in range(CHUNKS):
            await asyncio.sleep(self._pace)
            delta = {"content": words[i % len(words)] + " "}
            yield Reply({**envelope, "choices": [{"index": 0, "delta": delta}]})

    async def close(self) -> None:
        return


def incoming(messages: list[dict[str, str]], *, stream: bool = False) -> Incoming:
    body = json.dumps({"model": "home", "messages": messages, "stream": stream}).encode()
    return Incoming(None, {}, Sensitive(body))


async def answer(house: House, request: Incoming) -> list[float]:
    """Arrival times (seconds) of the answer's pieces."""
    outgoing = await house.line.answer(request, CALLER)
    return [time.perf_counter() async for _ in outgoing.body]


def distinct_times(house: House) -> int:
    request = incoming([{"role": "user", "content": TEXT}], stream=True)
    times = asyncio.run(answer(house, request))
    return 1 + sum(b - a > PACE / 4 for a, b in itertools.pairwise(times))


def scanning_per_turn(house: House) -> list[int]:
    messages: list[dict[str, str]] = []
    scanned = []
    for turn in range(TURNS):
        text = TEXT.format(turn=f"{turn:02}")
        messages.append({"role": "user", "content": text})
        before = house.finder.scanned_characters
        asyncio.run(answer(house, incoming(messages)))
        scanned.append(house.finder.scanned_characters - before)
        messages.append({"role": "assistant", "content": text})
    return scanned


def cpu_per_request(house: House) -> float:
    """Microseconds of process CPU for a new 1 KB prompt, everything on, without HTTP."""
    requests = [
        incoming([{"role": "user", "content": f"{i} " + TEXT.format(turn=i) * 11}])
        for i in range(REQUESTS)
    ]

    async def run() -> float:
        start = time.process_time()
        for request in requests:
            await answer(house, request)
        return time.process_time() - start

    return 1e6 * asyncio.run(run()) / REQUESTS


def row(name: str, value: float, bar: str | None, *, holds: bool = True) -> dict[str, Any]:
    return {"name": name, "value": value, "bar": bar, "holds": holds, "command": "make bench"}


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = parse(SETTINGS, file=None, folder=Path(folder))
        with build(settings, Seams(providers={"home": Model(PACE)})) as house:
            distinct = distinct_times(house)
        with build(settings, Seams(providers={"home": Model()})) as house:
            scanned = scanning_per_turn(house)
            cpu = cpu_per_request(house)
    growth = max(scanned[2:]) / scanned[1]
    arrivals = "distinct arrival times of a 200-chunk stream"
    return [
        row(arrivals, distinct, ">= 190", holds=distinct >= 190),
        row(f"characters scanned, worst of turns 3 to {TURNS} / turn 2", round(growth, 2), "<= 2",
            holds=growth <= 2),
        row("CPU per 1 KB request, everything on (us)", round(cpu), None),
    ]  # fmt: skip
