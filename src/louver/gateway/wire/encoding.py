"""Writes an answer's JSON; what JSON text or our writer cannot hold is mended, never an error."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from louver.core.exchanges import JsonTree

_BEYOND_FLOATS = 10**308


def encode(event: Mapping[str, JsonTree]) -> bytes:
    """JSON bytes; half a surrogate pair becomes U+FFFD, an integer beyond 64 bits a float."""
    try:
        return orjson.dumps(event)
    except (TypeError, orjson.JSONEncodeError):
        return orjson.dumps(_mended(event))


def _mended(tree: JsonTree) -> JsonTree:
    if isinstance(tree, str):
        return tree.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(tree, dict):
        return {_mended(key): _mended(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_mended(item) for item in tree]
    if isinstance(tree, int) and not -(2**63) <= tree < 2**64:
        return float(tree) if abs(tree) < _BEYOND_FLOATS else None
    return tree
