"""Plants a canary in any place of a JSON request: its values, and the keys of its objects."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place where a canary can stand: values, and the keys of objects."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield (*path, key), "key"
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list):
        for i, item in enumerate(tree):
            yield from leaves(item, (*path, i))
    elif isinstance(tree, str) and path[-1] == "arguments":
        yield path, "value"
        for inner, kind in leaves(json.loads(tree)):
            yield (*path, *inner), kind
    else:
        yield path, "value"


def planted(tree: Any, path: Path, kind: str, canary: str) -> bytes:
    """The request with `canary` in the place `path`."""
    return json.dumps(_planted(copy.deepcopy(tree), path, kind, canary)).encode()


def _planted(tree: Any, path: Path, kind: str, canary: str) -> Any:
    if not path:
        return canary
    if isinstance(tree, str):  # JSON inside of JSON.
        return json.dumps(_planted(json.loads(tree), path, kind, canary))
    step = path[0]
    if len(path) == 1 and kind == "key":
        value = tree.pop(step)
        tree[canary] = value
    else:
        tree[step] = _planted(tree[step], path[1:], kind, canary)
    return tree
