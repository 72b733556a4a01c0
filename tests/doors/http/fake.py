"""A line that does what a test tells it, and raw sockets that behave as badly as a client can."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from louver.core.encoding import Json
from louver.core.errors import Invalid, Unauthenticated, UnknownModel, UnknownResponse
from louver.core.exchanges import JsonTree
from louver.core.policy import Destination, Location
from louver.core.sensitive import Sensitive
from louver.doors.http.app import Gateway, Limits
from louver.doors.http.server import serve_in_thread
from louver.doors.settings.values import Server
from louver.gateway.answering import Body, Complete
from louver.gateway.line import Incoming, Outgoing
from louver.gateway.readiness import Readiness

KEY = "Bearer lv_test"


async def once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def completion() -> bytes:
    message = {"role": "assistant", "content": "Hello."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "louver"}
    return json.dumps({**answer, "choices": [choice]}).encode()


_DONE = {"model": "louver", "created_at": "1970-01-01T00:00:00Z", "done": True}
_USED = {"prompt_tokens": 1, "total_tokens": 1}
ANSWERS: dict[str, dict[str, object]] = {
    "openai.completions": {
        "id": "x",
        "object": "text_completion",
        "created": 1,
        "model": "louver",
        "choices": [{"index": 0, "text": "Hello.", "finish_reason": "stop"}],
    },
    "openai.embeddings": {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [1.0]}],
        "model": "louver",
        "usage": _USED,
    },
    "anthropic.messages": {
        "id": "msg_x",
        "type": "message",
        "role": "assistant",
        "model": "louver",
        "content": [{"type": "text", "text": "Hello."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
    "ollama.chat": {**_DONE, "message": {"role": "assistant", "content": "Hello."}},
    "ollama.generate": {**_DONE, "response": "Hello."},
    "ollama.embed": {"model": "louver", "embeddings": [[1.0]]},
    "ollama.embeddings": {"embedding": [1.0]},
}


def answer_for(format_: str) -> bytes:
    """A whole answer of the path's own shape."""
    if format_ == "openai.responses":
        return response()
    return json.dumps(ANSWERS[format_]).encode() if format_ in ANSWERS else completion()


def response() -> bytes:
    part = {"type": "output_text", "text": "Hello.", "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
    answer = {"id": "resp_1", "object": "response", "created_at": 1, "model": "louver"}
    return json.dumps({**answer, "status": "completed", "output": [item]}).encode()


def json_object(content: bytes) -> Mapping[str, JsonTree]:
    parsed: Mapping[str, JsonTree] = json.loads(content)
    return parsed


async def answer_plainly(incoming: Incoming) -> Outgoing:
    """What the real line does at its borders: a key is needed, and the body is a JSON object."""
    authenticate(incoming.authorization)
    try:
        body = json.loads(incoming.body.reveal())
    except (ValueError, RecursionError):
        raise Invalid("the request body is not valid JSON in UTF-8") from None
    if not isinstance(body, dict):
        raise Invalid("the request body is not a JSON object")
    headers = (("x-louver-exchange", "e1"), ("x-louver-destination", "practice"))
    answer = Complete(answer_for(incoming.format))
    return Outgoing((("content-type", "application/json"), *headers), False, answer)


def outgoing(
    body: AsyncIterator[bytes], *, stream: bool = True, headers: tuple[tuple[str, str], ...] = ()
) -> Outgoing:
    """An answer whose bytes come from an async generator, which can be closed as a `Body` can."""
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"
    return Outgoing((("content-type", kind), *headers), stream, cast("Body", body))


def authenticate(authorization: Sensitive[str] | None) -> None:
    if authorization is None or authorization.reveal() != KEY:
        raise Unauthenticated("there is no such API key")


@dataclass
class FakeServices:
    """The house, as far as the gateway knows it."""

    how: Callable[[Incoming], Awaitable[Outgoing]] = answer_plainly
    seen: list[Incoming] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=itertools.count)
    responses: set[str] = field(default_factory=lambda: {"resp_1"})
    closed: bool = False

    async def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        return await self.how(incoming)

    async def kept(self, incoming: Incoming, id_: str) -> Mapping[str, JsonTree]:
        authenticate(incoming.authorization)
        if id_ not in self.responses:
            raise UnknownResponse("no such response is kept here")
        return json_object(response())

    async def forget(self, incoming: Incoming, id_: str) -> None:
        await self.kept(incoming, id_)
        self.responses.remove(id_)

    def receipt_keys(self) -> Mapping[str, Json]:
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "eA", "kid": "k"}]}

    def authenticate(self, authorization: Sensitive[str] | None) -> None:
        authenticate(authorization)

    def models(self) -> tuple[str, ...]:
        return ("louver", "vendor/model")

    def destinations(self, model: str) -> tuple[Destination, ...]:
        if model not in self.models():
            raise UnknownModel("no such model here", param="model")
        return (Destination("practice", "practice", Location.LOCAL, "us", "practice"),)

    def new_id(self) -> str:
        return f"id-{next(self.ids)}"

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed = True


class AlwaysReady:
    """A process that is ready, whenever somebody looks."""

    async def look(self) -> Readiness:
        await asyncio.sleep(0)
        return Readiness((), {"closed": 1})


SERVER = Server("127.0.0.1", 0, 10_000, header_timeout=0.5, body_timeout=0.5, max_connections=50)


@contextmanager
def serving(services: FakeServices, server: Server = SERVER) -> Iterator[int]:
    """Serve on a real socket; yields the port."""
    limits = Limits(server.max_body, server.body_timeout)
    with serve_in_thread(Gateway(services, limits), server) as url:
        port = urlsplit(url).port
        assert port is not None
        yield port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def request(body: bytes = b"{}", *, headers: str = "", method: str = "POST") -> bytes:
    head = f"{method} /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY}\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def read_answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One whole answer with a Content-Length; what an ended connection still gave otherwise."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            raise ConnectionError("the server closed without an answer")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    length = int(headers["content-length"])
    while len(body) < length:
        piece = client.recv(65536)
        if not piece:
            break
        body += piece
    return int(lines[0].split()[1]), headers, body


def ask(port: int, data: bytes) -> tuple[int, dict[str, str], bytes]:
    with connect(port) as client:
        client.sendall(data)
        return read_answer(client)


def error_of(body: bytes) -> dict[str, object]:
    """The `error` object; it has OpenAI's four fields."""
    error = json.loads(body)["error"]
    assert {"message", "type", "param", "code"} <= error.keys()
    assert isinstance(error, dict)
    return error
