"""Decodes a provider's JSON objects: fast where they are plain, tolerant where servers are sloppy.

Tolerated: lone surrogates (some servers split an emoji's pair over two deltas), NaN and infinities
(read as null), repeated keys (the last counts). Refused as `upstream_invalid`: everything else that
is no JSON object, and nesting beyond `DEPTH`, so that nobody downstream meets a recursion limit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import orjson

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree

DEPTH = 100


def decode(data: bytes) -> Mapping[str, JsonTree]:
    """The JSON object in `data`. Raises UpstreamFailed with code `upstream_invalid`."""
    value: object = None
    try:
        value = orjson.loads(data)
        plain = True
    except orjson.JSONDecodeError:
        # Left before anything else is raised: this error holds the document.
        plain = False
    if not plain:
        value = _decode_tolerantly(data)
    if not isinstance(value, dict):
        raise invalid("the provider's answer is not a JSON object")
    # Each level costs a bracket: few brackets need no walk.
    if data.count(b"{") + data.count(b"[") > DEPTH and _deeper_than(value, DEPTH):
        raise invalid("the provider's answer is nested too deeply")
    return value


def invalid(message: str) -> UpstreamFailed:
    return UpstreamFailed(message, code="upstream_invalid")


def _decode_tolerantly(data: bytes) -> object:
    try:
        return json.loads(
            data.decode("utf-8"), parse_constant=lambda _: None, parse_float=_finite_or_none
        )
    except (ValueError, RecursionError):
        pass
    raise invalid("the provider's answer is not valid JSON")


def _finite_or_none(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _deeper_than(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return any(isinstance(node, dict | list) for node in level)
