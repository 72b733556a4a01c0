"""Writes answers of Anthropic's Messages API: one message, or the events that build it up.

Blocks follow each other as the events come: what is of another kind ends the block before it. A
tool call begins once its name is known to be whole, which its first arguments say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.exchanges import Exchange, JsonTree
from louver.gateway.wire.anthropic.endings import Ending
from louver.gateway.wire.anthropic.message import blocks_of, text_of
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.hub import ANTHROPIC
from louver.gateway.wire.interface import ErrorBody

Tree: TypeAlias = Mapping[str, JsonTree]

_LONGEST_ID = 256
_EMPTY: Mapping[str, Tree] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}


@dataclass(slots=True)
class _Call:
    """The tool call under way; `begun` once the client has been told of it."""

    index: int
    id: str = ""
    name: str = ""
    caller: JsonTree = None
    begun: bool = False

    def follow(self, call: Tree) -> None:
        """Note what an event says about the call itself; a name may come in parts, or again."""
        self.id = self.id or text_of(call, "id")
        own, function = call.get(ANTHROPIC), call.get("function")
        if isinstance(own, dict) and isinstance(own.get("caller"), dict):
            self.caller = own["caller"]
        name = text_of(function, "name") if isinstance(function, dict) else ""
        if name != self.name and not self.begun:
            self.name += name


class MessagesWriter:
    """Writes one answer to `exchange`."""

    def __init__(self, exchange: Exchange, error_body: ErrorBody) -> None:
        self._error_body = error_body
        self._model = exchange.model
        self._id = f"msg_{exchange.id}"
        self._begun = False
        self._index = -1
        self._open = ""
        self._call: _Call | None = None
        self._called: set[int] = set()
        self._ending = Ending()

    def chunk(self, event: dict[str, JsonTree]) -> Iterator[bytes]:
        yield from self._begin(event)
        self._ending.note_usage(event)
        for choice in _objects(event.get("choices")):
            delta = choice.get("delta")
            if isinstance(delta, dict):
                yield from self._delta(delta)
            self._ending.note_choice(choice)

    def finish(self) -> Iterator[bytes]:
        yield from self._begin({})
        yield from self._leave()
        ended = self._ending.told(called=bool(self._called))
        usage = self._ending.usage()
        yield _frame({"type": "message_delta", "delta": ended, "usage": usage})

    def end(self) -> bytes:
        return _frame({"type": "message_stop"})

    def failed(self, error: LouverError) -> bytes:
        return b"event: error\ndata: " + self._error_body(error) + b"\n\n"

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        self._name(event)
        self._ending.note_usage(event)
        choice = _objects(event.get("choices"))[0]
        self._ending.note_choice(choice)
        message = choice.get("message")
        cut = choice.get("finish_reason") == "length"
        content = blocks_of(message if isinstance(message, dict) else {}, cut=cut)
        called = any(block["type"] == "tool_use" for block in content)
        told = {**self._head(), "content": content, **self._ending.told(called=called)}
        return encode({**told, "usage": self._ending.usage()})

    def _head(self) -> dict[str, JsonTree]:
        head = {"id": self._id, "type": "message", "role": "assistant"}
        return {**head, "model": self._model}

    def _name(self, event: Tree) -> None:
        """Take over the upstream's id, if it is one of this format."""
        name = event.get("id")
        if isinstance(name, str) and name.startswith("msg_") and len(name) <= _LONGEST_ID:
            self._id = name

    def _begin(self, event: Tree) -> Iterator[bytes]:
        if self._begun:
            return
        self._begun = True
        self._name(event)
        ended = {"stop_reason": None, "stop_sequence": None}
        usage = self._ending.first_usage(event)
        message = {**self._head(), "content": [], **ended, "usage": usage}
        yield _frame({"type": "message_start", "message": message})

    def _delta(self, delta: Tree) -> Iterator[bytes]:
        thought = text_of(delta, "reasoning_content") or text_of(delta, "reasoning")
        if thought:
            yield from self._enter("thinking")
            yield self._piece({"type": "thinking_delta", "thinking": thought})
        if signature := text_of(delta, "thinking_signature"):
            yield from self._enter("thinking")
            yield self._piece({"type": "signature_delta", "signature": signature})
            yield from self._leave()
        if data := text_of(delta, "redacted_thinking"):
            yield from self._leave()
            yield self._start({"type": "redacted_thinking", "data": data}, "redacted_thinking")
            yield from self._leave()
        for field in ("content", "refusal"):
            if text := text_of(delta, field):
                yield from self._enter("text")
                yield self._piece({"type": "text_delta", "text": text})
        for citation in _objects(delta.get("citations")):
            yield from self._enter("text")
            yield self._piece({"type": "citations_delta", "citation": citation})
        if delta.get("text_end") and self._open == "text":
            yield from self._leave()
        for place, call in enumerate(_objects(delta.get("tool_calls"))):
            yield from self._tool(call, place)

    def _tool(self, call: Tree, place: int) -> Iterator[bytes]:
        at = call.get("index")
        index = at if isinstance(at, int) else place
        if self._call is None or self._call.index != index:
            if index in self._called:
                raise UpstreamFailed(
                    "the model's server sent tool calls in turns, which this format cannot tell",
                    code="upstream_invalid",
                )
            yield from self._leave()
            self._call = _Call(index)
            self._called.add(index)
        self._call.follow(call)
        function = call.get("function")
        arguments = text_of(function, "arguments") if isinstance(function, dict) else ""
        if arguments:
            yield from self._begin_call(self._call)
            yield self._piece({"type": "input_json_delta", "partial_json": arguments})

    def _begin_call(self, call: _Call) -> Iterator[bytes]:
        if call.begun:
            return
        call.begun = True
        block: dict[str, JsonTree] = {
            "type": "tool_use",
            "id": call.id or f"toolu_{self._id}_{call.index}",
            "name": call.name,
            "input": {},
        }
        if call.caller is not None:
            block["caller"] = call.caller
        yield self._start(block, "tool_use")

    def _enter(self, kind: str) -> Iterator[bytes]:
        """Begin a block of `kind`, unless one is under way."""
        if self._open != kind:
            yield from self._leave()
            yield self._start(_EMPTY[kind], kind)

    def _leave(self) -> Iterator[bytes]:
        """End the block under way; a call of which only the name came is told now."""
        if self._call is not None:
            yield from self._begin_call(self._call)
            self._call = None
        if self._open:
            self._open = ""
            yield _frame({"type": "content_block_stop", "index": self._index})

    def _start(self, block: Tree, kind: str) -> bytes:
        self._index += 1
        self._open = kind
        start = {"type": "content_block_start", "index": self._index}
        return _frame({**start, "content_block": block})

    def _piece(self, delta: Tree) -> bytes:
        return _frame({"type": "content_block_delta", "index": self._index, "delta": delta})


def _frame(event: Tree) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), encode(event))


def _objects(value: JsonTree) -> list[Tree]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
