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
        return orjson.dumps(_all_mended(event))


def mended(text: str) -> str:
    """`text` with surrogate pairs as the characters that they mean, and halves as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _all_mended(tree: JsonTree) -> JsonTree:
    if isinstance(tree, str):
        return mended(tree)
    if isinstance(tree, dict):
        return {_all_mended(key): _all_mended(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_all_mended(item) for item in tree]
    if isinstance(tree, int) and not -(2**63) <= tree < 2**64:
        return float(tree) if abs(tree) < _BEYOND_FLOATS else None
    return tree
