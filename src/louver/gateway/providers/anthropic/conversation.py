"""Messages of the hub form as Anthropic's: system text apart, turns that alternate, tool results.

Consecutive messages of one side become one, as the API itself would make them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from louver.core.errors import NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.providers.anthropic.parts import (
    blocks_of,
    called,
    objects,
    own_of,
    safe_id,
    texts_of,
    thoughts_of,
)
from louver.gateway.wire.anthropic.message import place_of
from louver.gateway.wire.citing import Carrier, Sources

Tree: TypeAlias = Mapping[str, JsonTree]
Wire: TypeAlias = dict[str, JsonTree]


class Conversation:
    """Takes messages in order; `told()` is how the request says them."""

    def __init__(self) -> None:
        self._system: list[Wire] = []
        self._turns: list[tuple[str, list[Wire]]] = []

    def add(self, message: Tree, where: str) -> None:
        """Raises Invalid, NotYetSupported."""
        match message.get("role"):
            case "system" | "developer":
                texts = texts_of(message, f"{where}.content")
                if own_of(message).get("in_place") is True:
                    self._say("system", texts)
                else:
                    self._system += texts
            case "user":
                self._say("user", _named(message, blocks_of(message, f"{where}.content")))
            case "assistant":
                self._say("assistant", _answer(message, where))
            case "tool":
                self._say("user", [_result(message, where)])
            case _:
                raise NotYetSupported(
                    f"{where}: results of functions are not supported for this model; use tools",
                    param=f"{where}.role",
                )

    def told(self) -> Wire:
        """`system`, if there is any, and `messages`."""
        turns = self._turns
        system = self._system
        if not turns:  # Somebody has to say something: there, what the system says.
            turns, system = [("user", system)], []
        _locate(turns)
        messages: list[JsonTree] = [
            {"role": role, "content": _plain(blocks)} for role, blocks in turns
        ]
        told: Wire = {"messages": messages}
        return {"system": _plain(system), **told} if system else told

    def _say(self, role: str, blocks: list[Wire]) -> None:
        if not blocks:
            return
        if self._turns and self._turns[-1][0] == role:
            self._turns[-1][1].extend(blocks)
        else:
            self._turns.append((role, blocks))


def _answer(message: Tree, where: str) -> list[Wire]:
    """What the assistant said, in the order in which it said it."""
    if message.get("function_call") is not None:
        raise NotYetSupported(
            f"{where}: calls of functions are not supported for this model; use tools",
            param=f"{where}.function_call",
        )
    placed = [(place_of(block), told) for block, told in thoughts_of(message)]
    content = message.get("content")
    parts = objects(content) if isinstance(content, list) else [{}]
    texts = texts_of(message, f"{where}.content", drop_empty=False)
    placed += [
        (place_of(own_of(part)), text)
        for part, text in zip(parts, texts, strict=True)
        if text["text"]
    ]
    for i, call in enumerate(objects(message.get("tool_calls"))):
        placed.append((place_of(own_of(call)), called(call, f"{where}.tool_calls[{i}]")))
    return [block for _, block in sorted(placed, key=lambda one: one[0])]


def _named(message: Tree, blocks: list[Wire]) -> list[Wire]:
    """The API has no names for those who speak: a name is said before what its owner says."""
    name = message.get("name")
    if isinstance(name, str) and name and blocks and blocks[0]["type"] == "text":
        return [{**blocks[0], "text": f"{name}: {blocks[0]['text']}"}, *blocks[1:]]
    return blocks


def _result(message: Tree, where: str) -> Wire:
    own = own_of(message)
    name = message.get("tool_call_id")
    result: Wire = {"type": "tool_result", "tool_use_id": safe_id(name)}
    content = _plain(blocks_of(message, f"{where}.content"))
    if content:
        result["content"] = content
    return {**result, **{k: own[k] for k in ("is_error", "cache_control") if k in own}}


def _plain(blocks: list[Wire]) -> JsonTree:
    """Blocks as `content`; one plain text is a string."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return blocks[0]["text"]
    return list(blocks)


def _locate(turns: list[tuple[str, list[Wire]]]) -> None:
    """Give citations in the history their places in what leaves; those without one are left out."""
    blocks = [block for _, said in turns for block in said]
    if not any("citations" in block and block["type"] == "text" for block in blocks):
        return
    carrier = Carrier(Sources.of({"messages": [{"content": blocks}]}))
    for block in blocks:
        if block["type"] == "text":
            cited = (carrier.located(one) for one in objects(block.pop("citations", None)))
            found: list[JsonTree] = [one for one in cited if one is not None]
            if found:
                block["citations"] = found
