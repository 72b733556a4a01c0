"""What Ollama's clients meet beside answers: their shape of errors, models, a version."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from doors.http.fake import KEY, FakeServices, ask, connect, outgoing, serving

from louver.core.errors import (
    ConsentNeeded,
    ConsentRequired,
    Invalid,
    LouverError,
    Unavailable,
    UpstreamFailed,
)
from louver.core.policy import Capabilities, Destination, Location
from louver.doors.http.families import OLLAMA
from louver.doors.http.ollama import shown_model
from louver.gateway.line import Incoming, Outgoing


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(FakeServices()) as port:
        yield port


def sent(method: str, path: str, body: bytes = b"", *, key: str = KEY) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def test_the_models_are_listed_by_name(port: int) -> None:
    status, _, body = ask(port, sent("GET", "/api/tags"))
    assert status == 200
    models = json.loads(body)["models"]
    assert [m["name"] for m in models] == [m["model"] for m in models] == ["louver", "vendor/model"]
    assert all({"modified_at", "size", "digest", "details"} <= m.keys() for m in models)


def test_a_version_is_told_to_everybody(port: int) -> None:
    status, _, body = ask(port, sent("GET", "/api/version", key=""))
    assert (status, set(json.loads(body))) == (200, {"version"})


@pytest.mark.parametrize("field", ["model", "name"])
def test_a_model_is_shown(port: int, field: str) -> None:
    status, _, body = ask(port, sent("POST", "/api/show", json.dumps({field: "louver"}).encode()))
    assert status == 200
    assert json.loads(body)["capabilities"] == ["completion", "tools", "embedding"]


def test_a_model_can_what_one_of_its_destinations_can() -> None:
    def place(**can: object) -> Destination:
        able = Capabilities(**can)  # type: ignore[arg-type]  # a test names fields it knows
        return Destination("d", "ollama", Location.LOCAL, "us", "m", capabilities=able)

    shown = shown_model([place(tools=False, context=5), place(tools=False, embeddings=False)])
    assert shown["capabilities"] == ["completion", "embedding"]
    info = shown["model_info"]
    assert isinstance(info, dict)
    assert info["louver.context_length"] == 8192


@pytest.mark.parametrize(
    ("method", "path", "body", "key", "status"),
    [
        ("GET", "/api/tags", b"", "Bearer lv_other", 401),
        ("POST", "/api/show", b'{"model": "louver"}', "", 401),
        ("POST", "/api/show", b'{"model": "nosuch"}', KEY, 404),
        ("POST", "/api/show", b'{"model": 5}', KEY, 400),
        ("POST", "/api/show", b"{}", KEY, 400),
        ("POST", "/api/show", b"[", KEY, 400),
        ("GET", "/api/show", b"", KEY, 405),
        ("GET", "/api/chat", b"", KEY, 405),
        ("POST", "/api/tags", b"", KEY, 405),
        ("POST", "/api/chat", b"no", KEY, 400),
        ("POST", "/api/chat", b"{}", "", 401),
        ("POST", "/api/pull", b"{}", KEY, 404),
        ("DELETE", "/api/delete", b"", KEY, 404),
        ("POST", "/api/chat", b"x" * 20_000, KEY, 413),
    ],
)
def test_errors_are_a_text_under_error(
    port: int, method: str, path: str, body: bytes, key: str, status: int
) -> None:
    got, headers, answer = ask(port, sent(method, path, body, key=key))
    assert got == status
    assert headers["content-type"] == "application/json"
    told = json.loads(answer)
    assert isinstance(told["error"], str)
    assert told["error"]
    assert told["code"]


def told(error: LouverError) -> dict[str, object]:
    body = OLLAMA.error(error)
    assert b"\n" not in body
    line: dict[str, object] = json.loads(body)
    return line


def test_an_error_says_beside_its_text_what_others_are_told() -> None:
    assert told(Invalid("so not", param="model")) == {
        "error": "so not",
        "code": "invalid_request",
        "param": "model",
    }
    needed = ConsentNeeded("assistance", "Example AI", True, "unknown")
    asked = told(ConsentRequired("ask", needed))
    assert asked["louver"] == {
        "purpose": "assistance",
        "recipient": "Example AI",
        "person_known": True,
        "state": "unknown",
    }
    assert json.loads(OLLAMA.unexpected("id-7")) == {
        "error": "an unexpected error; the gateway's log knows it as id-7",
        "code": "internal_error",
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "slow down", "type": "x"}}', "slow down"),
        (b'{"error": "model not found"}', "model not found"),
        (b'{"type": "error", "error": {"type": "x", "message": "no"}}', "no"),
        (b'{"error": "half \\ud83d"}', "half \N{REPLACEMENT CHARACTER}"),
        (b'{"error": {"message": 5}}', "ours"),
        (b'{"error": []}', "ours"),
        (b"[1]", "ours"),
        (b"<html>", "ours"),
        (b"[" * 5000, "ours"),
        (b"", "ours"),
    ],
)
def test_an_upstreams_words_pass_whatever_its_shape(body: bytes, said: str) -> None:
    assert told(UpstreamFailed("ours", status=429, body=body))["error"] == said


def test_a_bug_in_the_middle_of_a_stream_is_a_line() -> None:
    async def broken(_: Incoming) -> Outgoing:
        async def events() -> AsyncIterator[bytes]:
            yield b'{"done":false}\n'
            raise RuntimeError("a bug with somebody's name")

        return outgoing(events())

    with serving(FakeServices(how=broken)) as port, connect(port) as client:
        client.sendall(sent("POST", "/api/chat", b"{}"))
        answer = b""
        while not answer.endswith(b"0\r\n\r\n"):
            answer += client.recv(65536)
    lines = [line for line in answer.split(b"\n") if line.startswith(b"{")]
    assert lines[0] == b'{"done":false}'
    assert json.loads(lines[1])["error"].startswith("an unexpected error")
    assert b"somebody" not in answer


def test_unavailable_says_so() -> None:
    async def away(_: Incoming) -> Outgoing:
        raise Unavailable("the store is away")

    with serving(FakeServices(how=away)) as port:
        status, headers, body = ask(port, sent("POST", "/api/generate", b"{}"))
    assert (status, json.loads(body)["error"]) == (503, "the store is away")
    assert headers["retry-after"] == "1"
