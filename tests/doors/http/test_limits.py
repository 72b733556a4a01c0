"""Bad clients: large, slow, malformed, leaving; each gets a clear answer within bounds."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from doors.http.fake import (
    KEY,
    SERVER,
    FakeServices,
    ask,
    connect,
    error_of,
    outgoing,
    read_answer,
    request,
    serving,
)

from louver.doors.http.server import MAX_HEADER_BYTES
from louver.gateway.line import Incoming, Outgoing


@pytest.fixture(scope="module")
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture(scope="module")
def port(services: FakeServices) -> Iterator[int]:
    with serving(services) as port:
        yield port


def resident_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def test_a_large_body_is_413_before_it_is_read(port: int, services: FakeServices) -> None:
    before = len(services.seen)
    head = request().replace(b"Content-Length: 2", b"Content-Length: 50000000").partition(b"{}")[0]
    with connect(port) as client:
        client.sendall(head)
        status, headers, body = read_answer(client)
    assert (status, error_of(body)["code"]) == (413, "request_too_large")
    assert headers["connection"] == "close"
    assert len(services.seen) == before


def test_a_client_that_sends_50_mb_first_still_gets_its_413(port: int) -> None:
    body = b" " * 50_000_000
    before = resident_bytes()
    with connect(port) as client:
        client.sendall(request(body))
        status, _, answer = read_answer(client)
        assert client.recv(1) == b""
    assert (status, error_of(answer)["code"]) == (413, "request_too_large")
    assert resident_bytes() - before < 60_000_000  # the test's own request, and little more


def test_a_chunked_body_without_end_is_413(port: int) -> None:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY}\r\n"
    with connect(port) as client:
        client.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            client.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        status, _, body = read_answer(client)
    assert (status, error_of(body)["code"]) == (413, "request_too_large")


def test_expect_100_continue_is_answered_without_reading(port: int) -> None:
    head = request(headers="Expect: 100-continue\r\n").partition(b"{}")[0]
    with connect(port) as client:
        client.sendall(head.replace(b"Content-Length: 2", b"Content-Length: 20000"))
        assert read_answer(client)[0] == 413


def test_slow_headers_are_408(port: int) -> None:
    with connect(port) as client:
        start = time.monotonic()
        for byte in b"POST /v1/chat":
            try:
                client.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.06)
        status, _, body = read_answer(client)
        assert client.recv(1) == b""
    assert (status, error_of(body)["code"]) == (408, "request_timeout")
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_silent_connection_is_closed(port: int, sent: bytes) -> None:
    with connect(port) as client:
        client.sendall(sent)
        assert read_answer(client)[0] == 408


def test_slow_headers_on_a_used_connection_are_408(port: int) -> None:
    with connect(port) as client:
        client.sendall(request())
        assert read_answer(client)[0] == 200
        client.sendall(b"POST")
        assert read_answer(client)[0] == 408


def test_a_slow_body_is_408(port: int, services: FakeServices) -> None:
    before = len(services.seen)
    with connect(port) as client:
        client.sendall(request(b"x" * 1000)[:-900])
        status, headers, body = read_answer(client)
        assert client.recv(1) == b""
    assert (status, error_of(body)["code"]) == (408, "request_too_slow")
    assert headers["connection"] == "close"
    assert headers["x-should-retry"] == "true"
    assert len(services.seen) == before


def test_a_body_trickled_at_a_wrong_path_holds_nothing() -> None:
    with serving(FakeServices()) as port, connect(port) as client:
        client.sendall(request(b"x" * 1000)[:-900].replace(b"/v1/chat/completions", b"/nowhere"))
        status, headers, _ = read_answer(client)
        assert (status, headers["connection"]) == (404, "close")
        client.settimeout(8)
        assert client.recv(1) == b""


@pytest.mark.parametrize("where", ["header", "path", "endless"])
def test_long_headers_are_431(port: int, where: str) -> None:
    filling = "x" * (MAX_HEADER_BYTES + 1)
    data = {
        "header": request(headers=f"X-Long: {filling}\r\n"),
        "path": request().replace(b"/v1/chat", f"/{filling}".encode()),
        "endless": b"POST / HTTP/1.1\r\nX-Long: " + filling.encode(),
    }[where]
    status, _, body = ask(port, data)
    assert (status, error_of(body)["code"]) == (431, "request_header_fields_too_large")


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_not_http_is_a_4xx(port: int, data: bytes) -> None:
    status, headers, body = ask(port, data)
    assert 400 <= status < 500
    assert headers["content-type"] == "application/json"
    assert error_of(body)["type"] == "invalid_request_error"


def test_our_headers_are_utf8_and_others_are_not_read(port: int, services: FakeServices) -> None:
    data = request(headers="X-Louver-Person: \xff\xfe\r\n").decode("utf-8").encode("latin-1")
    assert ask(port, data)[0] == 400
    data = request(headers="X-Other: \xff\xfe\r\n").decode("utf-8").encode("latin-1")
    assert ask(port, data)[0] == 200
    assert ask(port, request(headers="X-Louver-Person: Zo\u00eb\r\n"))[0] == 200
    assert services.seen[-1].headers["x-louver-person"] == "Zo\u00eb"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"[1]", b"", b"[" * 5000, b'"\\ud800"'])
def test_bad_bodies_are_told_and_not_echoed(port: int, body: bytes) -> None:
    status, _, answer = ask(port, request(body))
    assert status == 400
    assert error_of(answer)["code"] == "invalid_request"


def test_too_many_connections_are_503() -> None:
    with serving(FakeServices(), replace(SERVER, max_connections=2, header_timeout=5)) as port:
        idle = [connect(port) for _ in range(2)]
        time.sleep(0.1)
        status, headers, body = ask(port, request())
        assert (status, error_of(body)["type"]) == (503, "server_error")
        assert headers["retry-after"] == "1"
        for client in idle:
            client.close()
        time.sleep(0.1)
        assert ask(port, request())[0] == 200


class Waiting:
    """An upstream that answers slowly, and notes when it is cancelled."""

    def __init__(self, *, stream: bool) -> None:
        self.stream = stream
        self.started = threading.Event()
        self.cancelled = threading.Event()

    async def __call__(self, incoming: Incoming) -> Outgoing:
        if not self.stream:
            await self._wait()
        return outgoing(self._body())

    async def _wait(self) -> None:
        self.started.set()
        try:
            await asyncio.sleep(60)
        finally:
            self.cancelled.set()

    async def _body(self) -> AsyncIterator[bytes]:
        yield b"data: {}\n\n"
        await self._wait()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_cancels_at_once(*, stream: bool) -> None:
    waiting = Waiting(stream=stream)
    with serving(FakeServices(waiting)) as port:
        client = connect(port)
        client.sendall(request())
        assert waiting.started.wait(5)
        assert not waiting.cancelled.is_set()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        assert waiting.cancelled.wait(2)


def test_a_client_that_stops_reading_holds_the_stream_back() -> None:
    produced = 0
    closed = threading.Event()

    async def endless() -> AsyncIterator[bytes]:
        nonlocal produced
        try:
            while True:
                produced += 1
                yield b"x" * 65536
                await asyncio.sleep(0)
        finally:
            closed.set()

    async def answer(incoming: Incoming) -> Outgoing:
        return outgoing(endless())

    with serving(FakeServices(answer)) as port:
        with connect(port) as client:
            client.sendall(request())
            time.sleep(0.5)
            first = produced
            time.sleep(0.3)
            assert produced - first < 5  # nobody reads, so nothing more is made
        assert closed.wait(2)
    assert first < 2000
