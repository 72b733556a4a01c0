"""A Responses request says the same in the hub form; what cannot be said there is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from louver.core.errors import Invalid, LouverError, NeverSupported, NotYetSupported
from louver.core.exchanges import Exchange, Turn
from louver.core.identity import Caller
from louver.core.policy import PartKind
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.openai_responses import OpenAIResponses
from louver.gateway.wire.openai_responses_items import HOSTED_ITEMS

FORMAT = OpenAIResponses()
ASKED = Asked("ex-0123456789ab", Caller("t", "a", "k"))
PNG = "data:image/png;base64,AAAA"
CALL = {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": "{}"}
CUSTOM = {"type": "custom_tool_call", "call_id": "c2", "name": "run", "input": "ls"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "found"}
HUB_CALL = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
HUB_CUSTOM = {"id": "c2", "type": "custom", "custom": {"name": "run", "input": "ls"}}


def parse(given: Any = "hello", **more: Any) -> Exchange:
    body = json.dumps({"model": "home", "input": given, **more}).encode()
    return FORMAT.parse(body, ASKED)


def hub(given: Any = "hello", **more: Any) -> dict[str, Any]:
    return dict(parse(given, **more).body.reveal())


def said(*items: Any) -> Any:
    return hub(list(items))["messages"]


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def test_a_text_is_what_the_user_says_after_the_instructions() -> None:
    assert hub()["messages"] == [{"role": "user", "content": "hello"}]
    told = hub(instructions="Be kind")["messages"]
    assert told == [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "hello"},
    ]


@pytest.mark.parametrize("role", ["user", "system", "developer"])
@pytest.mark.parametrize("typed", [{}, {"type": "message"}])
def test_messages_keep_their_role(role: str, typed: dict[str, str]) -> None:
    assert said({"role": role, "content": "x", **typed}) == [{"role": role, "content": "x"}]


def test_a_lone_text_part_is_a_string_and_several_stay_parts() -> None:
    one = {"type": "input_text", "text": "a"}
    assert said(user(one)) == [{"role": "user", "content": "a"}]
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert said(user(one, {"type": "input_text", "text": "b"})) == [user(*parts)]


def test_an_answer_in_the_history_is_one_assistant_message() -> None:
    message = {
        "type": "message",
        "role": "assistant",
        "id": "msg_1",
        "status": "completed",
        "content": [
            {"type": "output_text", "text": "I look", "annotations": []},
            {"type": "refusal", "refusal": "no"},
        ],
    }
    told = said({"role": "user", "content": "x"}, message, CALL, CUSTOM, OUTPUT)
    parts = [{"type": "text", "text": "I look"}, {"type": "refusal", "refusal": "no"}]
    calls = [HUB_CALL, HUB_CUSTOM]
    assert told[1] == {"role": "assistant", "content": parts, "tool_calls": calls}
    assert told[2] == {"role": "tool", "tool_call_id": "c1", "content": "found"}
    assert len(told) == 3


def test_what_is_said_after_the_calls_belongs_to_the_same_answer() -> None:
    told = said({"role": "user", "content": "x"}, CALL, {"role": "assistant", "content": "I look"})
    assert told[1:] == [{"role": "assistant", "content": "I look", "tool_calls": [HUB_CALL]}]


def test_two_answers_stay_two() -> None:
    first, second = ({"role": "assistant", "content": text} for text in "ab")
    assert said(first, second) == [first, second]
    calls = said(CALL, OUTPUT, {**CALL, "call_id": "c9"})
    assert [m["role"] for m in calls] == ["assistant", "tool", "assistant"]


def test_tool_outputs_may_be_parts() -> None:
    parts = [{"type": "input_text", "text": "found"}]
    assert said({**OUTPUT, "output": parts})[0]["content"] == "found"
    custom = {"type": "custom_tool_call_output", "call_id": "c2", "output": "x"}
    assert said(custom) == [{"role": "tool", "tool_call_id": "c2", "content": "x"}]


def test_reasoning_is_thinking_and_foreign_seals_are_dropped() -> None:
    summary = [{"type": "summary_text", "text": "hm"}]
    ours = {"type": "reasoning", "summary": summary, "encrypted_content": "louver.signed:S"}
    redacted = {"type": "reasoning", "summary": [], "encrypted_content": "louver.redacted:D"}
    foreign = {"type": "reasoning", "summary": summary, "encrypted_content": "gAAAA"}
    told = said(ours, redacted, {"role": "assistant", "content": "yes"}, CALL)
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "S"},
        {"type": "redacted_thinking", "data": "D"},
    ]
    assert told == [
        {
            "role": "assistant",
            "content": "yes",
            "thinking_blocks": blocks,
            "tool_calls": [HUB_CALL],
        }
    ]
    assert said(foreign)[0]["thinking_blocks"] == [{"type": "thinking", "thinking": "hm"}]
    assert said({"role": "user", "content": "x"}, {"type": "reasoning", "summary": []}) == [
        {"role": "user", "content": "x"}
    ]


def test_images_and_files_cannot_be_inspected() -> None:
    image = {"type": "input_image", "image_url": PNG, "detail": "low"}
    file = {"type": "input_file", "file_data": "data:x", "filename": "a.pdf"}
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA"}}
    exchange = parse([user(image, file, sound, {"type": "new_thing"})])
    kinds = [part.kind for part in exchange.uninspectable]
    assert kinds == [PartKind.IMAGE, PartKind.FILE, PartKind.AUDIO, PartKind.OTHER]
    messages: Any = exchange.body.reveal()["messages"]
    assert messages[0]["content"][:2] == [
        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
        {"type": "file", "file": {"file_data": "data:x", "filename": "a.pdf"}},
    ]


def test_tools_and_choices_in_the_words_of_chat_completions() -> None:
    function = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: X"}
    custom = {"type": "custom", "name": "g", "format": grammar, "description": "d"}
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{**function}]}
    exchange = parse(tools=[function, custom], tool_choice=allowed)
    told: Any = exchange.body.reveal()
    assert told["tools"] == [
        {"type": "function", "function": {k: v for k, v in function.items() if k != "type"}},
        {
            "type": "custom",
            "custom": {
                "name": "g",
                "description": "d",
                "format": {
                    "type": "grammar",
                    "grammar": {"definition": "start: X", "syntax": "lark"},
                },
            },
        },
    ]
    choice = {"type": "function", "function": {"name": "f"}}
    assert told["tool_choice"] == {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [choice]},
    }
    assert exchange.tools == {"f", "g"}
    assert hub(tool_choice="required")["tool_choice"] == "required"
    assert hub(tool_choice={"type": "custom", "name": "g"})["tool_choice"] == {
        "type": "custom",
        "custom": {"name": "g"},
    }


def test_a_schema_for_the_answer() -> None:
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
    exchange = parse(text={"format": form, "verbosity": "low"})
    told = exchange.body.reveal()
    inner = {"name": "n", "schema": {"type": "object"}, "strict": True}
    assert told["response_format"] == {"type": "json_schema", "json_schema": inner}
    assert told["verbosity"] == "low"
    assert exchange.json_content
    assert hub(text={"format": {"type": "json_object"}})["response_format"] == {
        "type": "json_object"
    }
    assert "response_format" not in hub(text={"format": {"type": "text"}})


def test_parameters() -> None:
    told = hub(
        max_output_tokens=5,
        temperature=0.5,
        top_p=0.9,
        user="u",
        safety_identifier="s",
        prompt_cache_key="p",
        parallel_tool_calls=False,
        reasoning={"effort": "low", "summary": "auto"},
        service_tier="flex",
        top_k=4,
    )
    assert told.pop("messages")
    assert told == {
        "model": "home",
        "max_completion_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "user": "u",
        "safety_identifier": "s",
        "prompt_cache_key": "p",
        "parallel_tool_calls": False,
        "reasoning_effort": "low",
        "service_tier": "flex",
        "top_k": 4,
    }
    assert hub(stream=True)["stream_options"] == {"include_usage": True}


def test_what_no_model_needs_stays_here() -> None:
    told = hub(
        metadata={"ticket": "7"},
        include=["reasoning.encrypted_content"],
        truncation="auto",
        prompt_cache_retention="24h",
        max_tool_calls=3,
        previous_response_id="resp_1",
    )
    assert told.keys() == {"model", "messages"}


def test_the_turn_says_what_is_to_be_kept() -> None:
    assert parse().turn == Turn("resp_0123456789ab", None, 0, True)
    turn = parse(instructions="x", previous_response_id="resp_1", store=True).turn
    assert turn == Turn("resp_0123456789ab", "resp_1", 1, True)
    unkept = parse(store=False)
    assert unkept.no_store
    assert unkept.turn is not None
    assert not unkept.turn.keep


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("background", True),
        ("conversation", "conv_1"),
        ("prompt", {"id": "pmpt_1"}),
        ("moderation", {"model": "m"}),
        ("context_management", [{"type": "compaction"}]),
    ],
)
def test_what_is_not_supported_yet_is_named(name: str, value: Any) -> None:
    with pytest.raises(NotYetSupported, match=name) as refused:
        parse(**{name: value})
    assert refused.value.param == name
    assert parse(background=False, conversation=None).model == "home"


@pytest.mark.parametrize(
    "kind",
    ["web_search", "web_search_preview_2025_03_11", "file_search", "computer_use_preview", "mcp",
     "code_interpreter", "image_generation", "local_shell", "apply_patch"],
)  # fmt: skip
def test_hosted_tools_are_refused_by_name(kind: str) -> None:
    for more in ({"tools": [{"type": kind}]}, {"tool_choice": {"type": kind}}):
        with pytest.raises(NotYetSupported, match=r"hosted tool [a-z_]+ is not supported yet"):
            parse(**more)


@pytest.mark.parametrize("kind", sorted(HOSTED_ITEMS))
def test_items_of_hosted_tools_are_refused_by_name(kind: str) -> None:
    with pytest.raises(NotYetSupported, match=kind) as refused:
        parse([{"role": "user", "content": "x"}, {"type": kind, "id": "i"}])
    assert refused.value.param == "input[1]"


def test_log_probabilities_are_never_supported() -> None:
    with pytest.raises(NeverSupported):
        parse(include=["message.output_text.logprobs"])
    with pytest.raises(NeverSupported):
        parse(top_logprobs=3)


@pytest.mark.parametrize(
    ("given", "more", "param"),
    [
        (None, {}, "input"),
        ([], {}, "input"),
        (5, {}, "input"),
        (["x"], {}, "input[0]"),
        ([{"role": "tool", "content": "x"}], {}, "input[0].role"),
        ([{"role": "user"}], {}, "input[0].content"),
        ([{"type": "canary"}], {}, "input[0].type"),
        ([{**CALL, "arguments": {}}], {}, "input[0].arguments"),
        ([{**CALL, "name": None}], {}, "input[0].name"),
        ([{**OUTPUT, "call_id": 5}], {}, "input[0].call_id"),
        ([{"type": "reasoning", "summary": "x"}], {}, "input[0].summary"),
        ([user({"type": "input_text"})], {}, "input[0].content[0].text"),
        ("x", {"instructions": ["x"]}, "instructions"),
        ("x", {"previous_response_id": 5}, "previous_response_id"),
        ("x", {"max_output_tokens": 0}, "max_output_tokens"),
        ("x", {"metadata": ["x"]}, "metadata"),
        ("x", {"truncation": ["x"]}, "truncation"),
        ("x", {"include": "x"}, "include"),
        ("x", {"include": ["canary"]}, "include[0]"),
        ("x", {"reasoning": "x"}, "reasoning"),
        ("x", {"reasoning": {"effort": 5}}, "reasoning.effort"),
        ("x", {"text": "x"}, "text"),
        ("x", {"text": {"format": "x"}}, "text.format"),
        ("x", {"text": {"format": {"type": "canary"}}}, "text.format.type"),
        ("x", {"text": {"format": {"type": "json_schema"}}}, "text.format.name"),
        ("x", {"tools": {"a": 1}}, "tools"),
        ("x", {"tools": [{"type": "canary"}]}, "tools[0].type"),
        ("x", {"tools": [{"type": "function"}]}, "tools[0].function.name"),
        ("x", {"tool_choice": 5}, "tool_choice"),
        ("x", {"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ("x", {"tool_choice": {"type": "allowed_tools"}}, "tool_choice.tools"),
        ("x", {"store": "yes"}, "store"),
        ("x", {"stream": "yes"}, "stream"),
        ("x", {"messages": []}, "messages"),
        ("x", {"n": 2}, "n"),
        ("x", {"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_what_is_malformed_is_named(given: Any, more: dict[str, Any], param: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(given, **more)
    assert refused.value.param == param
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("name", ["image", "file"])
def test_what_is_kept_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(NotYetSupported, match="send its data"):
        parse([user({"type": f"input_{name}", "file_id": "file_1"})])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=10), t, max_size=4),
    max_leaves=15,
)
fields = st.sampled_from(
    ["model", "stream", "instructions", "tools", "tool_choice", "metadata", "text", "reasoning",
     "user", "include", "truncation", "store", "previous_response_id", "max_output_tokens"]
)  # fmt: skip
items = st.lists(
    st.dictionaries(
        st.sampled_from(["type", "role", "content", "call_id", "name", "arguments", "output"]),
        st.sampled_from(["message", "user", "assistant", "function_call", "reasoning", "x"])
        | json_values,
        max_size=6,
    ),
    max_size=4,
)


@hypothesis_settings(max_examples=400)
@given(st.dictionaries(fields, json_values, max_size=6), items | json_values)
def test_the_parser_answers_or_refuses_any_json(tree: dict[str, object], said: object) -> None:
    body = {**tree, "input": said, "model": "home"}
    try:
        exchange = FORMAT.parse(json.dumps(body).encode(), ASKED)
    except LouverError:
        return
    assert exchange.model == "home"
