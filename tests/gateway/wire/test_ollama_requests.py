"""Ollama's request bodies become hub-form trees, and what cannot be kept is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from louver.core.errors import Invalid, LouverError, NeverSupported, NotYetSupported
from louver.core.exchanges import Exchange, Operation
from louver.core.identity import Caller
from louver.core.policy import PartKind
from louver.gateway.wire.interface import Asked, Format
from louver.gateway.wire.ollama.formats import (
    OllamaChat,
    OllamaEmbed,
    OllamaEmbeddings,
    OllamaGenerate,
)

ASKED = Asked("ex", Caller("t", "a", "k"), began=5.0)
SAYS: list[Any] = [{"role": "user", "content": "x"}]


class FixedClock:
    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0


FORMATS: dict[str, Format] = {
    "chat": OllamaChat(FixedClock(), lambda _: b"{}"),
    "generate": OllamaGenerate(FixedClock(), lambda _: b"{}"),
    "embed": OllamaEmbed(FixedClock(), lambda _: b"{}"),
    "embeddings": OllamaEmbeddings(FixedClock(), lambda _: b"{}"),
}


def parse(path: str, body: dict[str, Any]) -> Exchange:
    return FORMATS[path].parse(json.dumps({"model": "home", **body}).encode(), ASKED)


def hub(path: str, **body: Any) -> dict[str, Any]:
    return dict(parse(path, body).body.reveal())


def test_a_stream_is_the_default() -> None:
    for path, said in (("chat", {"messages": SAYS}), ("generate", {"prompt": "x"})):
        assert parse(path, said).stream
        assert parse(path, {**said, "stream": None}).stream
        assert parse(path, {**said, "stream": True}).stream
        assert not parse(path, {**said, "stream": False}).stream
        assert hub(path, **said)["stream_options"] == {"include_usage": True}
        assert "stream_options" not in hub(path, **said, stream=False)


def test_options_get_their_openai_names_and_the_rest_is_the_servers() -> None:
    options = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "seed": 7,
        "stop": ["END"],
        "num_predict": 64,
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "num_ctx": 4096,
        "mirostat": 2,
        "numa": None,
    }
    tree = hub("chat", messages=SAYS, options=options, keep_alive="5m", truncate=False, shift=True)
    assert tree == {
        "model": "home",
        "messages": [{"role": "user", "content": "x"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "seed": 7,
        "stop": ["END"],
        "max_tokens": 64,
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "ollama": {
            "keep_alive": "5m",
            "truncate": False,
            "shift": True,
            "options": {"num_ctx": 4096, "mirostat": 2},
        },
    }


@pytest.mark.parametrize("unlimited", [-1, -2, None])
def test_no_limit_is_no_limit(unlimited: int | None) -> None:
    assert "max_tokens" not in hub("chat", messages=SAYS, options={"num_predict": unlimited})


def test_formats() -> None:
    assert hub("chat", messages=SAYS, format="json")["response_format"] == {"type": "json_object"}
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    exchange = parse("chat", {"messages": SAYS, "format": schema})
    wanted: Any = exchange.body.reveal()["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["schema"] == schema
    assert exchange.json_content
    assert exchange.needs.structured
    assert "response_format" not in hub("chat", messages=SAYS, format="")


@pytest.mark.parametrize(
    ("think", "effort"),
    [(True, "medium"), (False, "none"), ("low", "low"), ("high", "high"), (None, None), ("", None)],
)
def test_thinking(think: object, effort: str | None) -> None:
    assert hub("generate", prompt="x", think=think).get("reasoning_effort") == effort


def test_a_conversation_with_tools_gets_its_ids() -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Oslo", "days": 2}}}
    other = {"function": {"name": "get_time"}}
    messages = [
        {"role": "user", "content": "x"},
        {"role": "Assistant", "thinking": "hm", "tool_calls": [call, other, call]},
        {"role": "tool", "tool_name": "get_time", "content": "noon"},
        {"role": "tool", "content": "rain"},
        {"role": "tool", "tool_call_id": "call_1_2", "content": "snow"},
        {"role": "tool", "content": "nobody asked"},
        {"role": "assistant", "tool_calls": [{"id": "mine", **call}]},
        {"role": "tool", "content": "sun"},
    ]
    tree = hub("chat", messages=messages)
    assistant = tree["messages"][1]
    assert assistant["role"] == "assistant"
    assert assistant["reasoning_content"] == "hm"
    assert [c["id"] for c in assistant["tool_calls"]] == ["call_1_0", "call_1_1", "call_1_2"]
    assert json.loads(assistant["tool_calls"][0]["function"]["arguments"]) == {
        "city": "Oslo",
        "days": 2,
    }
    assert assistant["tool_calls"][1]["function"]["arguments"] == "{}"
    answered = [m["tool_call_id"] for m in tree["messages"] if m["role"] == "tool"]
    assert answered == ["call_1_1", "call_1_0", "call_1_2", "call_5", "mine"]
    assert hub("chat", messages=messages) == tree


def test_tools_are_declared() -> None:
    bare = {"function": {"name": "f", "parameters": {"type": "object"}}}
    exchange = parse("chat", {"messages": SAYS, "tools": [bare]})
    assert exchange.tools == {"f"}
    assert exchange.needs.tools
    tools: Any = exchange.body.reveal()["tools"]
    assert tools[0]["type"] == "function"


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [("iVBORw0KGgo", "png"), ("/9j/4AAQ", "jpeg"), ("UklGRg", "webp"), ("R0lGODlh", "gif")],
)
def test_images_are_parts_that_cannot_be_inspected(beginning: str, kind: str) -> None:
    message = {"role": "user", "content": "look", "images": [beginning + "AAAA"]}
    exchange = parse("chat", {"messages": [message]})
    messages: Any = exchange.body.reveal()["messages"]
    assert messages[0]["content"] == [
        {"type": "text", "text": "look"},
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/{kind};base64,{beginning}AAAA"},
        },
    ]
    assert [part.kind for part in exchange.uninspectable] == [PartKind.IMAGE]
    silent = parse("generate", {"prompt": "x", "images": [beginning]})
    assert [part.kind for part in silent.uninspectable] == [PartKind.IMAGE]


def test_generate_is_a_message_with_the_systems_before_it() -> None:
    tree = hub("generate", prompt="why", system="be kind", raw=False, template="", context=[])
    assert tree["messages"] == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "why"},
    ]
    assert hub("generate", prompt="why", system="")["messages"][0]["role"] == "user"


def test_embed_asks_for_numbers() -> None:
    exchange = parse("embed", {"input": ["a", "b"], "dimensions": 8, "truncate": False})
    assert dict(exchange.body.reveal()) == {
        "model": "home",
        "input": ["a", "b"],
        "encoding_format": "float",
        "dimensions": 8,
        "ollama": {"truncate": False},
    }
    assert exchange.operation is Operation.EMBEDDINGS
    assert exchange.choices == 2
    assert exchange.needs.embeddings
    single = parse("embeddings", {"prompt": "a", "options": {"num_ctx": 99}})
    assert single.body.reveal()["input"] == "a"
    assert single.body.reveal()["ollama"] == {"options": {"num_ctx": 99}}


def test_the_exchange_keeps_what_the_client_wrote_and_when() -> None:
    exchange = parse("chat", {"messages": SAYS, "keep_alive": 5})
    assert exchange.original is not None
    assert exchange.original.reveal() == {"model": "home", "messages": SAYS, "keep_alive": 5}
    assert exchange.began == 5.0
    assert exchange.size > 30


def test_fields_that_ollama_does_not_know_are_ignored_as_ollama_does() -> None:
    tree = hub("chat", messages=[{**SAYS[0], "x": "canary"}], x="canary", n=3, tool_choice="any")
    assert "canary" not in json.dumps(tree)
    assert "n" not in tree
    assert "tool_choice" not in tree


REFUSED: list[tuple[str, dict[str, Any], type[LouverError], str]] = [
    ("generate", {"prompt": "x", "context": [1, 2]}, NeverSupported, "context"),
    ("generate", {"prompt": "x", "raw": True}, NotYetSupported, "raw"),
    ("generate", {"prompt": "x", "template": "{{ .Prompt }}"}, NotYetSupported, "template"),
    ("generate", {"prompt": "x", "suffix": "end"}, NotYetSupported, "suffix"),
    ("generate", {"prompt": "x", "width": 64}, NotYetSupported, "width"),
    ("generate", {"prompt": "x", "logprobs": True}, NeverSupported, "logprobs"),
    ("generate", {"keep_alive": 0}, Invalid, "prompt"),
    ("generate", {"prompt": ""}, Invalid, "prompt"),
    ("generate", {"prompt": ["x"]}, Invalid, "prompt"),
    ("generate", {"prompt": "x", "system": 5}, Invalid, "system"),
    ("generate", {"prompt": "x", "images": "x"}, Invalid, "prompt.images"),
    ("chat", {"messages": SAYS, "logprobs": True}, NeverSupported, "logprobs"),
    ("chat", {"messages": SAYS, "top_logprobs": 2}, NeverSupported, "logprobs"),
    ("chat", {}, Invalid, "messages"),
    ("chat", {"messages": []}, Invalid, "messages"),
    ("chat", {"messages": "x"}, Invalid, "messages"),
    ("chat", {"messages": ["x"]}, Invalid, "messages[0]"),
    ("chat", {"messages": [{"role": "robot", "content": "x"}]}, Invalid, "messages[0].role"),
    ("chat", {"messages": [{"role": ["user"]}]}, Invalid, "messages[0].role"),
    ("chat", {"messages": [{"role": "user", "content": 5}]}, Invalid, "messages[0].content"),
    ("chat", {"messages": [{**SAYS[0], "images": [5]}]}, Invalid, "messages[0].images[0]"),
    ("chat", {"messages": [{**SAYS[0], "thinking": 5}]}, Invalid, "messages[0].thinking"),
    ("chat", {"messages": [{**SAYS[0], "tool_calls": "x"}]}, Invalid, "messages[0].tool_calls"),
    (
        "chat",
        {"messages": [{**SAYS[0], "tool_calls": [{}]}]},
        Invalid,
        "messages[0].tool_calls[0].function",
    ),
    (
        "chat",
        {"messages": [{**SAYS[0], "tool_calls": [{"function": {"name": 5}}]}]},
        Invalid,
        "messages[0].tool_calls[0].function.name",
    ),
    (
        "chat",
        {"messages": [{**SAYS[0], "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]},
        Invalid,
        "messages[0].tool_calls[0].function.arguments",
    ),
    (
        "chat",
        {"messages": [{"role": "tool", "content": "x", "tool_name": 5}]},
        Invalid,
        "messages[0].tool_name",
    ),
    ("chat", {"messages": SAYS, "options": "x"}, Invalid, "options"),
    ("chat", {"messages": SAYS, "options": {"num_predict": 0}}, Invalid, "options.num_predict"),
    ("chat", {"messages": SAYS, "options": {"num_predict": "x"}}, Invalid, "options.num_predict"),
    ("chat", {"messages": SAYS, "options": {"num_predict": True}}, Invalid, "options.num_predict"),
    ("chat", {"messages": SAYS, "options": {"num_predict": 10**12}}, Invalid, "max_tokens"),
    ("chat", {"messages": SAYS, "options": {"temperature": "hot"}}, Invalid, "temperature"),
    ("chat", {"messages": SAYS, "options": {"top_k": 1.5}}, Invalid, "options.top_k"),
    ("chat", {"messages": SAYS, "options": {"stop": 5}}, Invalid, "stop"),
    ("chat", {"messages": SAYS, "stream": "yes"}, Invalid, "stream"),
    ("chat", {"messages": SAYS, "format": "xml"}, Invalid, "format"),
    ("chat", {"messages": SAYS, "format": 5}, Invalid, "format"),
    ("chat", {"messages": SAYS, "think": "hard"}, Invalid, "think"),
    ("chat", {"messages": SAYS, "think": ["low"]}, Invalid, "think"),
    ("chat", {"messages": SAYS, "tools": {"a": 1}}, Invalid, "tools"),
    ("chat", {"messages": SAYS, "tools": ["x"]}, Invalid, "tools[0]"),
    ("chat", {"messages": SAYS, "tools": [{"function": {}}]}, Invalid, "tools[0].function.name"),
    ("chat", {"messages": SAYS, "model": 5}, Invalid, "model"),
    ("embed", {}, Invalid, "input"),
    ("embed", {"input": []}, Invalid, "input"),
    ("embed", {"input": [5]}, NeverSupported, "input"),
    ("embed", {"input": "x", "options": 5}, Invalid, "options"),
    ("embed", {"input": "x", "dimensions": "x"}, Invalid, "dimensions"),
    ("embeddings", {"prompt": ""}, Invalid, "input"),
]


@pytest.mark.parametrize(("path", "body", "kind", "param"), REFUSED)
def test_what_cannot_be_kept_is_refused_by_name(
    path: str, body: dict[str, Any], kind: type[LouverError], param: str
) -> None:
    with pytest.raises(kind) as refused:
        parse(path, body)
    assert type(refused.value) is kind
    assert refused.value.param == param


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=10), t, max_size=4),
    max_leaves=15,
)
fields = st.sampled_from(
    ["model", "messages", "stream", "format", "options", "tools", "keep_alive", "think", "images",
     "prompt", "system", "context", "raw", "template", "suffix", "input", "dimensions", "truncate",
     "logprobs"]
)  # fmt: skip
options = st.dictionaries(
    st.sampled_from(["temperature", "top_k", "num_predict", "stop", "seed", "num_ctx"]), json_values
)
messages = st.lists(
    st.dictionaries(
        st.sampled_from(["role", "content", "images", "thinking", "tool_calls", "tool_name"]),
        st.sampled_from(["user", "assistant", "tool"])
        | st.just([{"function": {"name": "f", "arguments": {"a": 1}}}])
        | json_values,
        max_size=5,
    ),
    max_size=4,
)


@pytest.mark.parametrize("path", FORMATS)
@hypothesis_settings(max_examples=300)
@given(st.dictionaries(fields, json_values, max_size=6), messages, options)
def test_any_json_is_answered_or_refused(
    path: str, tree: dict[str, object], said: object, opted: object
) -> None:
    bodies = ({**tree, "messages": said, "options": opted, "model": "home"}, tree)
    for body in (*bodies, {**tree, "messages": SAYS, "prompt": "x", "input": "x", "model": "home"}):
        try:
            exchange = FORMATS[path].parse(json.dumps(body).encode(), ASKED)
        except LouverError:
            continue
        assert exchange.model == body["model"]


@pytest.mark.parametrize("path", FORMATS)
@hypothesis_settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_answered_or_refused(path: str, body: bytes) -> None:
    try:
        FORMATS[path].parse(body, ASKED)
    except LouverError as error:
        said = str(error)
    else:
        return
    assert len(body) < 9 or body.decode("utf-8", "replace") not in said
