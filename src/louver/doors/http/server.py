"""uvicorn with the limits it lacks: request headers must arrive in time and within a size.

Not covered by uvicorn itself: a client that sends one header byte every few seconds would hold its
connection forever, and httptools takes headers of any length.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from asyncio import TimerHandle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from louver.doors.http.graceful import Control, GracefulServer
from louver.doors.http.hangup import EXTENSION, Hangup
from louver.doors.settings.values import Server

MAX_HEADER_BYTES = 64 * 1024
KEEP_ALIVE_SECONDS = 15
GRACE_SECONDS = 20

_HEADERS_LATE = "the request's headers did not arrive in time; send them faster"
_HEADERS_LONG = f"the request's headers are longer than {MAX_HEADER_BYTES} bytes"
_TOO_MANY = "too many connections are open; try again in a moment"
_NOT_HTTP = "this is not a valid HTTP request"


class TimedProtocol(HttpToolsProtocol):
    """Ends connections whose headers come too slowly or are too long, and those over the limit."""

    header_timeout = 10.0
    max_connections = 1000

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: TimerHandle | None = None
        self._late_at = 0.0
        self._in_headers = True
        self._header_bytes = 0
        self._asked_before = False
        self._hangup = Hangup()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self._begin_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)
        self._hangup.happened()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {EXTENSION: self._hangup}
        self.scope["extensions"] = extensions

    def data_received(self, data: bytes) -> None:
        if self._in_headers:
            if self._timer is None or (self._asked_before and not self._header_bytes):
                self._begin_headers()
            self._header_bytes += len(data)
        super().data_received(data)
        # More bytes than allowed, and still no end of the headers.
        if self._in_headers and self._header_bytes > MAX_HEADER_BYTES:
            self._refuse(b"431 Request Header Fields Too Large", _HEADERS_LONG)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if self._header_bytes > MAX_HEADER_BYTES and self._size() > MAX_HEADER_BYTES:
            self._refuse(b"431 Request Header Fields Too Large", _HEADERS_LONG)
        elif len(self.connections) > self.max_connections:
            self._refuse(b"503 Service Unavailable", _TOO_MANY)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_headers = True
        self._header_bytes = 0
        self._asked_before = True
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """A malformed request is answered in OpenAI's shape too."""
        self._refuse(b"400 Bad Request", _NOT_HTTP)

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _begin_headers(self) -> None:
        """One timer per connection, not per request: it looks again when it was too early."""
        self._late_at = self.loop.time() + self.header_timeout
        if self._timer is None:
            self._timer = self.loop.call_at(self._late_at, self._look)

    def _look(self) -> None:
        self._timer = None
        cycle: RequestResponseCycle | None = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if not self._in_headers or answering:
            return
        if self.loop.time() < self._late_at:
            self._timer = self.loop.call_at(self._late_at, self._look)
        elif self._header_bytes or not self._asked_before:
            self._refuse(b"408 Request Timeout", _HEADERS_LATE)

    def _refuse(self, status: bytes, message: str) -> None:
        if self.transport.is_closing():
            return
        kind = "server_error" if status.startswith(b"5") else "invalid_request_error"
        error = {"message": message, "type": kind, "param": None}
        code = status.partition(b" ")[2].decode("ascii").lower().replace(" ", "_")
        body = orjson.dumps({"error": {**error, "code": code}})
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
        again = b"retry-after: 1\r\n" if kind == "server_error" else b""
        self.transport.write(
            head % (status, len(body)) + again + b"connection: close\r\n\r\n" + body
        )
        self.transport.close()


def server(app: Any, settings: Server, control: Control | None = None) -> uvicorn.Server:
    """A uvicorn server for `app`, an ASGI application, not yet started.

    Signals reach only one with a `control`.
    """
    limits = {
        "header_timeout": settings.header_timeout,
        "max_connections": settings.max_connections,
    }
    protocol = type("ConfiguredProtocol", (TimedProtocol,), limits)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol,
        ws="none",
        loop="auto",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        workers=1,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config) if control is None else GracefulServer(config, control)


def bind(settings: Server) -> socket.socket:
    """A listening socket, so that the port is known before serving. Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def base_url(listener: socket.socket) -> str:
    """The URL to give to a client, with `/v1`."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - comparing only
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"


@contextmanager
def serve_in_thread(app: Any, settings: Server | None = None) -> Iterator[str]:
    """Serve `app` on a free port in a thread of this process; yields the base URL (with `/v1`)."""
    settings = settings or Server("127.0.0.1", 0, 10_000_000, 10.0, 30.0, 1000)
    listener = bind(settings)
    running = server(app, settings)
    thread = threading.Thread(target=running.run, args=([listener],), name="louver-http")
    thread.start()
    ready = threading.Event()
    try:
        while not running.started and thread.is_alive():
            ready.wait(0.01)
        if not running.started:
            raise OSError("the server did not start")
        yield base_url(listener)
    finally:
        running.should_exit = True
        thread.join(GRACE_SECONDS + 5)
        listener.close()
