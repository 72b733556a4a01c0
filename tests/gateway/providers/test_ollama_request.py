"""The hub form as an Ollama server reads it, and what it cannot be told refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from louver.core.errors import Invalid, LouverError, NotYetSupported
from louver.core.exchanges import Operation
from louver.core.policy import Destination, Location
from louver.gateway.providers.ollama import Ollama

PLACE = Destination("home", "ollama", Location.LOCAL, "us", "llama")
SAYS: list[Any] = [{"role": "user", "content": "x"}]


def wire(**body: Any) -> dict[str, Any]:
    tree = {"model": "home", "messages": SAYS, **body}
    return dict(Ollama(PLACE).request(tree, Operation.CHAT))


def messages(*said: dict[str, Any]) -> list[Any]:
    found: list[Any] = wire(messages=list(said))["messages"]
    return found


def test_the_smallest_request_says_that_it_is_no_stream() -> None:
    assert wire() == {"model": "llama", "messages": SAYS, "stream": False}
    assert wire(stream=True)["stream"] is True


def test_sampling_becomes_options_over_what_the_client_told_the_server() -> None:
    told = {"keep_alive": "5m", "truncate": False, "options": {"num_ctx": 99, "top_k": 1}}
    body = wire(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        seed=7,
        stop="END",
        max_tokens=64,
        presence_penalty=1,
        frequency_penalty=2,
        ollama=told,
    )
    assert body["options"] == {
        "num_ctx": 99,
        "top_k": 40,
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "num_predict": 64,
        "presence_penalty": 1,
        "frequency_penalty": 2,
        "stop": ["END"],
    }
    assert (body["keep_alive"], body["truncate"]) == ("5m", False)
    assert wire(max_completion_tokens=9)["options"] == {"num_predict": 9}
    assert wire(stop=["a", "b"])["options"] == {"stop": ["a", "b"]}


def test_nothing_else_is_told_to_the_server() -> None:
    body = wire(
        user="u",
        metadata={"a": "b"},
        store=True,
        service_tier="x",
        parallel_tool_calls=False,
        stream_options={"include_usage": True},
        prediction={"type": "content", "content": "x"},
        unknown="x",
        n=1,
        tool_choice="auto",
        ollama={"raw": True, "context": [1, 2], "model": "other", "messages": [], "stream": True},
    )
    assert body == {"model": "llama", "messages": SAYS, "stream": False}
    assert wire(ollama="x") == wire(ollama={"options": "x"}) == wire()


def test_formats() -> None:
    assert wire(response_format={"type": "json_object"})["format"] == "json"
    schema = {"type": "object"}
    described = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    assert wire(response_format=described)["format"] == schema
    assert "format" not in wire(response_format={"type": "text"})
    empty = {"type": "json_schema", "json_schema": {"name": "a"}}
    assert wire(response_format=empty)["format"] == "json"


@pytest.mark.parametrize(
    ("effort", "think"),
    [("none", False), ("minimal", "low"), ("low", "low"), ("medium", "medium"), ("xhigh", "high")],
)
def test_thinking(effort: str, think: object) -> None:
    assert wire(reasoning_effort=effort)["think"] == think
    assert "think" not in wire()


def test_tools_are_declared_unless_none_may_be_called() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    assert wire(tools=tools)["tools"] == tools
    assert "tools" not in wire(tools=tools, tool_choice="none")


def test_roles_and_content() -> None:
    assert messages(
        {"role": "developer", "content": "be kind"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "Never."}]},
    ) == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "a\nb"},
        {"role": "assistant", "content": "No."},
        {"role": "assistant", "content": "Never."},
    ]


def test_images_travel_as_base64() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    (said,) = messages({"role": "user", "content": [{"type": "text", "text": "look"}, image]})
    assert said == {"role": "user", "content": "look", "images": ["iVBORw0KGgo="]}


def test_thinking_of_earlier_answers() -> None:
    blocks = [
        {"type": "thinking", "thinking": "one", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "thinking", "thinking": "two"},
    ]
    told = messages(
        {"role": "assistant", "content": "a", "reasoning_content": "hm"},
        {"role": "assistant", "content": "a", "thinking_blocks": blocks},
    )
    assert [m["thinking"] for m in told] == ["hm", "one\ntwo"]


def test_tool_calls_carry_objects_and_answers_the_tools_name() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": [1]}'}}
    bare = {"function": {"name": "g", "arguments": ""}}
    told = messages(
        {"role": "assistant", "content": None, "tool_calls": [call, bare]},
        {"role": "tool", "tool_call_id": "c1", "content": "yes"},
        {"role": "tool", "tool_call_id": "c9", "content": "who"},
        {"role": "function", "name": "h", "content": "old"},
    )
    assert told[0]["tool_calls"] == [
        {"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"a": [1]}}},
        {"function": {"index": 1, "name": "g", "arguments": {}}},
    ]
    assert told[1:] == [
        {"role": "tool", "content": "yes", "tool_call_id": "c1", "tool_name": "f"},
        {"role": "tool", "content": "who", "tool_call_id": "c9"},
        {"role": "tool", "content": "old", "tool_name": "h"},
    ]


URL = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
BAD_CALL = {"id": "c", "function": {"name": "f", "arguments": '{"a": '}}
LIST_CALL = {"id": "c", "function": {"name": "f", "arguments": "[1]"}}


@pytest.mark.parametrize(
    ("body", "kind", "param"),
    [
        ({"n": 2}, NotYetSupported, "n"),
        ({"tool_choice": "required"}, NotYetSupported, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, NotYetSupported, "tool_choice"),
        ({"functions": [{"name": "f"}]}, NotYetSupported, "functions"),
        ({"logit_bias": {"5": 1}}, NotYetSupported, "logit_bias"),
        ({"tools": [{"type": "custom", "custom": {}}]}, NotYetSupported, "tools[0]"),
        (
            {"messages": [{"role": "user", "content": [URL]}]},
            NotYetSupported,
            "messages[0].content[0]",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            NotYetSupported,
            "messages[0].content[0]",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [BAD_CALL]}]},
            Invalid,
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [LIST_CALL]}]},
            Invalid,
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"type": "custom"}]}]},
            NotYetSupported,
            "messages[0].tool_calls[0]",
        ),
    ],
)
def test_what_it_cannot_be_told_is_refused_by_name(
    body: dict[str, Any], kind: type[LouverError], param: str
) -> None:
    with pytest.raises(kind) as refused:
        wire(**body)
    assert type(refused.value) is kind
    assert refused.value.param == param


def test_embeddings() -> None:
    tree = {
        "model": "home",
        "input": ["a", "b"],
        "encoding_format": "base64",
        "user": "u",
        "dimensions": 8,
        "ollama": {"truncate": False, "options": {"num_ctx": 9}, "context": [1]},
    }
    assert Ollama(PLACE).request(tree, Operation.EMBEDDINGS) == {
        "model": "llama",
        "input": ["a", "b"],
        "dimensions": 8,
        "truncate": False,
        "options": {"num_ctx": 9},
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"base_url": "ftp://x"}, "not an http"),
        ({"base_url": "http://u:hunter2@x"}, "no user or password"),
        ({"base_url": "http://x.example", "location": Location.REMOTE}, "must be https"),
    ],
)
def test_an_unsafe_base_url_is_refused(change: dict[str, Any], told: str) -> None:
    fields = {"location": Location.LOCAL, **change}
    location = fields.pop("location")
    with pytest.raises(Invalid, match=told) as refused:
        Ollama(Destination("d", "ollama", location, "us", "m", **fields))
    assert "hunter2" not in json.dumps(str(refused.value))
