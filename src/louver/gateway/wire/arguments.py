"""A tool call's arguments as an object, for formats that do not write them as JSON in a string."""

from __future__ import annotations

import json

import orjson

from louver.core.exchanges import JsonTree
from louver.minimize.leaves import too_deep

_LARGEST_INTEGER = 2**63 - 1


def arguments_of(text: str) -> dict[str, JsonTree] | None:
    """The object that `text` is the JSON of; None where it is none. No text is no arguments."""
    if not text.strip():
        return {}
    try:
        tree: JsonTree = orjson.loads(text)
    except orjson.JSONDecodeError:
        tree = _read_tolerantly(text)
    return tree if isinstance(tree, dict) and not too_deep(tree) else None


def _read_tolerantly(text: str) -> JsonTree:
    """What some models write and orjson refuses: half a surrogate pair, NaN (read as null)."""
    try:
        return json.loads(text, parse_int=_bounded, parse_constant=lambda _: None)
    except (ValueError, OverflowError, RecursionError):
        return None


def _bounded(digits: str) -> int | float:
    number = int(digits)
    return number if abs(number) <= _LARGEST_INTEGER else float(number)
