"""What each client format says and understands, without a library: bodies in, answers out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Turns = list[tuple[str, str]]
"""Who said what; roles `user` and `assistant`."""

TOOL_SCHEMA: Json = {"type": "object", "properties": {"to": {"type": "string"}}}


@dataclass
class Answer:
    """What a client would show: the text, and its tool calls as name and JSON arguments."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False


@dataclass(frozen=True)
class Client:
    """One format. `body(turns, stream, tool)` makes a request; `tool` names one that is declared.

    `full` is a request that uses every field of the format, with no personal data in it.
    """

    name: str
    path: str
    body: Callable[[Turns, bool, str | None], Json]
    whole: Callable[[Json], Answer]
    streamed: Callable[[bytes], Answer]
    error: Callable[[Json], str]
    full: Json
    has_tools: bool = True
    has_turns: bool = True


def events(data: bytes) -> Iterator[Json]:
    """The JSON of each SSE event."""
    for block in data.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line.startswith("data: ")]
        if lines and lines[0] != "data: [DONE]":
            yield json.loads(lines[0].removeprefix("data: "))


def lines(data: bytes) -> Iterator[Json]:
    """The JSON of each line."""
    for line in data.splitlines():
        if line.strip():
            yield json.loads(line)


def _messages(turns: Turns) -> list[Json]:
    return [{"role": role, "content": text} for role, text in turns]


def _functions(tool: str | None) -> Json:
    if tool is None:
        return {}
    function = {"name": tool, "description": "sends", "parameters": TOOL_SCHEMA}
    return {"tools": [{"type": "function", "function": function}]}


# OpenAI chat completions


def _chat(turns: Turns, stream: bool, tool: str | None) -> Json:
    return {"model": "home", "messages": _messages(turns), "stream": stream, **_functions(tool)}


def _chat_whole(body: Json) -> Answer:
    choice = body["choices"][0]
    calls = choice["message"].get("tool_calls") or []
    said = [(c["function"]["name"], c["function"]["arguments"]) for c in calls]
    return Answer(choice["message"].get("content") or "", said, bool(choice["finish_reason"]))


def _chat_streamed(data: bytes) -> Answer:
    answer = Answer(ended=data.endswith(b"data: [DONE]\n\n"))
    calls: dict[int, list[str]] = {}
    for event in events(data):
        for choice in event["choices"]:
            answer.text += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls") or []:
                function = call.get("function", {})
                known = calls.setdefault(call["index"], ["", ""])
                known[0] += function.get("name") or ""
                known[1] += function.get("arguments") or ""
    answer.calls = [(name, arguments) for name, arguments in calls.values()]
    return answer


# OpenAI completions: one prompt, no tools


def _prompt(turns: Turns) -> str:
    return "\n".join(text for _, text in turns)


def _completions(turns: Turns, stream: bool, _tool: str | None) -> Json:
    return {"model": "home", "prompt": _prompt(turns), "stream": stream}


def _completions_whole(body: Json) -> Answer:
    choice = body["choices"][0]
    return Answer(choice["text"], [], bool(choice["finish_reason"]))


def _completions_streamed(data: bytes) -> Answer:
    said = [choice["text"] for event in events(data) for choice in event["choices"]]
    return Answer("".join(said), [], data.endswith(b"data: [DONE]\n\n"))


# OpenAI responses


def _responses(turns: Turns, stream: bool, tool: str | None) -> Json:
    body: Json = {"model": "home", "input": _messages(turns), "stream": stream}
    if tool is not None:
        body["tools"] = [{"type": "function", "name": tool, "parameters": TOOL_SCHEMA}]
    return body


def _responses_whole(body: Json) -> Answer:
    answer = Answer(ended=body["status"] == "completed")
    for item in body["output"]:
        if item["type"] == "function_call":
            answer.calls.append((item["name"], item["arguments"]))
        for part in item.get("content") or []:
            answer.text += part.get("text", "")
    return answer


def _responses_streamed(data: bytes) -> Answer:
    answer = Answer()
    for event in events(data):
        if event["type"] == "response.output_text.delta":
            answer.text += event["delta"]
        if event["type"] == "response.output_item.done" and event["item"].get("arguments"):
            answer.calls.append((event["item"]["name"], event["item"]["arguments"]))
        if event["type"] == "response.completed":
            answer.ended = True
            whole = _responses_whole(event["response"])
            assert (whole.text, whole.calls) == (answer.text, answer.calls)
    return answer


# Anthropic messages


def _messages_body(turns: Turns, stream: bool, tool: str | None) -> Json:
    body: Json = {"model": "home", "max_tokens": 500, "messages": _messages(turns)}
    if tool is not None:
        body["tools"] = [{"name": tool, "description": "sends", "input_schema": TOOL_SCHEMA}]
    return {**body, "stream": stream}


def _messages_whole(body: Json) -> Answer:
    answer = Answer(ended=bool(body["stop_reason"]))
    for block in body["content"]:
        if block["type"] == "text":
            answer.text += block["text"]
        if block["type"] == "tool_use":
            answer.calls.append((block["name"], json.dumps(block["input"], ensure_ascii=False)))
    return answer


def _messages_streamed(data: bytes) -> Answer:
    answer = Answer()
    calls: dict[int, list[str]] = {}
    for event in events(data):
        if event["type"] == "content_block_start":
            block = event["content_block"]
            if block["type"] == "tool_use":
                calls[event["index"]] = [block["name"], ""]
        if event["type"] == "content_block_delta":
            answer.text += event["delta"].get("text", "")
            if "partial_json" in event["delta"]:
                calls[event["index"]][1] += event["delta"]["partial_json"]
        if event["type"] == "message_stop":
            answer.ended = True
    answer.calls = [(name, arguments) for name, arguments in calls.values()]
    return answer


# Ollama


def _ollama_chat(turns: Turns, stream: bool, tool: str | None) -> Json:
    return {"model": "home", "messages": _messages(turns), "stream": stream, **_functions(tool)}


def _ollama_whole(body: Json) -> Answer:
    message = body["message"]
    calls = [c["function"] for c in message.get("tool_calls") or []]
    said = [(f["name"], json.dumps(f["arguments"], ensure_ascii=False)) for f in calls]
    return Answer(message["content"], said, body["done"])


def _ollama_streamed(data: bytes) -> Answer:
    answer = Answer()
    for line in lines(data):
        part = _ollama_whole(line)
        answer.text += part.text
        answer.calls += part.calls
        answer.ended = part.ended
    return answer


def _ollama_generate(turns: Turns, stream: bool, _tool: str | None) -> Json:
    return {"model": "home", "prompt": _prompt(turns), "stream": stream}


def _generate_whole(body: Json) -> Answer:
    return Answer(body["response"], [], body["done"])


def _generate_streamed(data: bytes) -> Answer:
    parts = [_generate_whole(line) for line in lines(data)]
    return Answer("".join(part.text for part in parts), [], parts[-1].ended)


def _openai_error(body: Json) -> str:
    return str(body["error"]["code"])


def _anthropic_error(body: Json) -> str:
    assert body["type"] == "error"
    return str(body["error"]["type"])


def _ollama_error(body: Json) -> str:
    assert isinstance(body["error"], str)
    return str(body["error"])


_PARAMETERS: Json = {
    "type": "object",
    "title": "Look",
    "properties": {
        "a": {"type": "string", "enum": ["one", "two"], "default": "one"},
        "b": {"type": "integer", "minimum": 1, "examples": ["x"]},
    },
    "required": ["a"],
}
_LOOK: Json = {"name": "look", "description": "looks"}

CHAT_FULL: Json = {
    "model": "home",
    "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "hello", "name": "somebody"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"a": {"b": ["c", 1]}}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "found it"},
        {"role": "user", "content": [{"type": "text", "text": "and now?"}]},
    ],
    "tools": [{"type": "function", "function": {**_LOOK, "parameters": _PARAMETERS}}],
    "metadata": {"ticket": "T1"},
    "stop": ["END"],
    "user": "somebody-else",
}
COMPLETIONS_FULL: Json = {
    "model": "home",
    "prompt": "hello",
    "stop": ["END"],
    "user": "somebody-else",
}
RESPONSES_FULL: Json = {
    "model": "home",
    "instructions": "be kind",
    "input": [
        {"role": "user", "content": "hello"},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "and this"}],
        },
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "look",
            "arguments": '{"a": {"b": ["c", 1]}}',
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "found it"},
        {"role": "user", "content": "and now?"},
    ],
    "tools": [{"type": "function", **_LOOK, "parameters": _PARAMETERS}],
    "metadata": {"ticket": "T1"},
    "user": "somebody-else",
}
MESSAGES_FULL: Json = {
    "model": "home",
    "max_tokens": 500,
    "system": [{"type": "text", "text": "be kind"}],
    "messages": [
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "a moment"},
                {
                    "type": "tool_use",
                    "id": "toolu_1",
                    "name": "look",
                    "input": {"a": {"b": ["c", 1]}},
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": [{"type": "text", "text": "found it"}],
                },
                {"type": "text", "text": "and now?"},
            ],
        },
    ],
    "tools": [{**_LOOK, "input_schema": _PARAMETERS}],
    "stop_sequences": ["END"],
    "metadata": {"user_id": "somebody-else"},
}
OLLAMA_FULL: Json = {
    "model": "home",
    "stream": False,
    "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "look", "arguments": {"a": {"b": ["c", 1]}}}}],
        },
        {"role": "tool", "tool_name": "look", "content": "found it"},
        {"role": "user", "content": "and now?"},
    ],
    "tools": [{"type": "function", "function": {**_LOOK, "parameters": _PARAMETERS}}],
    "options": {"stop": ["END"]},
}
GENERATE_FULL: Json = {
    "model": "home",
    "stream": False,
    "system": "be kind",
    "prompt": "hello",
    "options": {"stop": ["END"]},
}

CLIENTS = {
    client.name: client
    for client in (
        Client(
            "chat", "/v1/chat/completions", _chat, _chat_whole, _chat_streamed, _openai_error,
            CHAT_FULL,
        ),
        Client(
            "completions", "/v1/completions", _completions, _completions_whole,
            _completions_streamed, _openai_error, COMPLETIONS_FULL, has_tools=False,
            has_turns=False,
        ),
        Client(
            "responses", "/v1/responses", _responses, _responses_whole, _responses_streamed,
            _openai_error, RESPONSES_FULL,
        ),
        Client(
            "messages", "/v1/messages", _messages_body, _messages_whole, _messages_streamed,
            _anthropic_error, MESSAGES_FULL,
        ),
        Client(
            "ollama_chat", "/api/chat", _ollama_chat, _ollama_whole, _ollama_streamed,
            _ollama_error, OLLAMA_FULL,
        ),
        Client(
            "ollama_generate", "/api/generate", _ollama_generate, _generate_whole,
            _generate_streamed, _ollama_error, GENERATE_FULL, has_tools=False, has_turns=False,
        ),
    )
}  # fmt: skip
