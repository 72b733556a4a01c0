"""The floor: a raw ASGI proxy that reads a request, posts it on and passes the answer back.

It has what Louver has underneath, and nothing else: uvicorn on uvloop and httptools, and aiohttp
with the settings of `louver.gateway.providers.transport`. Nothing is parsed, checked or kept.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import aiohttp
import uvicorn
from yarl import URL

_HEADERS = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "louver",
    "Accept": "application/json",
    "Authorization": "Bearer sk-upstream",
}
_JSON = (b"content-type", b"application/json")
_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")


class Proxy:
    """An ASGI application in front of the server at `url`."""

    def __init__(self, url: str) -> None:
        self._url = URL(url)
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if self._session is None:
            self._session = _session()
        response = await self._session.post(
            self._url, data=body, headers=_HEADERS, allow_redirects=False
        )
        if response.headers["Content-Type"].startswith("text/event-stream"):
            await _pass_stream(response, send)
        else:
            await _pass_whole(response, send)
        response.release()


async def _pass_whole(response: aiohttp.ClientResponse, send: Any) -> None:
    content = await response.read()
    headers = [_JSON, (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _pass_stream(response: aiohttp.ClientResponse, send: Any) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": [_STREAM]})
    while chunk := await response.content.readany():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _session() -> aiohttp.ClientSession:
    """As `Transport` makes its own."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=512),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=16_384,
        max_field_size=16_384,
        timeout=aiohttp.ClientTimeout(total=1_800, sock_connect=10, sock_read=120),
        trust_env=False,
    )


def listen() -> socket.socket:
    """A socket on a free port, which is told to whoever started this process."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    return listener


def main() -> None:
    config = uvicorn.Config(
        Proxy(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run([listen()])


if __name__ == "__main__":
    main()
