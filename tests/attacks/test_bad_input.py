"""Whatever a client sends: a clear 4xx in OpenAI's shape, nothing upstream, no content back."""

from __future__ import annotations

import json
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support import canaries
from support.houses import Watched, running
from support.http import chat, connect, post
from support.models import Echo

from louver.core.errors import LouverError
from louver.core.identity import Caller
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.openai_chat import OpenAIChat

CANARY = canaries.EMAIL
DEEP = 10_000


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with running(tmp_path_factory.mktemp("bad"), providers={"home": Echo()}) as house:
        yield house


def with_content(content: bytes) -> bytes:
    return b'{"model": "home", "messages": [{"role": "user", "content": ' + content + b"}]}"


BODIES: dict[str, bytes] = {
    "empty": b"",
    "not json": CANARY.encode(),
    "half json": chat(CANARY)[:-5],
    "trailing": chat(CANARY) + b"}",
    "an array": b"[" + chat(CANARY) + b"]",
    "a string": json.dumps(CANARY).encode(),
    "null": b"null",
    "invalid utf-8": with_content(b'"' + CANARY.encode() + b'\xff\xfe"'),
    "overlong utf-8": with_content(b'"\xc0\xaf"'),
    "utf-16": chat(CANARY).decode().encode("utf-16"),
    "lone high surrogate": with_content(b'"\\ud800 ' + CANARY.encode() + b'"'),
    "lone low surrogate": with_content(b'"\\udc00"'),
    "raw surrogate bytes": with_content(b'"\xed\xa0\x80"'),
    "nul character": with_content(b'"a\\u0000b ' + CANARY.encode() + b'"'),
    "nul in a key": b'{"model": "home", "messages": [], "a\\u0000": 1}',
    "raw nul": with_content(b'"a\x00b"'),
    "control character": with_content(b'"a\x01b"'),
    "nan": with_content(b'"x"')[:-1] + b', "temperature": NaN}',
    "infinity": with_content(b'"x"')[:-1] + b', "temperature": 1e999}',
    "nested arrays": with_content(b"[" * DEEP + b"]" * DEEP),
    "nested objects": with_content(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "nested just too deep": with_content(b'"x"')[:-1] + b', "x": ' + b"[" * 64 + b"]" * 64 + b"}",
    "no model": b'{"messages": [{"role": "user", "content": "x"}]}',
    "no messages": b'{"model": "home"}',
    "empty messages": b'{"model": "home", "messages": []}',
    "messages is a string": b'{"model": "home", "messages": "' + CANARY.encode() + b'"}',
    "message is a string": b'{"model": "home", "messages": ["' + CANARY.encode() + b'"]}',
    "content is a number": with_content(b"5"),
    "content is an object": with_content(b'{"text": "' + CANARY.encode() + b'"}'),
    "part is a string": with_content(b'["' + CANARY.encode() + b'"]'),
    "role is unknown": b'{"model": "home", "messages": [{"role": "' + CANARY.encode() + b'"}]}',
    "role is a list": b'{"model": "home", "messages": [{"role": ["user"]}]}',
    "model is a number": b'{"model": 5, "messages": [{"role": "user", "content": "x"}]}',
    "stream is a string": chat("x", stream=CANARY),
    "temperature is a string": chat("x", temperature=CANARY),
    "temperature is high": chat("x", temperature=3),
    "n is zero": chat("x", n=0),
    "n is huge": chat("x", n=10**6),
    "n is true": chat("x", n=True),
    "n is a float": chat("x", n=1.5),
    "tools is an object": chat("x", tools={"a": CANARY}),
    "tool without a name": chat("x", tools=[{"type": "function", "function": {"x": CANARY}}]),
    "tool of a string": chat("x", tools=[CANARY]),
    "metadata is a list": chat("x", metadata=[CANARY]),
    "response_format is a string": chat("x", response_format=CANARY),
    "user is a list": chat("x", user=[CANARY]),
    "logprobs": chat(CANARY, logprobs=True),
    "top_logprobs": chat(CANARY, top_logprobs=5),
    "audio out": chat(CANARY, modalities=["text", "audio"], audio={"voice": "a"}),
    "modalities is a number": chat(CANARY, modalities=5),
    "store is a string": chat(CANARY, store="yes"),
    "tool_calls is a string": b'{"model":"home","messages":[{"role":"user","tool_calls":"x"}]}',
    "arguments nested too deep": json.dumps(
        {
            "model": "home",
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"function": {"name": "f", "arguments": "[" * 300 + '"x"' + "]" * 300}}
                    ],
                }
            ],
        }
    ).encode(),
    "user is a number": chat("x", user=5),
    "stop is a number": chat(CANARY, stop=5),
    "null content": b'{"model":"home","messages":[{"role":"user","content":null}]}',
    "text is a number": with_content(b'[{"type":"text","text":5}]'),
    "function is a list": b'{"model":"home","messages":[{"role":"assistant",'
    b'"tool_calls":[{"function":[]}]}]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_clear_4xx_and_nothing_upstream(watched: Watched, body: bytes) -> None:
    before = len(watched.left)
    got = post(watched, body)
    assert 400 <= got.status < 500, got.body
    assert set(got.error) >= {"message", "type", "param", "code"}
    assert got.error["message"]
    assert b"canary" not in got.body
    assert len(watched.left) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Louver_Mode": "loose"},
        {"X_Louver_Purpose": "Not A Word"},
        {"X_Louver_Purpose": "selling"},
        {"X_Louver_Task": "a b"},
        {"X_Louver_Person": "p" * 300},
        {"X_Louver_Conversation": "c" * 300},
        {"Content_Type": "text/plain"},
        {"Content_Encoding": "gzip"},
    ],
    ids="-".join,
)
def test_bad_headers(watched: Watched, headers: dict[str, str]) -> None:
    before = len(watched.left)
    got = post(watched, chat(CANARY), **headers)
    assert 400 <= got.status < 500
    assert b"canary" not in got.body
    assert len(watched.left) == before


def test_a_50_mb_body_is_refused_in_bounded_memory(watched: Watched) -> None:
    body = chat("x" * 50_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with connect(watched) as connection:
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            f"Authorization: Bearer {watched.key}\r\nContent-Type: application/json\r\n\r\n"
        )
        connection.sendall(head.encode())
        answer = b""
        try:
            for at in range(0, len(body), 65_536):
                piece = body[at : at + 65_536]
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        except OSError:
            pass  # It has said enough and closed.
        while part := connection.recv(65_536):
            answer += part
            if b"request_too_large" in answer:
                break
    assert b" 413 " in answer.split(b"\r\n")[0]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 60_000  # KiB; the refused body alone would be 48,829.
    assert watched.left == [] or b"xxxxx" not in watched.bytes_that_left


def test_slow_clients_do_not_keep_others_waiting(watched: Watched) -> None:
    """A hundred clients dribble their headers; an honest one is answered meanwhile."""
    slow = [connect(watched) for _ in range(100)]
    stop = threading.Event()

    def dribble() -> None:
        while not stop.wait(0.05):
            for connection in slow:
                connection.sendall(b"x")

    for connection in slow:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-A: ")
    thread = threading.Thread(target=dribble)
    thread.start()
    start = time.monotonic()
    assert post(watched, chat("hello")).status == 200
    assert time.monotonic() - start < 2
    stop.set()
    thread.join()
    for connection in slow:
        connection.close()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=10), t, max_size=4),
    max_leaves=15,
)
fields = st.sampled_from(
    ["model", "messages", "stream", "n", "tools", "tool_choice", "metadata", "response_format",
     "user", "functions", "modalities", "temperature", "store", "stop"]
)  # fmt: skip
messages = st.lists(
    st.dictionaries(
        st.sampled_from(["role", "content", "name", "tool_calls", "function_call", "x"]),
        st.sampled_from(["user", "assistant", "tool"]) | json_values,
        max_size=5,
    ),
    max_size=4,
)
FORMAT = OpenAIChat(lambda error: b"{}")
ASKED = Asked("ex", Caller("t", "a", "k"))


@hypothesis_settings(max_examples=400)
@given(st.dictionaries(fields, json_values, max_size=6), messages)
def test_the_parser_answers_or_refuses_any_json(tree: dict[str, object], said: object) -> None:
    for body in ({**tree, "messages": said, "model": "home"}, tree):
        try:
            encoded = json.dumps(body).encode()
            exchange = FORMAT.parse(encoded, ASKED)
        except LouverError:
            continue
        assert exchange.model == body["model"]


@hypothesis_settings(max_examples=400)
@given(
    st.binary(max_size=200)
    | st.builds(lambda b, n: chat("x" * 9)[:n] + b, st.binary(max_size=5), st.integers(0, 70))
)
def test_the_parser_answers_or_refuses_any_bytes(body: bytes) -> None:
    try:
        FORMAT.parse(body, ASKED)
    except LouverError as error:
        told = str(error)
    else:
        return
    assert len(body) < 9 or body.decode("utf-8", "replace") not in told


def test_the_database_knows_nothing_of_refused_requests(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as house:
        size = house.house.store.size()
        for body in (BODIES["not json"], BODIES["content is an object"], BODIES["logprobs"]):
            post(house, body)
        assert house.house.store.size() == size
