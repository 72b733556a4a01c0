"""Streams arrive as they are made; errors keep their status, and bugs say nothing."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from collections.abc import AsyncIterator

import pytest
from doors.http.fake import FakeServices, ask, connect, error_of, outgoing, request, serving
from openai import APIStatusError, OpenAI

from louver.core.errors import (
    ConsentNeeded,
    ConsentRequired,
    LocalUnable,
    LouverError,
    Tampered,
    TooSlow,
    Unavailable,
    UpstreamFailed,
)
from louver.doors.logs import ContentFree
from louver.gateway.line import Incoming, Outgoing

CHUNKS = 60
SECRET = "Zq7canaryZq7"


def raising(error: Exception) -> FakeServices:
    async def answer(incoming: Incoming) -> Outgoing:
        raise error

    return FakeServices(answer)


def test_every_chunk_is_sent_when_it_is_made() -> None:
    async def ticks() -> AsyncIterator[bytes]:
        for number in range(CHUNKS):
            yield b"data: %d\n\n" % number
            await asyncio.sleep(0.01)

    async def answer(incoming: Incoming) -> Outgoing:
        return outgoing(ticks(), headers=(("x-louver-exchange", "e9"),))

    arrivals: list[float] = []
    data = b""
    with serving(FakeServices(answer)) as port, connect(port) as client:
        client.sendall(request())
        while not data.endswith(b"0\r\n\r\n"):
            piece = client.recv(65536)
            assert piece
            data += piece
            arrivals.append(time.monotonic())
    head = data.partition(b"\r\n\r\n")[0].lower()
    assert b"content-type: text/event-stream" in head
    assert b"x-louver-exchange: e9" in head
    assert b"x-accel-buffering: no" in head
    assert data.count(b"data: ") == CHUNKS
    assert len(arrivals) >= 0.8 * CHUNKS
    assert arrivals[-1] - arrivals[0] > 0.4


ERRORS = [
    (Unavailable("no store"), 503, "unavailable", "true"),
    (Tampered("bad"), 500, "tampered", "false"),
    (LocalUnable("cannot"), 422, "insufficient_capability", "false"),
    (TooSlow("slow"), 408, "request_too_slow", "true"),
    (LouverError("nothing known"), 500, "louver_error", "false"),
    (UpstreamFailed("reset", status=502), 502, "upstream_error", "true"),
    (UpstreamFailed("odd", status=200), 502, "upstream_error", "true"),
    (UpstreamFailed("slow down", status=429), 429, "upstream_error", "true"),
    (UpstreamFailed("bad", status=400), 400, "upstream_error", "false"),
    (UpstreamFailed("page", status=502, body=b"<html>"), 502, "upstream_error", "true"),
]


@pytest.mark.parametrize(("error", "status", "code", "retry"), ERRORS)
def test_errors_have_their_status_and_shape(
    error: LouverError, status: int, code: str, retry: str
) -> None:
    with serving(raising(error)) as port:
        got, headers, body = ask(port, request())
    assert (got, error_of(body)["code"]) == (status, code)
    assert headers["x-should-retry"] == retry
    assert headers["content-type"] == "application/json"


def test_an_upstream_error_passes_with_its_body_and_retry_headers_only() -> None:
    body = b'{"error": {"message": "slow down", "type": "requests", "code": "rate_limit"}}'
    error = UpstreamFailed(
        "rate limited",
        status=429,
        body=body,
        headers=(
            ("Retry-After", "7"),
            ("X-RateLimit-Remaining-Requests", "0"),
            ("Set-Cookie", "a=b"),
            ("x-should-retry", "false"),
            ("Content-Encoding", "gzip"),
        ),
    )
    with serving(raising(error)) as port:
        status, headers, answer = ask(port, request())
    assert (status, answer) == (429, body)
    assert headers["retry-after"] == "7"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert headers["x-should-retry"] == "false"
    assert not headers.keys() & {"set-cookie", "content-encoding"}


def test_consent_required_says_what_to_ask_for() -> None:
    needed = ConsentNeeded("assistance", "Example AI", person_known=True, state="ConsentRefused")
    with serving(raising(ConsentRequired("ask the person", needed))) as port:
        status, _, body = ask(port, request())
        url = f"http://127.0.0.1:{port}/v1"
        with OpenAI(base_url=url, api_key="k") as client, pytest.raises(APIStatusError) as caught:
            client.chat.completions.create(model="louver", messages=[])
    error = error_of(body)
    assert (status, error["code"]) == (403, "consent_required")
    expected = {"purpose": "assistance", "recipient": "Example AI"}
    assert error["louver"] == {**expected, "person_known": True, "state": "ConsentRefused"}
    assert caught.value.code == "consent_required"


def test_the_sdk_retries_what_can_be_retried() -> None:
    services = raising(Unavailable("busy"))
    with serving(services) as port:
        client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="k", max_retries=1)
        with client, pytest.raises(APIStatusError):
            client.chat.completions.create(model="louver", messages=[])
    assert len(services.seen) == 2
    services = raising(Tampered("bad"))
    with serving(services) as port:
        client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="k", max_retries=1)
        with client, pytest.raises(APIStatusError):
            client.chat.completions.create(model="louver", messages=[])
    assert len(services.seen) == 1


@pytest.mark.parametrize("midstream", [False, True])
def test_a_bug_is_told_by_id_and_logged_by_place(*, midstream: bool) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        raise RuntimeError(SECRET)

    async def answer(incoming: Incoming) -> Outgoing:
        if midstream:
            return outgoing(breaking())
        raise RuntimeError(SECRET)

    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ContentFree(structured=True))
    logger = logging.getLogger("louver.http")
    logger.addHandler(handler)
    try:
        with serving(FakeServices(answer)) as port, connect(port) as client:
            client.sendall(request().replace(b"Host: x", b"Host: x\r\nConnection: close"))
            data = b"".join(iter(lambda: client.recv(65536), b""))
    finally:
        logger.removeHandler(handler)
    assert SECRET.encode() not in data
    assert b"id-0" in data
    assert b"internal_error" in data
    record = json.loads(stream.getvalue())
    assert (record["error_id"], record["error_type"]) == ("id-0", "RuntimeError")
    assert "test_streaming:" in record["place"]
    assert SECRET not in stream.getvalue()
