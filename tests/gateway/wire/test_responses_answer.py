"""Answers of the Responses format: the object, its events, and that both say the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from support.models import Body, chunk, whole

from louver.core.errors import UpstreamFailed
from louver.core.identity import Caller
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.openai_responses import OpenAIResponses
from louver.gateway.wire.openai_responses_answer import ResponsesWriter

FORMAT = OpenAIResponses()
ASKED = Asked("ex-0123456789ab", Caller("t", "a", "k"))
EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
USED = {
    "prompt_tokens": 7,
    "completion_tokens": 5,
    "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
CALLS = [
    {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": ""}},
    {"index": 0, "function": {"arguments": '{"a":'}},
    {"index": 0, "function": {"arguments": "1}"}},
    {"index": 1, "id": "c2", "type": "custom", "custom": {"name": "run", "input": "ls"}},
]


def writer(**more: Any) -> ResponsesWriter:
    body = json.dumps({"model": "home", "input": "hello", **more}).encode()
    made = FORMAT.writer(FORMAT.parse(body, ASKED))
    assert isinstance(made, ResponsesWriter)
    return made


def deltas(*said: Body, finish: str = "stop") -> list[Body]:
    return [*(chunk(one) for one in said), chunk({}, finish=finish)]


def stream(events: Sequence[Body], **more: Any) -> list[Any]:
    """Everything a client gets, parsed by the SDK's own types, strictly."""
    made = writer(**more)
    pieces = [piece for event in events for piece in made.chunk(event)]
    pieces += made.finish()
    return [read(piece) for piece in [*pieces, made.end()]]


def read(piece: bytes) -> Any:
    name, data, *rest = piece.decode().split("\n")
    assert rest == ["", ""]
    tree = json.loads(data.removeprefix("data: "))
    assert name == f"event: {tree['type']}"
    if "response" in tree:
        Response.model_validate(tree["response"])
    return EVENTS.validate_python(tree)


def types(events: Sequence[Any]) -> list[str]:
    return [event.type.removeprefix("response.") for event in events]


def test_a_text() -> None:
    events = stream(
        deltas({"role": "assistant", "content": ""}, {"content": "He"}, {"content": "y"})
    )
    assert types(events) == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
        "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
        "completed",
    ]  # fmt: skip
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].response.status == "in_progress"
    assert events[0].response.output == []
    last = events[-1].response
    assert last.output_text == "Hey"
    assert last.status == "completed"
    assert last.id == "resp_0123456789ab"
    assert last.output[0].id == "msg_0123456789ab000"


def test_tool_calls_of_both_kinds() -> None:
    events = stream(deltas(*({"tool_calls": [call]} for call in CALLS), finish="tool_calls"))
    assert types(events)[2:] == [
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.delta",
        "output_item.added", "custom_tool_call_input.delta",
        "function_call_arguments.done", "output_item.done",
        "custom_tool_call_input.done", "output_item.done",
        "completed",
    ]  # fmt: skip
    function, custom = events[-1].response.output
    assert (function.call_id, function.name, function.arguments) == ("c1", "look", '{"a":1}')
    assert (custom.call_id, custom.name, custom.input) == ("c2", "run", "ls")
    assert function.id.startswith("fc_")
    assert custom.id.startswith("ctc_")


def test_a_call_without_arguments_is_told_too() -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "now", "arguments": ""}}
    (item,) = stream(deltas({"tool_calls": [call]}))[-1].response.output
    assert (item.name, item.arguments, item.status) == ("now", "", "completed")


def test_a_name_in_pieces_is_told_whole() -> None:
    named = [{"tool_calls": [{"index": 0, "function": {"name": n}}]} for n in ("get_", "weather")]
    last = {"tool_calls": [{"index": 0, "function": {"name": "", "arguments": "{}"}}]}
    added = stream(deltas(*named, last))[2]
    assert added.item.name == "get_weather"
    assert added.item.call_id


def test_thinking_comes_before_what_it_led_to() -> None:
    said = deltas({"reasoning_content": "h"}, {"reasoning_content": "m"}, {"content": "yes"})
    events = stream(said)
    assert types(events)[2:9] == [
        "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.delta", "output_item.added", "content_part.added",
        "output_text.delta",
    ]  # fmt: skip
    reasoning, message = events[-1].response.output
    assert reasoning.summary[0].text == "hm"
    assert message.content[0].text == "yes"


def test_what_was_held_back_still_belongs_to_its_item() -> None:
    """A restorer lets go of its last letters when the choice ends, after the calls."""
    said: list[Body] = [{"content": "see "}, {"tool_calls": [CALLS[0]]}, {"content": "EMAIL"}]
    message, call = stream(deltas(*said))[-1].response.output
    assert message.content[0].text == "see EMAIL"
    assert call.name == "look"


def test_signatures_reach_only_who_asks_for_them_and_the_next_turn() -> None:
    said = deltas(
        {"reasoning_content": "hm"},
        {"thinking_signature": "S"},
        {"redacted_thinking": "D"},
        {"reasoning_content": "so"},
        {"content": "yes"},
    )
    shown = stream(said, include=["reasoning.encrypted_content"])[-1].response.output
    assert [item.encrypted_content for item in shown[:3]] == [
        "louver.signed:S",
        "louver.redacted:D",
        None,
    ]
    hidden = stream(said)
    assert "louver.signed" not in str(hidden)
    made = writer()
    for event in said:
        list(made.chunk(event))
    list(made.finish())
    assert made.said() == [
        {
            "role": "assistant",
            "content": "yes",
            "thinking_blocks": [
                {"type": "thinking", "thinking": "hm", "signature": "S"},
                {"type": "redacted_thinking", "data": "D"},
                {"type": "thinking", "thinking": "so"},
            ],
        }
    ]


def test_a_refusal_is_a_part_of_its_own() -> None:
    events = stream(deltas({"content": "Well, "}, {"refusal": "no"}))
    assert {"refusal.delta", "refusal.done"} <= set(types(events))
    text, refusal = events[-1].response.output[0].content
    assert (text.text, refusal.refusal) == ("Well, ", "no")


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
def test_an_answer_cut_short_is_incomplete(finish: str, reason: str) -> None:
    last = stream(deltas({"content": "He"}, finish=finish))[-1]
    assert last.type == "response.incomplete"
    assert last.response.status == "incomplete"
    assert last.response.incomplete_details.reason == reason
    assert last.response.output[0].status == "incomplete"


def test_usage_in_the_words_of_responses() -> None:
    used = stream([*deltas({"content": "x"}), {**chunk({}), "choices": [], "usage": USED}])
    usage = used[-1].response.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (7, 5, 12)
    assert usage.input_tokens_details.cached_tokens == 3
    assert usage.output_tokens_details.reasoning_tokens == 2


def test_a_failure_is_the_last_event_and_keeps_nothing() -> None:
    made = writer()
    list(made.chunk(chunk({"content": "He"})))
    last = json.loads(
        made.failed(UpstreamFailed("gone", code="upstream_reset")).split(b"data: ")[1]
    )
    assert last["type"] == "response.failed"
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"] == {"code": "upstream_reset", "message": "gone"}
    assert last["response"]["store"] is False


def test_a_failure_before_anything_begins_the_stream_first() -> None:
    pieces = writer().failed(UpstreamFailed("gone")).split(b"\n\n")
    assert [piece.split(b"\n")[0].decode() for piece in pieces if piece] == [
        "event: response.created",
        "event: response.in_progress",
        "event: response.failed",
    ]


def test_the_request_is_told_again() -> None:
    asked = {
        "instructions": "Be kind",
        "metadata": {"ticket": "7"},
        "temperature": 0.5,
        "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}],
        "tool_choice": "required",
        "previous_response_id": "resp_1",
        "reasoning": {"effort": "low"},
    }
    told = json.loads(writer(**asked).whole(whole({"content": "x"})))
    assert {name: told[name] for name in asked} == asked
    assert told["store"] is True
    assert json.loads(writer(store=False).whole(whole({"content": "x"})))["store"] is False


pieces = st.lists(
    st.sampled_from(
        [
            {"content": "a"},
            {"refusal": "b"},
            {"reasoning_content": "c"},
            *({"tool_calls": [call]} for call in CALLS),
        ]
    ),
    max_size=12,
)


@given(pieces)
def test_the_deltas_add_up_to_the_last_object(said: list[Body]) -> None:
    events = stream(deltas(*said))
    last = events[-1].response
    done = [event.item for event in events if event.type == "response.output_item.done"]
    assert sorted(i.id for i in done) == sorted(i.id for i in last.output)
    for item in last.output:
        own = [e for e in events if getattr(e, "item_id", None) == item.id]
        parts = [e for e in own if e.type.endswith(".delta")]
        parts.sort(key=lambda e: getattr(e, "content_index", 0))
        assert "".join(e.delta for e in parts) == "".join(texts(item))
    first = [event for event in events if event.type == "response.output_item.added"]
    assert [event.output_index for event in first] == list(range(len(last.output)))


def test_a_whole_answer_is_the_object_that_a_stream_ends_with() -> None:
    said = {"content": "yes", "refusal": "no", "reasoning_content": "hm", "tool_calls": CALLS[3:]}
    event = {**whole(said, finish="length"), "usage": USED}
    told = json.loads(writer().whole(event))
    streamed = stream([*deltas(said, finish="length"), {**chunk({}), "usage": USED}])[-1]
    assert Response.model_validate(told) == streamed.response


def texts(item: Any) -> list[str]:
    if item.type == "message":
        return [p.text if p.type == "output_text" else p.refusal for p in item.content]
    if item.type == "reasoning":
        return [part.text for part in item.summary]
    return [item.arguments if item.type == "function_call" else item.input]
