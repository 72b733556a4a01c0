"""What one worker costs before any model: resident memory, and the time from start to an answer."""

from __future__ import annotations

import itertools
import statistics
import time
import urllib.request
from typing import Any

from bench.serving import prompts
from bench.serving.figures import row
from bench.serving.installation import Installation, Target, installed, louver, upstream
from bench.serving.load import ask

_STARTS = 5
_NUMBERS = itertools.count(10**6)
_COMMAND = "make bench ONLY=resources"


def rows() -> list[dict[str, Any]]:
    """One row per figure; memory in MB of 10**6 bytes."""
    with upstream() as model, installed(model) as installation:
        starts = [_start(installation) for _ in range(_STARTS)]
        with louver(installation) as target:
            ask(target, 1)
            first = target.process.resident()
            ask(target, 1000)
            later = target.process.resident()
    seconds, cpu = (statistics.median(values) for values in zip(*starts, strict=True))
    return [
        row("resident memory of a worker after its first answer, MB", first, ("<=", 130), _COMMAND),
        row("resident memory of a worker after 1,000 requests, MB", later, ("<=", 130), _COMMAND),
        row("start of the process to its first answer, s", seconds, ("<=", 2), _COMMAND),
        row("CPU from start to first answer, s", cpu),
    ]


def _start(installation: Installation) -> tuple[float, float]:
    """Seconds from starting `louver serve` on an existing store to its first answer; and of CPU."""
    began = time.monotonic()
    with louver(installation) as target:
        _answer(target)
        return time.monotonic() - began, target.cpu()


def _answer(target: Target) -> None:
    body = prompts.body(next(_NUMBERS), model=prompts.MODEL, stream=False)
    headers = {"content-type": "application/json", "x-louver-person": "person-0"}
    url = f"http://127.0.0.1:{target.process.port}{target.path}"
    asked = urllib.request.Request(url, body, {**headers, **target.headers})
    with urllib.request.urlopen(asked) as answer:
        answer.read()
