"""How upstream calls fail: with a status and code of their own, and nobody's text."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from gateway.providers.upstream import (
    HEAD,
    SSE,
    ask_bytes,
    ask_status,
    asked,
    chunk,
    code,
    collect,
    contents,
    framed,
    minimized,
    provider,
    sends,
    serving,
    talking,
)

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Reply
from louver.gateway.providers.transport import Limits


def test_429_passes_with_its_retry_headers_and_body() -> None:
    body = b'{"error": {"message": "slow down", "type": "requests"}}'
    _, failure = ask_status(
        429,
        body,
        headers={"Retry-After": "7", "X-RateLimit-Remaining-Tokens": "0", "X-Other": "no"},
    )
    assert failure is not None
    assert (failure.status, failure.code, failure.body) == (429, "upstream_error", body)
    assert failure.headers == (("retry-after", "7"), ("x-ratelimit-remaining-tokens", "0"))


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Internal error for alice@example.com</html>",
        b'["error"]',
        b'{"detail": "x"}',
        b'{"error": "' + b"x" * 100_000 + b'"}',
        b"[" * 5_000,
    ],
)
def test_a_body_that_is_no_error_object_is_dropped(body: bytes) -> None:
    _, failure = ask_status(500, body)
    assert failure is not None
    assert (failure.status, failure.body) == (500, b"")
    assert "alice" not in str(failure)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503, 529])
def test_a_status_passes_as_it_is(status: int) -> None:
    _, failure = ask_status(status, b'{"error": {"message": "m"}}', stream=False)
    assert failure is not None
    assert failure.status == status


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_ours_and_its_body_is_dropped(status: int) -> None:
    _, failure = ask_status(status, b'{"error": {"message": "bad key key-that-is-ours"}}')
    assert failure is not None
    assert (failure.status, failure.code, failure.body) == (502, "upstream_auth", b"")


def test_a_redirect_is_not_followed() -> None:
    visits: list[str] = []

    async def route(request: web.Request) -> web.Response:
        visits.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with serving(route) as url:
            return await asked(url)

    assert code(asyncio.run(run())) == "upstream_redirect"
    assert visits == ["/v1/chat/completions"]


def test_an_unreachable_server() -> None:
    _, failure = asyncio.run(asked("http://127.0.0.1:1/v1"))
    assert failure is not None
    assert (failure.status, failure.code) == (502, "upstream_unreachable")
    assert "127.0.0.1" not in str(failure)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def test_a_certificate_that_nobody_signed_is_refused(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"a request")
        writer.write(HEAD + b"\r\ndata: [DONE]\n\n")

    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with talking(listen, self_signed(tmp_path)) as url:
            return await asked(url)

    assert code(asyncio.run(run())) == "upstream_unreachable"
    assert heard == []


@pytest.mark.parametrize("raw", [b"", HEAD + b"\r\n" + chunk("first")])
def test_a_stall_is_a_time_out(raw: bytes) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        while await reader.read(1_000):
            pass

    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with talking(stall) as url:
            return await asked(url, timeout=0.2)

    replies, failure = asyncio.run(run())
    assert failure is not None
    assert (failure.status, failure.code) == (504, "upstream_timeout")
    assert len(replies) == (1 if raw else 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        HEAD[:20],
        HEAD + b"\r\n",
        HEAD + b"\r\n" + chunk("first"),
        HEAD + b"\r\n" + chunk("first") + chunk("rest")[:-20],
        HEAD + b"\r\n" + chunk("a", "stop", 0) + chunk("b", None, 1),
        HEAD + b"Content-Length: 9999\r\n\r\n" + chunk("first"),
        framed(chunk("first")),
        framed(chunk("first")) + b"zz\r\n",
    ],
)
@pytest.mark.parametrize("reset", [False, True])
def test_a_broken_stream_is_a_reset(raw: bytes, reset: bool) -> None:
    assert code(ask_bytes(raw, reset=reset)) in {"upstream_reset", "upstream_invalid"}


def test_a_clean_end_without_done_or_finish_is_a_reset() -> None:
    replies, failure = ask_bytes(framed(chunk("first")) + b"0\r\n\r\n")
    assert contents(replies) == ["first"]
    assert failure is not None
    assert (failure.code, failure.status) == ("upstream_reset", 502)


def test_a_finish_reason_for_every_choice_is_an_end() -> None:
    raw = framed(chunk("a"), chunk("", "stop"), b"data: [DONE]")
    assert ask_bytes(raw + b"0\r\n\r\n")[1] is None
    assert ask_bytes(framed(chunk("a"), chunk("", "stop")) + b"0\r\n\r\n")[1] is None

    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with talking(sends(framed(chunk("a", "stop")) + b"0\r\n\r\n")) as url:
            return await asked(url, minimized(body=b'{"n": 2}'))

    assert code(asyncio.run(run())) == "upstream_reset"


def test_an_error_event_carries_its_body() -> None:
    body = b'{"error": {"message": "overloaded",\n"code": 503}}'
    lines = b"data: " + body.replace(b"\n", b"\ndata: ")
    replies, failure = ask_bytes(HEAD + b"\r\n" + chunk("a") + lines + b"\n\n")
    assert contents(replies) == ["a"]
    assert failure is not None
    assert (failure.status, failure.code) == (503, "upstream_error")
    assert json.loads(failure.body) == json.loads(body)
    assert b"\n" not in failure.body
    _, plain = ask_bytes(HEAD + b'\r\nevent: error\ndata: {"error": "no"}\n\n')
    assert plain is not None
    assert (plain.status, plain.body) == (502, b'{"error":"no"}')
    assert code(ask_bytes(HEAD + b'\r\ndata: {"error": {"code": 401}}\n\n')) == "upstream_auth"


def test_an_endless_event_and_an_endless_stream_end() -> None:
    assert code(ask_bytes(HEAD + b"\r\ndata: " + b"x" * 40_000)) == "upstream_event_too_large"
    assert code(ask_bytes(HEAD + b"\r\n" + chunk("x") * 1_000)) == "upstream_too_large"
    late = ask_bytes(HEAD + b"\r\n" + chunk("a") + b"data: " + b"x" * 3_000)
    assert (contents(late[0]), code(late)) == (["a"], "upstream_event_too_large")


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 40_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 5_000 + b"\r\n",
        b"SSH-2.0-example\r\n\r\n",
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + b"\x1f\x8b",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
        HEAD + b"\r\ndata: nonsense\n\n",
        HEAD + b"\r\ndata: [1]\n\n",
        HEAD + b"\r\ndata: \xff\n\n",
    ],
)
def test_what_is_no_valid_answer(raw: bytes) -> None:
    assert code(ask_bytes(raw)) == "upstream_invalid"


def test_a_missing_content_type_is_accepted() -> None:
    raw = b"HTTP/1.1 200 OK\r\n\r\n" + chunk("a", "stop") + b"data: [DONE]\n\n"
    replies, failure = ask_bytes(raw)
    assert (contents(replies), failure) == (["a"], None)


def test_a_whole_answer_that_is_wrong() -> None:
    assert code(ask_status(200, b"<html>", stream=False)) == "upstream_invalid"
    assert code(ask_status(200, b"", stream=False)) == "upstream_invalid"
    assert code(ask_status(200, b"{}" * 30_000, stream=False)) == "upstream_too_large"
    assert code(ask_status(200, b"{}", stream=False, headers=SSE)) == "upstream_invalid"
    told = ask_status(200, b'{"error": {"message": "m", "code": 429}}', stream=False)
    assert told[1] is not None
    assert (told[1].status, code(told)) == (429, "upstream_error")


def test_a_slow_drip_ends_at_the_total() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n")
        while not writer.is_closing():
            writer.write(chunk("drop"))
            await writer.drain()
            await asyncio.sleep(0.02)

    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with talking(drip) as url:
            client = provider(url, limits=Limits(total_seconds=0.3))
            ended = await collect(client, minimized())
            await client.close()
            return ended

    replies, failure = asyncio.run(run())
    assert failure is not None
    assert (failure.status, failure.code) == (504, "upstream_timeout")
    assert replies
