"""A finished assistant message of the hub form, as Anthropic's content blocks in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import orjson

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree
from louver.gateway.wire.hub import ANTHROPIC, BLOCKS

Tree: TypeAlias = Mapping[str, JsonTree]
Block: TypeAlias = dict[str, JsonTree]


def blocks_of(message: Tree, *, cut: bool) -> list[Block]:
    """What an answer says. `cut`: it ended for its length, perhaps in the middle of a call.

    Raises UpstreamFailed for a tool call whose arguments are no JSON object.
    """
    placed = [(place_of(block), _thinking(block)) for block in _objects(message.get(BLOCKS))]
    thought = text_of(message, "reasoning_content") or text_of(message, "reasoning")
    if thought and not placed:
        placed.append((-1, {"type": "thinking", "thinking": thought, "signature": ""}))
    placed += [(place_of(part.get(ANTHROPIC)), _text(part)) for part in _texts(message)]
    for call in _objects(message.get("tool_calls")):
        placed.append((place_of(call.get(ANTHROPIC)), _call(call, cut=cut)))
    # The sort is stable: blocks without a place of their own stay in this order.
    return [block for _, block in sorted(placed, key=lambda one: one[0])]


def place_of(own: JsonTree) -> int:
    """A block's place among those of its message; -1 where it has none."""
    at = own.get("at") if isinstance(own, dict) else None
    return at if type(at) is int and at >= 0 else -1


def text_of(tree: Tree, name: str) -> str:
    """The text under `name`; empty where there is none."""
    text = tree.get(name)
    return text if isinstance(text, str) else ""


def _texts(message: Tree) -> list[Tree]:
    parts = _objects(message.get("content_parts"))
    said = [{"text": text_of(message, "content")}] if not parts else []
    return [part for part in (*parts, *said, {"text": text_of(message, "refusal")}) if part["text"]]


def _text(part: Tree) -> Block:
    block: Block = {"type": "text", "text": part["text"]}
    return {**block, "citations": part["citations"]} if "citations" in part else block


def _thinking(block: Tree) -> Block:
    if block.get("type") == "redacted_thinking":
        return {"type": "redacted_thinking", "data": text_of(block, "data")}
    said = {name: text_of(block, name) for name in ("thinking", "signature")}
    return {"type": "thinking", **said}


def _call(call: Tree, *, cut: bool) -> Block:
    function, own = call.get("function"), call.get(ANTHROPIC)
    invocation: Tree = function if isinstance(function, dict) else {}
    block: Block = {
        "type": "tool_use",
        "id": text_of(call, "id") or f"toolu_{call.get('index', 0)}",
        "name": text_of(invocation, "name"),
        "input": _arguments(text_of(invocation, "arguments"), cut=cut),
    }
    if isinstance(own, dict) and isinstance(own.get("caller"), dict):
        block["caller"] = own["caller"]
    return block


def _arguments(text: str, *, cut: bool) -> JsonTree:
    try:
        arguments: JsonTree = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        arguments = {} if cut else None
    if isinstance(arguments, dict):
        return arguments
    raise UpstreamFailed(
        "the model's server sent tool arguments that are no JSON object", code="upstream_invalid"
    )


def _objects(value: JsonTree) -> list[Tree]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
