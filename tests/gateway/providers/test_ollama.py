"""An Ollama server over HTTP: its lines become hub events, its lies are bounded and named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web
from gateway.providers.upstream import framed, sends, serving, talking
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from support.ollama import Body, last, piece, place

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Minimized, Operation, Reply
from louver.core.sensitive import Sensitive
from louver.gateway.providers.ollama import Ollama
from louver.gateway.providers.transport import Limits

KEY = "key-that-is-ours"
LIMITS = Limits(connect_seconds=2, total_seconds=5, event_bytes=2_000, answer_bytes=50_000)
Ended = tuple[list[Reply], UpstreamFailed | None]


def request(*, stream: bool = True, operation: Operation = Operation.CHAT) -> Minimized:
    body = json.dumps({"messages": [{}, {}, {}], "stream": stream}).encode()
    return Minimized("x1", body, stream, False, {}, {}, operation)


async def asked(url: str, minimized: Minimized | None = None) -> Ended:
    client = Ollama(place(url, timeout=2), key=Sensitive(KEY), limits=LIMITS)
    replies: list[Reply] = []
    try:
        async for reply in client.ask(minimized or request()):
            replies.append(reply)  # noqa: PERF401 - what came before the failure counts
    except UpstreamFailed as failure:
        return replies, failure
    finally:
        await client.close()
    return replies, None


def answering(
    parts: Sequence[Body | bytes],
    *,
    minimized: Minimized | None = None,
    status: int = 200,
    kind: str = "application/x-ndjson",
) -> Ended:
    """What the provider makes of a server that sends `parts`, each with a line end."""
    raw = b"".join(p if isinstance(p, bytes) else json.dumps(p).encode() + b"\n" for p in parts)

    async def route(_: web.Request) -> web.Response:
        return web.Response(status=status, body=raw, content_type=kind)

    async def run() -> Ended:
        async with serving(route) as url:
            return await asked(url.removesuffix("/v1"), minimized)

    return asyncio.run(run())


def events(ended: Ended) -> list[dict[str, Any]]:
    assert ended[1] is None, ended[1]
    return [json.loads(json.dumps(dict(reply.event))) for reply in ended[0]]


def code(ended: Ended) -> str:
    assert ended[1] is not None
    assert ended[1].__context__ is None
    assert ended[1].__cause__ is None
    return ended[1].code


def test_a_stream_becomes_chunks() -> None:
    told = events(answering([piece("Hel"), piece("lo"), last()]))
    chunks = [ChatCompletionChunk.model_validate(event, strict=True) for event in told]
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Hello"
    assert [c.choices[0].finish_reason for c in chunks] == [None, None, "stop"]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert {c.id for c in chunks} == {"chatcmpl-x1"}
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 2, 5)


def test_a_whole_answer_becomes_a_completion() -> None:
    (event,) = events(answering([last("Hello", "length")], minimized=request(stream=False)))
    answer = ChatCompletion.model_validate(event, strict=True)
    assert answer.choices[0].message.content == "Hello"
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 5


def test_thinking_is_reasoning() -> None:
    told = events(answering([piece(thinking="hm"), last("ok")]))
    assert told[0]["choices"][0]["delta"] == {"role": "assistant", "reasoning_content": "hm"}
    assert told[1]["choices"][0]["delta"] == {"content": "ok"}


def test_tool_calls_get_ids_that_the_same_request_gets_again() -> None:
    bare = {"function": {"name": "f", "arguments": {"a": "é", "b": [1]}}}
    named = {"id": "call_mine", "function": {"index": 0, "name": "g", "arguments": {}}}
    parts = [piece(tool_calls=[bare]), piece(tool_calls=[named, {"function": {"name": "h"}}])]
    first = events(answering([*parts, last()]))
    assert first == events(answering([*parts, last()]))
    calls = [c for e in first for c in e["choices"][0]["delta"].get("tool_calls", [])]
    assert [(c["index"], c["id"]) for c in calls] == [
        (0, "call_3_0"),
        (1, "call_mine"),
        (2, "call_3_2"),
    ]
    assert json.loads(calls[0]["function"]["arguments"]) == {"a": "é", "b": [1]}
    assert calls[2]["function"]["arguments"] == "{}"
    assert first[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("given", [5, "", "x" * 300, ["a"]])
def test_an_id_that_is_none_is_replaced(given: object) -> None:
    call = {"id": given, "function": {"name": "f", "arguments": {}}}
    told = events(answering([piece(tool_calls=[call]), last()]))
    assert told[0]["choices"][0]["delta"]["tool_calls"][0]["id"] == "call_3_0"


def test_what_comes_after_the_end_is_not_read() -> None:
    told = events(answering([last("all"), b"garbage {{{\n", piece("more"), b'{"error": "late"}\n']))
    assert len(told) == 1
    assert told[0]["choices"][0]["finish_reason"] == "stop"


def test_the_last_line_needs_no_line_end() -> None:
    assert len(events(answering([piece("a"), json.dumps(last()).encode()]))) == 2


def test_embeddings() -> None:
    minimized = request(stream=False, operation=Operation.EMBEDDINGS)
    answer = {"model": "m", "embeddings": [[0.5, 1], [0.25, 0]], "prompt_eval_count": 4}
    (event,) = events(answering([answer], minimized=minimized, kind="application/json"))
    assert [item["embedding"] for item in event["data"]] == [[0.5, 1], [0.25, 0]]
    assert event["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    for lie in ({}, {"embeddings": "x"}, {"embeddings": {"a": 1}}, {"embedding": [1]}):
        assert code(answering([lie], minimized=minimized)) == "upstream_invalid"


def test_the_paths_the_key_and_the_headers() -> None:
    seen: list[tuple[str, dict[str, str]]] = []

    async def route(got: web.Request) -> web.Response:
        seen.append((got.path, {k.lower(): v for k, v in got.headers.items()}))
        return web.json_response({**last("ok"), "embeddings": [[1]]})

    async def run() -> None:
        async with serving(route) as url:
            base = url.removesuffix("/v1")
            client = Ollama(place(base + "/under"), key=Sensitive(KEY), limits=LIMITS)
            for operation in Operation:
                body = json.dumps({"messages": []}).encode()
                minimized = Minimized("x", body, False, True, {}, {}, operation)
                async for _ in client.ask(minimized):
                    pass
            await client.close()
            await asked(base, request(stream=False))

    asyncio.run(run())
    assert [path for path, _ in seen] == ["/under/api/chat", "/under/api/embed", "/api/chat"]
    for _, headers in seen[:2]:
        assert headers["authorization"] == f"Bearer {KEY}"
        assert headers["x-no-store"] == "1"
        assert headers["user-agent"] == "louver"
    assert "x-no-store" not in seen[2][1]


CALL = {"function": {"name": "f", "arguments": {}}}
LIES: dict[str, list[Body | bytes]] = {
    "no json": [b"<html>\n"],
    "an array": [b"[1]\n"],
    "a number": [b"5\n"],
    "no message": [{"done": False}],
    "a message of text": [{"message": "hello", "done": False}],
    "content that is a number": [piece() | {"message": {"content": 5}}],
    "content that is a list": [piece() | {"message": {"content": ["a"]}}],
    "thinking that is an object": [piece(thinking={"a": 1})],
    "tool calls that are an object": [piece(tool_calls={"a": 1})],
    "a tool call that is text": [piece(tool_calls=["f"])],
    "a tool call without a function": [piece(tool_calls=[{"id": "x"}])],
    "a tool call without a name": [piece(tool_calls=[{"function": {"arguments": {}}}])],
    "a name that is a number": [piece(tool_calls=[{"function": {"name": 5}}])],
    "arguments that are text": [piece(tool_calls=[{"function": {"name": "f", "arguments": "{}"}}])],
    "arguments that are a list": [
        piece(tool_calls=[{"function": {"name": "f", "arguments": [1]}}])
    ],
    "nested without end": [b'{"message": {"content": ' + b"[" * 900 + b"\n"],
    "nested too deep": [b'{"message": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}\n"],
}


@pytest.mark.parametrize("parts", LIES.values(), ids=LIES.keys())
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_server_that_lies_is_named(parts: list[Body | bytes], stream: bool) -> None:
    ended = answering([*parts, *([last()] if stream else [])], minimized=request(stream=stream))
    assert code(ended) == "upstream_invalid"
    assert ended[0] == []


def test_an_endless_line_is_bounded() -> None:
    ended = answering([piece("a"), b'{"message": {"content": "' + b"x" * 3_000])
    assert code(ended) == "upstream_event_too_large"
    assert len(ended[0]) == 1


def test_huge_tool_arguments_are_bounded() -> None:
    call = {"function": {"name": "f", "arguments": {"a": "x" * 3_000}}}
    assert code(answering([piece(tool_calls=[call]), last()])) == "upstream_event_too_large"


def test_an_endless_answer_is_bounded() -> None:
    assert code(answering([piece("x" * 1_000)] * 60)) == "upstream_too_large"
    ended = answering([b"x" * 60_000], minimized=request(stream=False))
    assert code(ended) == "upstream_too_large"


@pytest.mark.parametrize(
    "parts",
    [[], [piece("a")], [piece("a"), b'{"message": {"con']],
    ids=["nothing", "no done", "half a line"],
)
def test_a_stream_without_an_end_broke_off(parts: list[Body | bytes]) -> None:
    assert code(answering(parts)) == "upstream_reset"


def test_a_whole_answer_says_that_it_is_whole() -> None:
    whole = answering([piece("a")], minimized=request(stream=False))
    assert code(whole) == "upstream_invalid"


@pytest.mark.parametrize("kind", ["text/html", "text/event-stream", "text/plain"])
def test_a_stream_of_something_else_is_named(kind: str) -> None:
    assert code(answering([piece("a"), last()], kind=kind)) == "upstream_invalid"


def test_an_error_line_ends_the_stream_with_its_words() -> None:
    ended = answering([piece("a"), {"error": "out of memory"}])
    assert code(ended) == "upstream_error"
    assert ended[1] is not None
    assert json.loads(ended[1].body) == {
        "error": {
            "message": "out of memory",
            "type": "upstream_error",
            "param": None,
            "code": "upstream_error",
        }
    }
    assert ended[1].status == 502
    strange = answering([{"error": {"a": 1}}])[1]
    assert strange is not None
    assert json.loads(strange.body)["error"]["message"] == "the model's server reported an error"
    half = answering([b'{"error": "half \\ud83d"}\n'])[1]
    assert half is not None
    assert json.loads(half.body)["error"]["message"] == "half �"


def test_a_missing_model_is_told_with_its_status() -> None:
    ended = answering([{"error": "model 'llama' not found"}], status=404)
    assert ended[1] is not None
    assert (ended[1].status, code(ended)) == (404, "upstream_error")
    told = json.loads(ended[1].body)["error"]
    assert (told["message"], told["code"]) == ("model 'llama' not found", "model_not_found")


@pytest.mark.parametrize("body", [b"<html>alice@example.com</html>", b'{"a": 1}', b"[" * 3_000])
def test_a_body_that_is_no_error_is_dropped(body: bytes) -> None:
    ended = answering([body], status=500)
    assert ended[1] is not None
    assert (ended[1].status, ended[1].body) == (500, b"")
    assert "alice" not in str(ended[1])


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_ours_and_its_body_is_dropped(status: int) -> None:
    ended = answering([{"error": f"bad key {KEY}"}], status=status)
    assert code(ended) == "upstream_auth"
    assert ended[1] is not None
    assert ended[1].body == b""


def test_a_redirect_is_not_followed() -> None:
    assert code(answering([{"error": "moved"}], status=307)) == "upstream_redirect"


def test_a_server_that_is_not_there() -> None:
    ended = asyncio.run(asked("http://127.0.0.1:1"))
    assert code(ended) == "upstream_unreachable"


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_a_connection_that_breaks(reset: bool) -> None:
    raw = framed(json.dumps(piece("a")).encode() + b"\n").replace(
        b"text/event-stream", b"application/x-ndjson"
    )

    async def run() -> Ended:
        async with talking(sends(raw, reset=reset)) as url:
            return await asked(url.removesuffix("/v1"))

    assert code(asyncio.run(run())) == "upstream_reset"


def test_without_a_base_url_it_is_the_port_that_ollama_listens_on() -> None:
    client = Ollama(place(None))
    urls = [str(transport._url) for transport in client._transports.values()]
    assert urls == ["http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/api/embed"]
