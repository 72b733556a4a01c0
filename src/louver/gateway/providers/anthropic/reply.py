"""What a server of Anthropic's Messages API says, as hub events; read strictly, in its order.

A stream is a message that starts, blocks that start, grow and stop one after the other, and an end.
Whatever comes out of that order, or grows a block that is not open, is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import orjson

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree
from louver.gateway.providers.failures import our_key
from louver.gateway.providers.openai_compatible_json import invalid
from louver.gateway.wire.anthropic.endings import REASONS
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.hub import ANTHROPIC, BLOCKS

Tree: TypeAlias = Mapping[str, JsonTree]
Event: TypeAlias = dict[str, JsonTree]

_STATUSES: Mapping[str, int] = {
    "invalid_request_error": 400,
    "billing_error": 402,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_KEY_ERRORS = frozenset({"authentication_error", "permission_error"})
_MOST_BLOCKS = 4096
_MOST_TOKENS = 2**53
_LONGEST_ID = 256
# What each delta of a block is called, where its text stands, and where in the hub form it goes.
_DELTAS: Mapping[str, tuple[str, str, str]] = {
    "text_delta": ("text", "text", "content"),
    "thinking_delta": ("thinking", "thinking", "reasoning_content"),
    "signature_delta": ("thinking", "signature", "thinking_signature"),
}


class AnswerReader:
    """Reads the events of one answer in order; `done` once the server said that it is complete.

    `ended`: it said why it stopped, so that only the last event is missing.
    """

    def __init__(self, model: str, created: int) -> None:
        self.done = False
        self.ended = False
        self._head: Event = {"id": "", "object": "chat.completion.chunk"}
        self._head |= {"created": created, "model": model}
        self._open = ""
        self._blocks = 0
        self._calls = 0
        self._last = ""
        self._usage: Event = {}

    def event(self, tree: Tree) -> list[Event]:
        """The hub events of one event. Raises UpstreamFailed."""
        kind = tree.get("type")
        if kind == "ping" or not isinstance(kind, str):
            return []
        if kind == "error":
            raise failure_of(tree)
        if kind == "message_start":
            return [self._start(tree)]
        if not self._head["id"]:
            raise invalid("the provider's stream does not begin with the start of a message")
        if self.ended and kind.startswith("content_block"):
            raise invalid("the provider's stream goes on after the end of the message")
        match kind:
            case "content_block_start":
                return self._begin(tree)
            case "content_block_delta":
                return self._grow(tree)
            case "content_block_stop":
                self._stop(tree)
                return []
            case "message_delta":
                return self._end(tree)
            case "message_stop":
                if not self.ended:
                    raise invalid("the provider's stream ends before it says why")
                self.done = True
                return []
            case _:  # The API may have new events at any time; they are to be ignored.
                return []

    def _start(self, tree: Tree) -> Event:
        message = _object(tree, "message")
        if self._head["id"]:
            raise invalid("the provider's stream starts a second message")
        self._head["id"] = _name(message)
        self._usage = _counts(message.get("usage"))
        first = self._event({"role": "assistant", "content": ""})
        return {**first, ANTHROPIC: {"usage": self._usage}} if self._usage else first

    def _begin(self, tree: Tree) -> list[Event]:
        if self._open or _index(tree) != self._blocks or self._blocks >= _MOST_BLOCKS:
            raise invalid("the provider's stream starts a block out of its order")
        block = _object(tree, "content_block")
        self._open = str(block.get("type"))
        self._blocks += 1
        events: list[Event] = []
        match self._open:
            case "text":
                if self._last == "text":
                    events.append(self._event({"text_end": True}))
                if block.get("text"):
                    events.append(self._event({"content": _text(block, "text")}))
                if block.get("citations"):
                    events.append(self._event({"citations": block["citations"]}))
            case "thinking":
                if block.get("thinking"):
                    thought = _text(block, "thinking")
                    events.append(self._event({"reasoning_content": thought}))
            case "redacted_thinking":
                events.append(self._event({"redacted_thinking": _text(block, "data")}))
            case "tool_use":
                events.append(self._event({"tool_calls": [self._call(block)]}))
            case _:
                raise invalid("the provider's answer has a block of a kind that was not asked for")
        self._last = self._open
        return events

    def _call(self, block: Tree) -> Event:
        call = call_of(block, self._calls)
        self._calls += 1
        return call

    def _grow(self, tree: Tree) -> list[Event]:
        if not self._open or _index(tree) != self._blocks - 1:
            raise invalid("the provider's stream grows a block that is not open")
        delta = _object(tree, "delta")
        kind = delta.get("type")
        if self._open == "tool_use" and kind == "input_json_delta":
            function = {"arguments": _text(delta, "partial_json")}
            call: Event = {"index": self._calls - 1, "function": function}
            return [self._event({"tool_calls": [call]})]
        if self._open == "text" and kind == "citations_delta":
            return [self._event({"citations": [_object(delta, "citation")]})]
        block, name, field = _DELTAS.get(str(kind), ("", "", ""))
        if block != self._open:
            raise invalid("the provider's stream grows a block by what is not of its kind")
        text = _text(delta, name)
        return [self._event({field: text})] if text else []

    def _stop(self, tree: Tree) -> None:
        if not self._open or _index(tree) != self._blocks - 1:
            raise invalid("the provider's stream stops a block that is not open")
        self._open = ""

    def _end(self, tree: Tree) -> list[Event]:
        delta = _object(tree, "delta")
        last = _counts(tree.get("usage"))
        self._usage |= {name: value for name, value in last.items() if value is not None}
        if delta.get("stop_reason") is None or self.ended:
            return []
        if self._open:
            raise invalid("the provider's message ends within a block")
        self.ended = True
        event = {**self._head, "choices": [{"index": 0, "delta": {}, **ending_of(delta)}]}
        return [{**event, "usage": {**usage_of(self._usage), ANTHROPIC: last}}]

    def _event(self, delta: Event) -> Event:
        choice: Event = {"index": 0, "delta": delta, "finish_reason": None}
        return {**self._head, "choices": [choice]}


def whole(tree: Tree, model: str, created: int) -> Event:
    """A whole message as a `chat.completion`. Raises UpstreamFailed."""
    content = tree.get("content")
    if tree.get("type") != "message" or not isinstance(content, list):
        raise invalid("the provider's answer is no message")
    if not isinstance(tree.get("stop_reason"), str):
        raise invalid("the provider's answer does not say why it ended")
    usage = _counts(tree.get("usage"))
    head: Event = {"id": _name(tree), "object": "chat.completion"}
    choice: Event = {"index": 0, "message": _message(content), **ending_of(tree)}
    told: Event = {**head, "created": created, "model": model, "choices": [choice]}
    return {**told, "usage": {**usage_of(usage), ANTHROPIC: usage}} if usage else told


def _message(content: list[JsonTree]) -> Event:
    """The blocks of a message by kind; each with its place where their order is not the usual."""
    thoughts: list[Event] = []
    texts: list[Event] = []
    calls: list[Event] = []
    order: list[int] = []
    for block in content:
        if not isinstance(block, dict):
            raise invalid("the provider's answer has a block that is none")
        match block.get("type"):
            case "text":
                texts.append({**block, "text": _text(block, "text")})
                order.append(1)
            case "thinking":
                said = {name: _text(block, name) for name in ("thinking", "signature")}
                thoughts.append({"type": "thinking", **said})
                order.append(0)
            case "redacted_thinking":
                thoughts.append({"type": "redacted_thinking", "data": _text(block, "data")})
                order.append(0)
            case "tool_use":
                calls.append(call_of(block, len(calls), whole=True))
                order.append(2)
            case _:
                raise invalid("the provider's answer has a block of a kind that was not asked for")
    if order != sorted(order):
        rows = [iter(row) for row in (thoughts, texts, calls)]
        for at, row in enumerate(order):
            block = next(rows[row])
            own = block.get(ANTHROPIC)
            placed: Event = {**(own if isinstance(own, dict) else {}), "at": at}
            block |= placed if row == 0 else {ANTHROPIC: placed}
    said_all = "".join(str(text["text"]) for text in texts)
    message: Event = {"role": "assistant", "content": said_all if texts or not calls else None}
    if thoughts:
        message["reasoning_content"] = "".join(str(t.get("thinking", "")) for t in thoughts)
        message[BLOCKS] = thoughts
    if len(texts) > 1 or any("citations" in text or ANTHROPIC in text for text in texts):
        message["content_parts"] = texts
    if calls:
        message["tool_calls"] = calls
    return message


def call_of(block: Tree, index: int, *, whole: bool = False) -> Event:
    """A `tool_use` block as a tool call; of a stream's start, without its arguments."""
    arguments = block.get("input")
    if whole and not isinstance(arguments, dict):
        raise invalid("the provider's tool call has no arguments")
    given = arguments if isinstance(arguments, dict) else {}
    written = encode(given).decode() if whole or given else ""
    call: Event = {
        "index": index,
        "id": _text(block, "id"),
        "type": "function",
        "function": {"name": _text(block, "name"), "arguments": written},
    }
    caller = block.get("caller")
    return {**call, ANTHROPIC: {"caller": caller}} if isinstance(caller, dict) else call


def ending_of(told: Tree) -> Event:
    """How a message ended, of the message itself or of a stream's `message_delta`."""
    reason, sequence, details = (
        told.get(name) for name in ("stop_reason", "stop_sequence", "stop_details")
    )
    own: Event = {"stop_reason": reason}
    if isinstance(details, dict):
        own["stop_details"] = details
    ending: Event = {"finish_reason": REASONS.get(str(reason), "stop"), ANTHROPIC: own}
    return {**ending, "stop_sequence": sequence} if isinstance(sequence, str) else ending


def usage_of(usage: Tree) -> Event:
    """Token counts in OpenAI's words; there, what came from a cache counts as given too."""
    written, read = (
        _count(usage, "cache_creation_input_tokens"),
        _count(usage, "cache_read_input_tokens"),
    )
    given = _count(usage, "input_tokens") + written + read
    made = _count(usage, "output_tokens")
    told: Event = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
    if read:
        told["prompt_tokens_details"] = {"cached_tokens": read}
    details = usage.get("output_tokens_details")
    if isinstance(details, dict) and (thought := _count(details, "thinking_tokens")):
        told["completion_tokens_details"] = {"reasoning_tokens": thought}
    return told


def failure_of(tree: Tree, status: int | None = None) -> UpstreamFailed:
    """The failure that a server tells, whole or inside a stream, in the words of the hub form."""
    error = tree.get("error")
    told: Tree = error if isinstance(error, dict) else {"message": error} if error else {}
    kind, message = told.get("type"), told.get("message")
    if status is None and kind in _KEY_ERRORS:
        return our_key()
    words: Event = {
        "message": message if isinstance(message, str) else "the model's server failed",
        "type": kind if isinstance(kind, str) else "api_error",
        "param": None,
        "code": None,
    }
    return UpstreamFailed(
        "the provider reported an error inside its answer",
        status=status or _STATUSES.get(str(kind), 502),
        body=orjson.dumps({"error": words, ANTHROPIC: tree}) if told else b"",
    )


def _name(message: Tree) -> str:
    name = message.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
        raise invalid("the provider's message has no id")
    return name


def _index(tree: Tree) -> int:
    index = tree.get("index")
    return index if type(index) is int else -1


def _object(tree: Tree, name: str) -> Event:
    value = tree.get(name)
    if not isinstance(value, dict):
        raise invalid("the provider's answer has a field of the wrong type")
    return value


def _text(tree: Tree, name: str) -> str:
    value = tree.get(name)
    if not isinstance(value, str):
        raise invalid("the provider's answer has a field of the wrong type")
    return value


def _counts(usage: JsonTree) -> Event:
    return dict(usage) if isinstance(usage, dict) else {}


def _count(tree: Tree, name: str) -> int:
    value = tree.get(name)
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0
