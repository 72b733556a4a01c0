"""Whatever a client sends to `/v1/responses`: a clear 4xx, nothing upstream, no content back."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from support import canaries
from support.houses import Watched, running
from support.http import post
from support.models import Echo

CANARY = canaries.EMAIL
DEEP = 10_000


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with running(tmp_path_factory.mktemp("bad"), providers={"home": Echo()}, mode="full") as house:
        yield house


def asked(given: Any = CANARY, **more: Any) -> bytes:
    return json.dumps({"model": "home", "input": given, **more}).encode()


def with_input(given: bytes) -> bytes:
    return b'{"model": "home", "input": ' + given + b"}"


def user(content: Any) -> bytes:
    return asked([{"role": "user", "content": content}])


def item(**fields: Any) -> bytes:
    return asked([{"role": "user", "content": "x"}, fields])


BODIES: dict[str, bytes] = {
    "empty": b"",
    "not json": CANARY.encode(),
    "half json": asked()[:-3],
    "an array": b"[" + asked() + b"]",
    "invalid utf-8": with_input(b'"' + CANARY.encode() + b'\xff"'),
    "lone surrogate": with_input(b'"\\ud800 ' + CANARY.encode() + b'"'),
    "nul": with_input(b'"a\\u0000b ' + CANARY.encode() + b'"'),
    "nan": asked()[:-1] + b', "temperature": NaN}',
    "nested arrays": with_input(b"[" * DEEP + b"]" * DEEP),
    "nested objects": with_input(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "no input": json.dumps({"model": "home"}).encode(),
    "no model": json.dumps({"input": CANARY}).encode(),
    "null input": asked(None),
    "empty input": asked([]),
    "input is an object": asked({"role": "user", "content": CANARY}),
    "input is a number": asked(5),
    "item is a string": asked([CANARY]),
    "item of no type": asked([{"type": CANARY}]),
    "item type is a list": asked([{"type": [CANARY]}]),
    "role is unknown": asked([{"role": CANARY, "content": "x"}]),
    "role is tool": asked([{"role": "tool", "content": CANARY}]),
    "content is a number": user(5),
    "content is an object": user({"text": CANARY}),
    "part is a string": user([CANARY]),
    "part without a type": user([{"text": CANARY}]),
    "text is a number": user([{"type": "input_text", "text": 5}]),
    "an image": user([{"type": "input_image", "image_url": f"https://x.example/{CANARY}"}]),
    "an image kept elsewhere": user([{"type": "input_image", "file_id": CANARY}]),
    "a file": user([{"type": "input_file", "file_data": CANARY, "filename": CANARY}]),
    "a file elsewhere": user([{"type": "input_file", "file_url": f"https://x.example/{CANARY}"}]),
    "a part of no kind": user([{"type": CANARY, "x": CANARY}]),
    "call without an id": item(type="function_call", name="f", arguments=CANARY),
    "arguments are an object": item(type="function_call", call_id="c", name="f", arguments={}),
    "arguments too deep": item(
        type="function_call", call_id="c", name="f", arguments="[" * 300 + "1" + "]" * 300
    ),
    "output is a number": item(type="function_call_output", call_id="c", output=5),
    "output is an image": item(
        type="function_call_output",
        call_id="c",
        output=[{"type": "input_image", "image_url": CANARY}],
    ),
    "reasoning is a string": item(type="reasoning", summary=CANARY),
    "reasoning of numbers": item(type="reasoning", summary=[{"text": 5}]),
    "encrypted content is a list": item(type="reasoning", summary=[], encrypted_content=[CANARY]),
    "a reference": item(type="item_reference", id=CANARY),
    "a hosted call": item(type="web_search_call", id=CANARY),
    "a compaction": item(type="compaction", encrypted_content=CANARY),
    "instructions are a list": asked(instructions=[CANARY]),
    "stream is a string": asked(stream=CANARY),
    "store is a string": asked(store=CANARY),
    "temperature is high": asked(temperature=3),
    "no tokens": asked(max_output_tokens=0),
    "tools is an object": asked(tools={"a": CANARY}),
    "tool of a string": asked(tools=[CANARY]),
    "tool without a name": asked(tools=[{"type": "function", "description": CANARY}]),
    "tool of no type": asked(tools=[{"type": CANARY, "name": "f"}]),
    "hosted tool": asked(tools=[{"type": "mcp", "server_url": CANARY}]),
    "hosted choice": asked(tool_choice={"type": "file_search", "x": CANARY}),
    "choice is a number": asked(tool_choice=5),
    "choices without end": asked(
        tool_choice={"type": "allowed_tools", "tools": [{"type": "allowed_tools"}]}
    ),
    "metadata is a list": asked(metadata=[CANARY]),
    "text is a string": asked(text=CANARY),
    "format of no type": asked(text={"format": {"type": CANARY}}),
    "schema without a name": asked(text={"format": {"type": "json_schema", "schema": {}}}),
    "reasoning effort is a list": asked(reasoning={"effort": [CANARY]}),
    "include is a string": asked(include=CANARY),
    "include of no kind": asked(include=[CANARY]),
    "logprobs": asked(include=["message.output_text.logprobs"]),
    "top_logprobs": asked(top_logprobs=5),
    "truncation of no kind": asked(truncation=CANARY),
    "background": asked(background=True),
    "a conversation": asked(conversation={"id": CANARY}),
    "a prompt template": asked(prompt={"id": CANARY}),
    "chat's own messages": asked(messages=[{"role": "user", "content": CANARY}]),
    "two choices": asked(n=2),
    "previous is a number": asked(previous_response_id=5),
    "previous is unknown": asked(previous_response_id=CANARY),
    "previous is empty": asked(previous_response_id=""),
    "previous is long": asked(previous_response_id="resp_" + "0" * 100_000),
    "previous has a nul": asked(previous_response_id="x")[:-2] + b'\\u0000"}',
    "user is a number": asked(user=5),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_clear_4xx_and_nothing_upstream(watched: Watched, body: bytes) -> None:
    before = len(watched.left), watched.house.store.size()
    got = post(watched, body, path="/responses")
    assert 400 <= got.status < 500, got.body
    assert set(got.error) >= {"message", "type", "param", "code"}
    assert got.error["message"]
    assert b"canary" not in got.body
    assert (len(watched.left), watched.house.store.size()) == before


PATHS = ["resp_" + "0" * 24, "%00", "%2e%2e%2f", "%F0%9F%AA%9F", "resp_" + "x" * 5000, "%ff"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:12])
def test_ids_that_nobody_has(watched: Watched, path: str, method: str) -> None:
    for person in ({}, {"X-Louver-Person": "p"}, {"X-Louver-Person": "p" * 300}):
        headers = {"Authorization": f"Bearer {watched.key}", **person}
        url = f"{watched.base_url}/responses/{path}"
        request = urllib.request.Request(url, headers=headers, method=method)
        with pytest.raises(urllib.error.HTTPError) as told:
            urllib.request.urlopen(request)
        with told.value as error:
            long = len(person.get("X-Louver-Person", "")) > 256
            assert error.code in ({400, 404} if long else {404})
            assert json.load(error)["error"]["message"]
