"""What is served and what is not: paths, methods, media types, headers, OpenAI's error shape."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from doors.http.fake import (
    KEY,
    FakeServices,
    ask,
    connect,
    error_of,
    read_answer,
    request,
    serving,
)
from openai import AuthenticationError, NotFoundError, OpenAI

from louver.core.errors import UpstreamFailed
from louver.doors.http.errors import error_answer, error_body
from louver.doors.http.routes import ASKED, SHOWN, TOLD


@pytest.fixture(scope="module")
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture(scope="module")
def port(services: FakeServices) -> Iterator[int]:
    with serving(services) as port:
        yield port


def get(path: str, *, method: str = "GET", key: str = KEY) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n".encode()


def test_a_chat_is_handed_to_the_line_and_answered(port: int, services: FakeServices) -> None:
    extra = "X-Louver-Person: p 1\r\nX-No-Store: 1\r\nX-Other: secret\r\nCookie: a=b\r\n"
    status, headers, body = ask(port, request(b'{"a":1}', headers=extra))
    assert (status, json.loads(body)["object"]) == (200, "chat.completion")
    assert headers["content-type"] == "application/json"
    assert headers["x-louver-exchange"] == "e1"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    incoming = services.seen[-1]
    assert incoming.headers == {"x-louver-person": "p 1", "x-no-store": "1"}
    assert incoming.body.reveal() == b'{"a":1}'
    assert incoming.authorization is not None
    assert incoming.authorization.reveal() == KEY


def test_one_connection_serves_many_requests(port: int) -> None:
    with connect(port) as client:
        for _ in range(3):
            client.sendall(request())
            assert read_answer(client)[0] == 200
            client.sendall(get("/nowhere"))
            assert read_answer(client)[0] == 404


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/images", "/v1/chat/completions/", "/docs"])
def test_other_paths_are_404(port: int, path: str) -> None:
    status, _, body = ask(port, get(path))
    assert (status, error_of(body)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/chat/completions", "POST"),
        ("OPTIONS", "/v1/chat/completions", "POST"),
        ("POST", "/v1/models", "GET"),
        ("PUT", "/healthz", "GET"),
    ],
)
def test_other_methods_are_405(port: int, method: str, path: str, allowed: str) -> None:
    status, headers, body = ask(port, get(path, method=method))
    assert (status, headers["allow"]) == (405, allowed)
    assert error_of(body)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: text/plain\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "Content-Type: application/json; charset=utf-16\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
        "Content-Encoding: br\r\n",
    ],
)
def test_other_media_types_are_415(port: int, services: FakeServices, headers: str) -> None:
    before = len(services.seen)
    status, _, body = ask(port, request(headers=headers))
    assert (status, error_of(body)["code"]) == (415, "unsupported_media_type")
    assert len(services.seen) == before


@pytest.mark.parametrize(
    "headers",
    [
        "",
        "Content-Type: application/json\r\n",
        'Content-Type: APPLICATION/JSON; charset="UTF-8"\r\nContent-Encoding: identity\r\n',
    ],
)
def test_json_is_taken_however_it_is_announced(port: int, headers: str) -> None:
    assert ask(port, request(headers=headers))[0] == 200


@pytest.mark.parametrize("name", ["X-Louver-Person", "X-No-Store", "Authorization", "Content-Type"])
def test_a_header_that_decides_is_not_taken_twice(port: int, name: str) -> None:
    status, _, body = ask(port, request(headers=f"{name}: application/json\r\n{name}: b\r\n"))
    assert (status, error_of(body)["code"]) == (400, "repeated_header")


def test_models_need_a_key(port: int) -> None:
    status, headers, body = ask(port, get("/v1/models", key="Bearer wrong"))
    assert (status, error_of(body)["code"]) == (401, "invalid_api_key")
    assert headers["x-should-retry"] == "false"
    client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="lv_wrong")
    with client, pytest.raises(AuthenticationError):
        client.models.list()


def test_models_are_listed_and_found(port: int) -> None:
    with OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="lv_test") as client:
        assert [model.id for model in client.models.list()] == ["louver", "vendor/model"]
        assert client.models.retrieve("louver").owned_by == "louver"
        with pytest.raises(NotFoundError):
            client.models.retrieve("other")
    assert ask(port, get("/v1/models/vendor/model"))[0] == 200


def test_liveness_and_description_need_no_key(port: int) -> None:
    assert json.loads(ask(port, get("/healthz", key=""))[2]) == {"status": "ok"}
    description = json.loads(ask(port, get("/openapi.json", key=""))[2])
    assert description["openapi"] == "3.1.0"
    served = ASKED.keys() | SHOWN.keys() | TOLD.keys()
    assert set(description["paths"]) == served | {
        "/v1/models/{model}",
        "/v1/responses/{response}",
        "/readyz",
    }


def test_the_keys_that_check_receipts_need_no_key(port: int) -> None:
    status, _, body = ask(port, get("/.well-known/louver/keys", key=""))
    assert status == 200
    assert json.loads(body)["keys"][0]["crv"] == "Ed25519"


def test_kept_responses_are_shown_and_erased(port: int) -> None:
    path = "/v1/responses/resp_1"
    assert ask(port, get(path, key=""))[0] == 401
    assert json.loads(ask(port, get(path))[2])["id"] == "resp_1"
    for other in (f"{path}2", f"{path}/", f"{path}/input_items", "/v1/responses/"):
        status, _, body = ask(port, get(other))
        assert status == 404, other
        assert error_of(body)["type"] == "invalid_request_error"
    status, _, body = ask(port, get(f"{path}?stream=true"))
    assert (status, error_of(body)["code"]) == (400, "not_yet_supported")
    status, headers, _ = ask(port, get(path).replace(b"GET", b"PUT"))
    assert (status, headers["allow"]) == (405, "GET, DELETE")
    status, _, body = ask(port, get(path).replace(b"GET", b"DELETE"))
    assert (status, json.loads(body)["deleted"]) == (200, True)
    assert ask(port, get(path))[0] == 404


def test_the_house_is_closed_at_shutdown() -> None:
    services = FakeServices()
    with serving(services) as port:
        assert ask(port, request())[0] == 200
    assert services.closed


@pytest.mark.parametrize(
    ("code", "retry"), [("upstream_auth", "false"), ("upstream_reset", "true")]
)
def test_an_sdk_is_not_told_to_retry_a_wrong_setting(code: str, retry: str) -> None:
    answer = error_answer(UpstreamFailed("no", code=code), error_body)
    assert dict(answer.headers)["x-should-retry"] == retry
