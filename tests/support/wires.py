"""Servers that speak the wire formats of real ones: they say what a test tells them to.

Each keeps the raw bodies that it got and cuts the bytes of its answers wherever a test wants.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from louver.doors.http.server import serve_in_thread

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A tool call; `arguments` is JSON, cut into the `pieces` that a stream sends."""

    name: str
    pieces: tuple[str, ...]

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True)
class Said:
    """An answer: text in pieces, or a tool call."""

    pieces: Sequence[str] = ()
    call: Call | None = None


@dataclass
class Wire:
    """An ASGI server of one `kind` of upstream. `say` is told the last text that the user sent.

    `cut`: the bytes of each piece that goes over the network; `pace`: seconds before each event.
    """

    kind: str
    say: Callable[[str], Said]
    cut: int | None = None
    pace: float = 0.0
    received: list[bytes] = field(default_factory=list)

    @property
    def bytes_received(self) -> bytes:
        return b"\n".join(self.received)

    async def __call__(self, scope: Json, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.received.append(scope["raw_path"] + b"\n" + body)
        request = json.loads(body)
        said = self.say(last_text(request))
        stream = request.get("stream", self.kind == "ollama")
        kind = STREAM_TYPES[self.kind] if stream else "application/json"
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if stream:
            async for piece in self._cut(STREAMED[self.kind](said)):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            answer = json.dumps(WHOLE[self.kind](said)).encode()
            await send({"type": "http.response.body", "body": answer, "more_body": False})

    async def _cut(self, events: Iterator[bytes]) -> AsyncIterator[bytes]:
        for event in events:
            if self.pace:
                await asyncio.sleep(self.pace)
            size = self.cut or len(event)
            for at in range(0, len(event), size):
                yield event[at : at + size]


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        step = (await receive())["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{step}.complete"})
        if step == "shutdown":
            return


@contextmanager
def wired(wire: Wire) -> Iterator[str]:
    """Serve `wire`; yields the base URL as a destination's settings name it."""
    with serve_in_thread(wire) as url:
        yield url.removesuffix("/v1") if wire.kind == "ollama" else url


def last_text(request: Json) -> str:
    """What the last message says, in whatever form this wire has."""
    content = request["messages"][-1].get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def _chunk(delta: Json, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


def _openai_stream(said: Said) -> Iterator[bytes]:
    yield _chunk({"role": "assistant", "content": ""})
    for piece in said.pieces:
        yield _chunk({"content": piece})
    if said.call is not None:
        function: Json = {"name": said.call.name, "arguments": ""}
        call = {"index": 0, "id": "call_7", "type": "function", "function": function}
        yield _chunk({"tool_calls": [call]})
        for piece in said.call.pieces:
            yield _chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield _chunk({}, "tool_calls" if said.call else "stop")
    yield b"data: [DONE]\n\n"


def _openai_whole(said: Said) -> Json:
    message: Json = {"role": "assistant", "content": "".join(said.pieces)}
    if said.call is not None:
        function = {"name": said.call.name, "arguments": said.call.arguments}
        message["tool_calls"] = [{"id": "call_7", "type": "function", "function": function}]
    finish = "tool_calls" if said.call else "stop"
    choice = {"index": 0, "message": message, "finish_reason": finish}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    head = {"id": "chatcmpl-7", "object": "chat.completion", "created": 1, "model": "m"}
    return {**head, "choices": [choice], "usage": usage}


def _sse(event: Json) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _message(content: list[Json], stop: str | None) -> Json:
    head = {"id": "msg_7", "type": "message", "role": "assistant", "model": "m"}
    ending = {"stop_reason": stop, "stop_sequence": None}
    return {**head, "content": content, **ending, "usage": {"input_tokens": 5, "output_tokens": 7}}


def _anthropic_stream(said: Said) -> Iterator[bytes]:
    yield _sse({"type": "message_start", "message": _message([], None)})
    index = 0
    if said.pieces:
        block: Json = {"type": "text", "text": ""}
        yield _sse({"type": "content_block_start", "index": 0, "content_block": block})
        for piece in said.pieces:
            delta = {"type": "text_delta", "text": piece}
            yield _sse({"type": "content_block_delta", "index": 0, "delta": delta})
        yield _sse({"type": "content_block_stop", "index": 0})
        index = 1
    if said.call is not None:
        block = {"type": "tool_use", "id": "toolu_7", "name": said.call.name, "input": {}}
        yield _sse({"type": "content_block_start", "index": index, "content_block": block})
        for piece in said.call.pieces:
            delta = {"type": "input_json_delta", "partial_json": piece}
            yield _sse({"type": "content_block_delta", "index": index, "delta": delta})
        yield _sse({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": "tool_use" if said.call else "end_turn", "stop_sequence": None}
    yield _sse({"type": "message_delta", "delta": ending, "usage": {"output_tokens": 7}})
    yield _sse({"type": "message_stop"})


def _anthropic_whole(said: Said) -> Json:
    content: list[Json] = []
    if said.pieces:
        content.append({"type": "text", "text": "".join(said.pieces)})
    if said.call is not None:
        arguments = json.loads(said.call.arguments)
        tool = {"type": "tool_use", "id": "toolu_7", "name": said.call.name, "input": arguments}
        content.append(tool)
    return _message(content, "tool_use" if said.call else "end_turn")


def _ollama_line(message: Json, *, done: bool) -> Json:
    head = {"model": "m", "created_at": "2030-01-01T00:00:00Z"}
    line: Json = {**head, "message": {"role": "assistant", **message}, "done": done}
    if done:
        counts = {"prompt_eval_count": 5, "eval_count": 7, "total_duration": 9}
        line |= {"done_reason": "stop", **counts}
    return line


def _ollama_calls(call: Call) -> Json:
    function = {"name": call.name, "arguments": json.loads(call.arguments)}
    return {"content": "", "tool_calls": [{"function": function}]}


def _ollama_stream(said: Said) -> Iterator[bytes]:
    for piece in said.pieces:
        yield json.dumps(_ollama_line({"content": piece}, done=False)).encode() + b"\n"
    if said.call is not None:
        yield json.dumps(_ollama_line(_ollama_calls(said.call), done=False)).encode() + b"\n"
    yield json.dumps(_ollama_line({"content": ""}, done=True)).encode() + b"\n"


def _ollama_whole(said: Said) -> Json:
    if said.call is not None:
        return _ollama_line(_ollama_calls(said.call), done=True)
    return _ollama_line({"content": "".join(said.pieces)}, done=True)


STREAM_TYPES = {
    "openai": "text/event-stream",
    "anthropic": "text/event-stream",
    "ollama": "application/x-ndjson",
}
STREAMED: dict[str, Callable[[Said], Iterator[bytes]]] = {
    "openai": _openai_stream,
    "anthropic": _anthropic_stream,
    "ollama": _ollama_stream,
}
WHOLE: dict[str, Callable[[Said], Json]] = {
    "openai": _openai_whole,
    "anthropic": _anthropic_whole,
    "ollama": _ollama_whole,
}
