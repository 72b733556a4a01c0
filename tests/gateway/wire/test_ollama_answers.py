"""Restored hub events become Ollama's lines: words at once, tool calls whole, counts at the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.models import chunk, whole

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.identity import Caller
from louver.gateway.wire.interface import AnswerWriter, Asked
from louver.gateway.wire.ollama.formats import OllamaChat, OllamaEmbed, OllamaEmbeddings
from louver.gateway.wire.ollama.formats import OllamaGenerate as Generate


class Ticking:
    """One second goes by whenever somebody looks."""

    def __init__(self) -> None:
        self._seconds = 10.0

    def now(self) -> float:
        return 1_800_000_000.25

    def monotonic(self) -> float:
        self._seconds += 1
        return self._seconds


def told(error: LouverError) -> bytes:
    return json.dumps({"error": error.message}).encode()


def writer(
    kind: type[OllamaChat | Generate | OllamaEmbed | OllamaEmbeddings] = OllamaChat,
) -> AnswerWriter:
    body = {
        "model": "home",
        "messages": [{"role": "user", "content": "x"}],
        "prompt": "x",
        "input": "x",
    }
    format_ = kind(Ticking(), told)
    asked = Asked("ex", Caller("t", "a", "k"), began=10.0)
    return format_.writer(format_.parse(json.dumps(body).encode(), asked))


def lines(writer: AnswerWriter, *events: dict[str, Any]) -> list[dict[str, Any]]:
    out = b"".join(piece for event in events for piece in writer.chunk(event))
    out += b"".join(writer.finish()) + writer.end()
    assert out.endswith(b"\n")
    return [json.loads(line) for line in out.splitlines()]


USED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def test_a_stream_of_words() -> None:
    first, second, last = lines(
        writer(),
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}, finish="stop"),
        {**chunk({}), "choices": [], "usage": USED},
    )
    assert first == {
        "model": "home",
        "created_at": "2027-01-15T08:00:00.250000Z",
        "message": {"role": "assistant", "content": "Hel"},
        "done": False,
    }
    assert second["message"]["content"] == "lo"
    assert last["message"] == {"role": "assistant", "content": ""}
    assert (last["done"], last["done_reason"]) == (True, "stop")
    assert (last["prompt_eval_count"], last["eval_count"]) == (3, 2)
    # Looked at when the first event came (11), and at the end (12, 13).
    assert last["prompt_eval_duration"] == 1_000_000_000
    assert last["total_duration"] == 2_000_000_000
    assert last["eval_duration"] == 2_000_000_000
    assert last["load_duration"] == 0


def test_a_whole_answer_is_one_object_whose_time_nobody_can_split() -> None:
    answer = json.loads(
        writer().whole({**whole({"content": "Hi"}, finish="length"), "usage": USED})
    )
    assert answer["message"] == {"role": "assistant", "content": "Hi"}
    assert (answer["done"], answer["done_reason"]) == (True, "length")
    assert answer["prompt_eval_duration"] == 0
    assert answer["eval_duration"] > answer["total_duration"] > 0


def test_generate_says_response() -> None:
    first, last = lines(writer(Generate), chunk({"content": "Hi"}, finish="stop"))
    assert (first["response"], last["response"]) == ("Hi", "")
    assert "message" not in first
    assert "context" not in last
    answer = json.loads(writer(Generate).whole(whole({"content": "Hi", "reasoning_content": "hm"})))
    assert (answer["response"], answer["thinking"]) == ("Hi", "hm")


def test_thinking_is_said_apart_and_once() -> None:
    first, second, _ = lines(
        writer(),
        chunk({"reasoning_content": "hm", "reasoning": "hm"}),
        chunk({"reasoning": "so"}, finish="stop"),
    )
    assert first["message"] == {"role": "assistant", "content": "", "thinking": "hm"}
    assert second["message"]["thinking"] == "so"


def test_a_refusal_is_what_the_model_says() -> None:
    first, _ = lines(writer(), chunk({"refusal": "No."}, finish="stop"))
    assert first["message"]["content"] == "No."


def calling(index: int, arguments: str, **more: Any) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments, **more}}


def test_tool_calls_come_whole_with_objects() -> None:
    started = {**calling(0, "", name="get_"), "id": "c0"}
    first, last = lines(
        writer(),
        chunk({"tool_calls": [started]}),
        chunk({"tool_calls": [calling(0, '{"city": "Os', name="weather")]}),
        chunk({"tool_calls": [{**calling(1, "", name="now"), "id": "c1"}]}),
        chunk({"tool_calls": [calling(0, 'lo", "big": 12345678901234567890123}')]}),
        chunk({}, finish="tool_calls"),
    )
    assert first["message"]["tool_calls"] == [
        {
            "id": "c0",
            "function": {
                "index": 0,
                "name": "get_weather",
                "arguments": {"city": "Oslo", "big": 1.2345678901234568e22},
            },
        },
        {"id": "c1", "function": {"index": 1, "name": "now", "arguments": {}}},
    ]
    assert last["done_reason"] == "stop"


def test_calls_of_a_stream_that_names_no_end_are_told_too() -> None:
    first, _ = lines(writer(), chunk({"tool_calls": [calling(0, "{}", name="f")]}))
    assert first["message"]["tool_calls"][0]["function"]["name"] == "f"


@pytest.mark.parametrize(
    "arguments",
    ['{"a": ', "[1]", '"x"', "null", "5", "no", '{"a":' * 70 + "1" + "}" * 70, "[" * 5000],
)
def test_arguments_that_are_no_object_end_the_answer_by_name(arguments: str) -> None:
    call = calling(0, arguments, name="f")
    for write in (
        lambda w: list(w.chunk(chunk({"tool_calls": [call]}, finish="tool_calls"))),
        lambda w: w.whole(whole({"tool_calls": [call]}, finish="tool_calls")),
    ):
        with pytest.raises(UpstreamFailed, match="no JSON object") as failed:
            write(writer())
        assert failed.value.code == "upstream_invalid"
    with pytest.raises(UpstreamFailed, match="without a name"):
        list(writer().chunk(chunk({"tool_calls": [calling(0, "{}")]}, finish="tool_calls")))


def test_a_call_that_the_limit_cut_off_is_left_out_and_the_reason_told() -> None:
    call = calling(0, '{"a": ', name="f")
    (last,) = lines(writer(), chunk({"tool_calls": [call]}, finish="length"))
    assert last["done_reason"] == "length"
    assert "tool_calls" not in last["message"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{"a": "\\ud83d"}', {"a": "�"}),
        ('{"a": NaN, "b": "\\ud83d"}', {"a": None, "b": "�"}),
        ('{"a": "\\ud83d", "b": 1' + "0" * 30 + "}", {"a": "�", "b": 1e30}),
        ('{"a": "\\ud83d", "b": 1' + "0" * 400 + "}", None),
    ],
)
def test_sloppy_arguments_are_read_where_they_can_be(written: str, read: object) -> None:
    call = calling(0, written, name="f")
    event = chunk({"tool_calls": [call]}, finish="tool_calls")
    if read is None:
        with pytest.raises(UpstreamFailed):
            lines(writer(), event)
        return
    first, _ = lines(writer(), event)
    assert first["message"]["tool_calls"][0]["function"]["arguments"] == read


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1}, {"completion_tokens": "9"}])
def test_counts_that_nobody_told_are_left_out(usage: object) -> None:
    (last,) = lines(writer(), {**chunk({}, finish="stop"), "usage": usage})
    assert "prompt_eval_count" not in last
    assert "eval_count" not in last


@pytest.mark.parametrize("reason", [["length"], {"a": 1}, 5, "content_filter", "tool_calls"])
def test_any_other_end_is_a_stop(reason: Any) -> None:
    (last,) = lines(writer(), chunk({}, finish=reason))
    assert last["done_reason"] == "stop"


def test_a_failure_is_a_line() -> None:
    assert writer().failed(UpstreamFailed("broke")) == b'{"error": "broke"}\n'


def test_embeddings_in_both_shapes() -> None:
    vectors = [{"index": 0, "embedding": [0.5, 1]}, {"index": 1, "embedding": "AAAAPwAAgD8="}]
    event: dict[str, Any] = {"data": vectors, "usage": {"prompt_tokens": 4}}
    answer = json.loads(writer(OllamaEmbed).whole(event))
    assert answer["embeddings"] == [[0.5, 1], [0.5, 1.0]]
    assert answer["model"] == "home"
    assert answer["prompt_eval_count"] == 4
    assert answer["total_duration"] == 2_000_000_000
    assert json.loads(writer(OllamaEmbeddings).whole(event)) == {"embedding": [0.5, 1]}
