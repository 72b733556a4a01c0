"""The hub form in OpenAI's own words: without what only other formats have a word for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

from louver.core.exchanges import JsonTree
from louver.gateway.wire.hub import ANTHROPIC

Tree: TypeAlias = Mapping[str, JsonTree]

OLLAMA = "ollama"
_LISTS = ("messages", "tools")
_INNER = ("content", "tool_calls")


def plain(body: Tree) -> Tree:
    """`body` as any server of OpenAI's form understands it; itself where nothing is left out."""
    changed = {
        name: [_bare(item) for item in cast("list[Tree]", body[name])]
        for name in _LISTS
        if isinstance(body.get(name), list) and any(map(_is_marked, cast("list[Tree]", body[name])))
    }
    bare = _without({**body, **changed}) if changed else _without(body)
    return (
        {name: value for name, value in bare.items() if name != OLLAMA} if OLLAMA in bare else bare
    )


def _bare(item: Tree) -> Tree:
    inner = {
        name: [_without(one) for one in cast("list[Tree]", item[name])]
        for name in _INNER
        if isinstance(item.get(name), list)
    }
    return _without({**item, **inner})


def _is_marked(item: JsonTree) -> bool:
    if not isinstance(item, dict):
        return False
    lists = [item[name] for name in _INNER if isinstance(item.get(name), list)]
    return ANTHROPIC in item or any(ANTHROPIC in one for inner in lists for one in inner)


def _without(tree: Tree) -> Tree:
    if ANTHROPIC not in tree:
        return tree
    return {name: value for name, value in tree.items() if name != ANTHROPIC}
