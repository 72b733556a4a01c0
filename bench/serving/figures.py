"""What the serving benches share: CPU per request in interleaved rounds, rows with their bars."""

from __future__ import annotations

import operator
import re
import statistics
import time
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from bench.serving import prompts
from bench.serving.installation import Target
from bench.serving.load import Seen, ask
from bench.serving.processes import Process

_VALUE = re.compile(r"@|\d{4} \d{2}")  # What is left of an address, or of a long number.
_SETTLING = 0.05  # Seconds after a load, for what a server still writes.


def costs(
    targets: Mapping[str, Target], requests: int, rounds: int, **how: Any
) -> dict[str, float]:
    """CPU per request in us, the least of `rounds` interleaved rounds, for each of `targets`."""
    seen: dict[str, list[float]] = {name: [] for name in targets}
    for target in targets.values():
        ask(target, min(requests, 200), **how)
    for _ in range(rounds):
        for name, target in targets.items():
            seen[name].append(cost(target, requests, **how)[0])
    return {name: min(values) for name, values in seen.items()}


def cost(target: Target, requests: int, **how: Any) -> tuple[float, Seen]:
    """CPU per request in us during one load, and what its clients saw."""
    before = target.cpu()
    seen = ask(target, requests, **how)
    time.sleep(_SETTLING)
    return 1e6 * (target.cpu() - before) / requests, seen


def told(upstream: Process, path: str) -> Any:
    """What the scripted upstream tells about itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{upstream.port}{path}") as answer:
        return orjson.loads(answer.read())


def require_minimized(upstream: Process, target: Target) -> None:
    """A server whose values reach the upstream does not do the work that is measured."""
    ask(target, 1, connections=1)
    text = told(upstream, "/last")
    if _VALUE.search(text) or len(text) < prompts.SIZE / 2:
        raise RuntimeError(f"values reached the upstream: {text[:400]!r}")


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def row(
    name: str, value: float, bar: tuple[str, float] | None = None, command: str = "make bench"
) -> dict[str, Any]:
    """`bar`: `<=` or `>=`, and a number."""
    holds = bar is None or {"<=": operator.le, ">=": operator.ge}[bar[0]](value, bar[1])
    shown = None if bar is None else f"{bar[0]} {bar[1]:g}"
    digits = 0 if value >= 1000 else 1 if value >= 20 else 2
    rounded = round(value) if digits == 0 else round(value, digits)
    return {"name": name, "value": rounded, "bar": shown, "holds": holds, "command": command}
