"""A scripted model behind a lean HTTP server: answers by repeating the beginning of the prompt.

So whatever stands in the request for a value comes back in the answer, to be restored. A whole
answer has about 0.7 KB; a stream has 200 pieces, each an event of its own, at a given pace.
`GET /times` tells, and forgets, when each request had arrived and its first content left (ns,
monotonic); `GET /last` tells the text of the last prompt, as it arrived here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import httptools
import orjson
import uvloop

CHUNKS = 200
REPEATED = 440  # Characters of the prompt in a whole answer.

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
_WHOLE = (
    b'{"id":"chatcmpl-0123456789abcdef","object":"chat.completion","created":1790000000,'
    b'"model":"scripted","choices":[{"index":0,"message":{"role":"assistant","content":%b},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":280,"completion_tokens":110,'
    b'"total_tokens":390}}'
)
_EVENT = (
    b'data: {"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk",'
    b'"created":1790000000,"model":"scripted","system_fingerprint":"fp_0123456789",'
    b'"choices":[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]}\n\n'
)
_FIRST = _EVENT % (b'{"role":"assistant","content":""}', b"null")
_LAST = _EVENT % (b"{}", b'"stop"') + b"data: [DONE]\n\n"


@dataclass
class Script:
    """How to answer: seconds between events and before the first; and what was seen so far."""

    pace: float
    think: float
    chunks: int
    times: list[tuple[int, int]] = field(default_factory=list)
    last: str = ""


class Model(asyncio.Protocol):
    """One connection; requests on it are answered in turn."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""
        self._url = b""
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = self._url = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        received = time.monotonic_ns()
        if self._url == b"/times":
            self._answer(orjson.dumps(self._script.times))
            self._script.times.clear()
        elif self._url == b"/last":
            self._answer(orjson.dumps(self._script.last))
        elif not self._body:
            self._answer(b'{"object":"list","data":[]}')
        else:
            self._chat(orjson.loads(self._body), received)

    def _chat(self, request: dict[str, object], received: int) -> None:
        text = self._script.last = _last_text(request["messages"])
        if not request.get("stream"):
            self._answer(_WHOLE % orjson.dumps(text[:REPEATED]))
            return
        step = max(1, len(text) // CHUNKS)
        starts = range(0, self._script.chunks * step, step)
        pieces = [text[start : start + step] or "." for start in starts]
        self._transport.write(_STREAM_HEAD + _chunk(_FIRST))
        loop = asyncio.get_running_loop()
        events = [_chunk(_EVENT % (orjson.dumps({"content": p}), b"null")) for p in pieces]
        self._timer = loop.call_later(self._script.think, self._say, events, 0, received)

    def _say(self, events: list[bytes], at: int, received: int) -> None:
        if at == 0:
            self._script.times.append((received, time.monotonic_ns()))
        if at == len(events):
            self._transport.write(_chunk(_LAST) + b"0\r\n\r\n")
            return
        self._transport.write(events[at])
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._script.pace, self._say, events, at + 1, received)

    def _answer(self, body: bytes) -> None:
        self._transport.write(_HEAD % len(body) + body)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _last_text(messages: object) -> str:
    """The content of the last message; a client may send it in parts."""
    assert isinstance(messages, list)
    content = messages[-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


async def _serve(script: Script) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Model, script), "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pace", type=float, default=0.02, help="seconds between events")
    parser.add_argument("--think", type=float, default=0.0, help="seconds before the first content")
    parser.add_argument("--chunks", type=int, default=CHUNKS, help="content events in a stream")
    asked = parser.parse_args()
    uvloop.run(_serve(Script(asked.pace, asked.think, asked.chunks)))


if __name__ == "__main__":
    main()
