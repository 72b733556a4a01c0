"""Reads untrusted JSON with bounds; errors name the place, never the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

import orjson

from louver.core.errors import Invalid
from louver.core.exchanges import JsonTree
from louver.minimize.leaves import MAX_NESTING

T = TypeVar("T")

_WORDS: Mapping[type, str] = {
    str: "a string",
    dict: "an object",
    list: "an array",
    bool: "a boolean",
    int: "an integer",
}


def read_object(body: bytes) -> Mapping[str, JsonTree]:
    """Parse `body` as one JSON object.

    Raises Invalid for anything else: malformed JSON, invalid UTF-8, lone surrogates, NaN, NUL
    characters, nesting deeper than `MAX_NESTING`.
    """
    tree, place = _parsed(body)
    # Raised outside of any handler: the parser's own error holds the whole body as its `doc`.
    if place:
        raise Invalid(f"the request body is not valid JSON in UTF-8 ({place})")
    if not isinstance(tree, dict):
        raise Invalid("the request body is not a JSON object")
    # NUL can stand in JSON only in its escaped form.
    _bounded(tree, nul=b"\\u0000" in body)
    return tree


def _parsed(body: bytes) -> tuple[JsonTree, str]:
    """The tree, or the place where it breaks off."""
    try:
        return orjson.loads(body), ""
    except orjson.JSONDecodeError as error:
        return None, f"line {error.lineno} column {error.colno}"


def _bounded(tree: JsonTree, *, nul: bool) -> None:
    """Iterative, since a recursive check would itself be the victim."""
    level: list[JsonTree] = [tree]
    for _ in range(MAX_NESTING + 1):
        if not level:
            return
        below: list[JsonTree] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
                below += item.keys() if nul else ()
            elif isinstance(item, list):
                below += item
            elif nul and isinstance(item, str) and "\0" in item:
                raise Invalid("a string in the request contains a NUL character; remove it")
        level = below
    raise Invalid(f"the request is nested deeper than {MAX_NESTING} levels")


def expect(value: JsonTree, kind: type[T], where: str) -> T:
    """`value` if it is a `kind`. Raises Invalid naming `where`; booleans are no numbers."""
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    raise Invalid(f"{where} must be {_WORDS.get(kind, kind.__name__)}", param=where)


def objects(value: JsonTree, where: str) -> list[Mapping[str, JsonTree]]:
    """`value` as a list of objects. Raises Invalid."""
    items = expect(value, list, where)
    return [
        cast("Mapping[str, JsonTree]", expect(item, dict, f"{where}[{i}]"))
        for i, item in enumerate(items)
    ]


def number_between(tree: Mapping[str, JsonTree], name: str, low: float, high: float) -> None:
    """Check an optional number. Raises Invalid."""
    value = tree.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Invalid(f"{name} must be a number between {low:g} and {high:g}", param=name)
