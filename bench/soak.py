"""`make soak [MINUTES=15]`: a steady load of 80 % for a while; nothing may grow.

Capacity is measured first, with 64 connections that ask again at once; then requests are due at
80 % of that rate, each with a new prompt, and latency counts from when a request was due. The first
third of the time fills caches and is not judged; over the other two thirds, growth is the Theil-Sen
slope times their length, and it must stay under a noise bound that the rows state.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from bench.serving.figures import percentile, row
from bench.serving.installation import Target, installed, louver, upstream
from bench.serving.load import ask
from bench.serving.plot import Panel, draw
from bench.serving.processes import ROOT

_LOAD = 0.8
_WINDOW = 10.0  # Seconds of load between samples.
_RESULTS = ROOT / "build" / "results"
_COMMAND = "make soak"

# Growth that is called none, as a part of the median (descriptors: as a number).
_MEMORY_NOISE, _DESCRIPTOR_NOISE, _LATENCY_NOISE = 0.03, 1.0, 0.25


@dataclass(frozen=True)
class Sample:
    """What was seen at the end of a window; `minutes` since the start, latency in ms, CPU in us."""

    minutes: float
    memory: float
    descriptors: int
    p50: float
    p99: float
    cpu: float


def rows() -> list[dict[str, Any]]:
    """One row per figure; the samples go to `build/results/soak-samples.json` and a plot."""
    minutes = float(os.environ.get("MINUTES", "15"))
    with upstream() as model, installed(model) as installation, louver(installation) as target:
        capacity = _capacity(target)
        samples = _soak(target, _LOAD * capacity, minutes)
    _keep(samples)
    return _judged(samples, capacity, minutes)


def _capacity(target: Target) -> float:
    """Requests per second that keep one core busy."""
    ask(target, 1000)
    seen = ask(target, 3000)
    return 3000 / seen.wall


def _soak(target: Target, rate: float, minutes: float) -> list[Sample]:
    samples: list[Sample] = []
    requests = max(100, int(rate * _WINDOW))
    began = time.monotonic()
    while (passed := time.monotonic() - began) < 60 * minutes:
        before = target.cpu()
        seen = ask(target, requests, rate=rate)
        sample = Sample(
            minutes=round((passed + seen.wall) / 60, 3),
            memory=round(target.resident(), 2),
            descriptors=target.process.descriptors(),
            p50=round(percentile(seen.latencies, 50), 3),
            p99=round(percentile(seen.latencies, 99), 3),
            cpu=round(1e6 * (target.cpu() - before) / requests, 1),
        )
        samples.append(sample)
        print(sample, file=sys.stderr)
    return samples


def growth(samples: Sequence[tuple[float, float]]) -> float:
    """How much the values (second of each pair) grow from the first to the last moment.

    The median of the slopes of all pairs, so that single spikes count for nothing. Source: Sen,
    JASA 63 (1968).
    """
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in combinations(samples, 2)
    ]
    return statistics.median(slopes) * (samples[-1][0] - samples[0][0])


def _judged(samples: list[Sample], capacity: float, minutes: float) -> list[dict[str, Any]]:
    late = [sample for sample in samples if sample.minutes >= minutes / 3]
    memory, p99 = (statistics.median(values) for values in _columns(late, "memory", "p99"))
    command = f"{_COMMAND} MINUTES={minutes:g}"
    grown = {
        name: growth([(sample.minutes, float(getattr(sample, name))) for sample in late])
        for name in ("memory", "descriptors", "p99")
    }
    bounds = {
        "memory": (_MEMORY_NOISE * memory, "memory, MB"),
        "descriptors": (_DESCRIPTOR_NOISE, "descriptors"),
        "p99": (_LATENCY_NOISE * p99, "p99 latency, ms"),
    }
    span = f"in the last {late[-1].minutes - late[0].minutes:.0f} minutes"
    return [
        row("capacity of one worker with 64 connections, requests/s", capacity),
        row(f"requests in {minutes:g} minutes at 80 %", capacity * _LOAD * 60 * minutes),
        row("resident memory, median, MB", memory),
        row("p50 latency, median of windows, ms", statistics.median(s.p50 for s in late)),
        row("p99 latency, median of windows, ms", p99),
        *(
            row(f"growth of {what} {span}", grown[name], ("<=", round(bound, 2)), command)
            for name, (bound, what) in bounds.items()
        ),
    ]


def _columns(samples: list[Sample], *names: str) -> list[list[float]]:
    return [[float(getattr(sample, name)) for sample in samples] for name in names]


def _keep(samples: list[Sample]) -> None:
    _RESULTS.mkdir(parents=True, exist_ok=True)
    kept = json.dumps([asdict(sample) for sample in samples], indent=1)
    (_RESULTS / "soak-samples.json").write_text(kept + "\n", encoding="utf-8")
    times, memory, descriptors, p50, p99 = _columns(
        samples, "minutes", "memory", "descriptors", "p50", "p99"
    )
    panels = [
        Panel("resident memory, MB", [memory]),
        Panel("descriptors", [descriptors]),
        Panel("latency at 80 % load, ms: p50 and p99", [p50, p99]),
    ]
    (_RESULTS / "soak.svg").write_text(draw(times, panels), encoding="utf-8")
