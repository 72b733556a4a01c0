"""A scripted Ollama server, for a gateway to stand in front of; and the provider that asks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from louver.core.policy import Destination, Location
from louver.core.sensitive import Sensitive
from louver.doors.http.server import serve_in_thread
from louver.doors.http.wire import Receive, Scope, Send
from louver.gateway.providers.ollama import Ollama
from louver.gateway.providers.transport import Limits

Body = dict[str, Any]
Script = Callable[[str, Body], Sequence[Body | bytes] | tuple[int, Body]]


def piece(content: str = "", **message: Any) -> Body:
    """One object of a stream."""
    said = {"role": "assistant", "content": content, **message}
    return {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": said, "done": False}


def last(content: str = "", reason: str = "stop", **more: Any) -> Body:
    """The object that says that the answer is whole, or a whole answer."""
    counts = {"total_duration": 5, "prompt_eval_count": 3, "eval_count": 2}
    return {**piece(content), "done": True, "done_reason": reason, **counts, **more}


def echo(path: str, body: Body) -> list[Body]:
    """Says the last message again, in pieces of seven characters; embeds lengths."""
    if path == "/api/embed":
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        return [{"embeddings": [[float(len(t)), 1.0] for t in texts], "prompt_eval_count": 4}]
    text = body["messages"][-1]["content"]
    if not body["stream"]:
        return [last(text)]
    return [*(piece(text[at : at + 7]) for at in range(0, len(text), 7)), last()]


@dataclass
class OllamaServer:
    """Answers each POST with what `script` makes of it; what came in is kept."""

    script: Script = echo
    asked: list[tuple[str, Body, dict[str, str]]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        tree = json.loads(body)
        self.asked.append((scope["path"], tree, headers))
        answer = self.script(scope["path"], tree)
        status = 200
        if isinstance(answer, tuple):
            status, answer = answer[0], [answer[1]]
        stream = status == 200 and bool(tree.get("stream"))
        kind = b"application/x-ndjson" if stream else b"application/json; charset=utf-8"
        start = {"type": "http.response.start", "status": status}
        await send({**start, "headers": [(b"content-type", kind)]})
        for part in answer:
            line = part if isinstance(part, bytes) else json.dumps(part).encode() + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def place(url: str | None, *, timeout: float = 5) -> Destination:
    return Destination(
        "home", "ollama", Location.LOCAL, "us", "llama", base_url=url, timeout=timeout
    )


@contextmanager
def served(server: OllamaServer, limits: Limits | None = None) -> Iterator[Ollama]:
    """The provider that asks `server` over HTTP."""
    with serve_in_thread(server) as url:
        base = url.removesuffix("/v1")
        yield Ollama(place(base), key=Sensitive("key-that-is-ours"), limits=limits)
