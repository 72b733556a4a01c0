"""Latency beside a raw proxy's: answers at 1, 16 and 64 connections, first content of streams.

Each connection asks again as soon as it is answered, so at 16 and 64 a server with one core is
always busy, and latency is the time in its queue. For streams, one connection: what is added to
the upstream's own time until its first content, from the client's first byte on; it includes the
durable record before anything leaves, and what the restorer holds back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.serving.figures import percentile, row, told
from bench.serving.installation import Street, Target, street
from bench.serving.load import ask
from bench.serving.processes import Process

_COMMAND = "make bench ONLY=latency"
_REQUESTS = {1: 200, 16: 1000, 64: 1600}
_ROUNDS = 3
_STREAMS, _STREAM_ROUNDS = 60, 3
_PACE, _THINK, _CHUNKS = 0.02, 0.02, 5


def rows() -> list[dict[str, Any]]:
    """One row per figure."""
    with street(_PACE, _THINK, _CHUNKS) as servers:
        targets = {"raw proxy": servers.floor, "louver": servers.louver}
        for target in targets.values():
            ask(target, 300)
        made = [figure for connections in _REQUESTS for figure in _whole(targets, connections)]
        return made + _streams(targets, servers)


def _whole(targets: Mapping[str, Target], connections: int) -> list[dict[str, Any]]:
    latencies: dict[str, list[float]] = {name: [] for name in targets}
    for _ in range(_ROUNDS):
        for name, target in targets.items():
            seen = ask(target, _REQUESTS[connections], connections=connections)
            latencies[name] += seen.latencies
    at = f"{connections} connection{'s' * (connections > 1)}"
    return [
        row(f"{name}, {at}: p{percent}, ms", percentile(latencies[name], percent))
        for name in targets
        for percent in (50, 99)
    ]


def _streams(targets: Mapping[str, Target], servers: Street) -> list[dict[str, Any]]:
    added: dict[str, list[float]] = {name: [] for name in targets}
    for _ in range(_STREAM_ROUNDS):
        for name, target in targets.items():
            added[name] += _added(target, servers.upstream)
    what = "added to the upstream's time to first content"
    return [
        row(f"raw proxy: {what}, p50, ms", percentile(added["raw proxy"], 50)),
        row(f"raw proxy: {what}, p99, ms", percentile(added["raw proxy"], 99)),
        row(f"louver: {what}, p50, ms", percentile(added["louver"], 50), ("<=", 5.0), _COMMAND),
        row(f"louver: {what}, p99, ms", percentile(added["louver"], 99)),
    ]


def _added(target: Target, upstream: Process) -> list[float]:
    """For each stream of one connection, in ms."""
    told(upstream, "/times")
    seen = ask(target, _STREAMS, connections=1, stream=True, restored=False)
    own = [(left - arrived) / 1e6 for arrived, left in told(upstream, "/times")]
    return [whole - inner for whole, inner in zip(seen.first_content, own, strict=True)]
