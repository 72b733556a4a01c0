"""CPU that Louver adds to a raw proxy with the same server and client, per request and per chunk.

Servers, upstream and clients are processes of their own. The server under test has one core for
itself, its CPU time is the scheduler's own count, and rounds interleave: the least of each counts.
64 connections; a new prompt of 1 KB with seven values of six kinds in each request; answers of
0.7 KB that repeat the values, or 200 chunks, 20 ms apart, 64 streams at a time.
"""

from __future__ import annotations

from typing import Any

from bench.serving.figures import costs, require_minimized, row
from bench.serving.installation import street
from bench.serving.upstream import CHUNKS

REQUESTS, ROUNDS = 400, 10
STREAMS, STREAM_ROUNDS = 64, 3
_COMMAND = "make bench ONLY=proxy"


def rows() -> list[dict[str, Any]]:
    """One row per figure."""
    with street() as servers:
        targets = {
            "raw proxy": servers.floor,
            "pass-through": servers.passing,
            "everything on": servers.louver,
        }
        require_minimized(servers.upstream, servers.louver)
        whole = costs(targets, REQUESTS, ROUNDS)
        streams = costs(targets, STREAMS, STREAM_ROUNDS, stream=True)
    chunk = {name: value / CHUNKS for name, value in streams.items()}
    floor, chunk_floor = whole["raw proxy"], chunk["raw proxy"]
    passing = "pass-through (door, key check, transport and no stage: not a mode of the product)"
    return [
        row("raw proxy: CPU per request, us", floor),
        row(f"{passing}: CPU per request, us", whole["pass-through"]),
        row("everything on: CPU per request, us", whole["everything on"]),
        row("pass-through / raw proxy", whole["pass-through"] / floor, ("<=", 1.3), _COMMAND),
        row("everything on / raw proxy", whole["everything on"] / floor, ("<=", 2.5), _COMMAND),
        row("raw proxy: CPU per chunk, us", chunk_floor),
        row("pass-through: CPU per chunk, us", chunk["pass-through"]),
        row("everything on: CPU per chunk, us", chunk["everything on"]),
        row(
            "everything on / raw proxy, per chunk with its share of the request",
            chunk["everything on"] / chunk_floor,
            ("<=", 1.3),
            _COMMAND,
        ),
    ]
