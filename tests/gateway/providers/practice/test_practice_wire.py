"""The practice model on the wire: exactly OpenAI's objects, limits, and pacing."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest
from gateway.providers.requests import (
    EMAIL,
    PERSON,
    PLACE,
    called,
    chat,
    events,
    joined,
    said,
    streamed,
    whole,
)

from louver.core.exchanges import Minimized
from louver.gateway.providers.practice import Practice
from louver.gateway.providers.practice.phrases import NOTICE

MODEL = Practice(PLACE, delay=0)
TEXT = f"I am {PERSON}, write to {EMAIL}. Who am I?"
TOOL = {
    "type": "function",
    "function": {
        "name": "find_person",
        "description": "Find a person",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}


class Noon:
    def now(self) -> float:
        return 1_800_000_000.9

    def monotonic(self) -> float:
        return 0.0


def test_whole_and_streamed_answers_say_the_same() -> None:
    chunks = streamed(MODEL, chat(TEXT))
    answer = whole(MODEL, chat(TEXT))
    assert joined(chunks) == answer.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert {c.id for c in chunks} == {answer.id}
    assert answer.model == "practice-1"
    assert all(chunk.usage is None for chunk in chunks)


def test_streams_cut_placeholders_into_several_chunks() -> None:
    assert not any(PERSON in json.dumps(event) for event in events(MODEL, chat(TEXT), stream=True))
    assert PERSON in joined(streamed(MODEL, chat(TEXT)))


def test_choices_interleave_and_differ() -> None:
    text = "My pen is red. My cap is red. My bag is red. What is red?"
    chunks = streamed(MODEL, chat(text, n=3))
    order = [choice.index for chunk in chunks for choice in chunk.choices]
    assert order[:6] == [0, 1, 2, 0, 1, 2]
    answers = [choice.message.content for choice in whole(MODEL, chat(text, n=3)).choices]
    assert [joined(chunks, i) for i in range(3)] == answers
    assert len(set(answers)) == 3


def test_usage_is_counted_and_streamed_on_request() -> None:
    chunks = streamed(MODEL, chat(TEXT, stream_options={"include_usage": True}))
    usage = whole(MODEL, chat(TEXT)).usage
    assert usage is not None
    assert chunks[-1].choices == []
    assert chunks[-1].usage == usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens == len(chunks) - 3


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_token_limit_cuts_and_says_so(name: str) -> None:
    full = said(MODEL, chat(TEXT))
    for limit in (0, 1, 5, 20):
        answer = whole(MODEL, chat(TEXT, **{name: limit})).choices[0]
        assert answer.finish_reason == "length"
        assert answer.message.content is not None
        assert full.startswith(answer.message.content)
        assert len(streamed(MODEL, chat(TEXT, **{name: limit}))) == limit + 2
    assert whole(MODEL, chat(TEXT, **{name: 10_000})).choices[0].finish_reason == "stop"


def test_stop_sequences_end_the_answer() -> None:
    assert said(MODEL, chat(TEXT, stop="model")) == NOTICE.partition("model")[0]
    assert said(MODEL, chat(TEXT, stop=["never", "language"])) == NOTICE.partition("language")[0]


def test_a_tool_call_streams_its_arguments_in_fragments() -> None:
    body = chat(f"Find the person {PERSON}.", tools=[TOOL])
    deltas = [
        call for chunk in streamed(MODEL, body) for call in chunk.choices[0].delta.tool_calls or []
    ]
    assert deltas[0].id == "call_1_0"
    assert deltas[0].function is not None
    assert deltas[0].function.name == "find_person"
    assert all(call.id is None and call.index == 0 for call in deltas[1:])
    arguments = "".join(call.function.arguments or "" for call in deltas if call.function)
    assert [("find_person", json.loads(arguments))] == called(MODEL, body)
    assert json.loads(arguments) == {"name": PERSON}
    assert len(deltas) > 5
    assert streamed(MODEL, body)[-1].choices[0].finish_reason == "tool_calls"
    cut = whole(MODEL, {**body, "max_tokens": 2}).choices[0]
    assert cut.finish_reason == "length"


def test_the_date_comes_from_the_clock() -> None:
    assert whole(Practice(PLACE, clock=Noon(), delay=0), chat("hi")).created == 1_800_000_000
    assert whole(MODEL, chat("hi")).created == 0


def test_a_stream_is_paced_and_can_be_left() -> None:
    async def run() -> tuple[list[float], bool]:
        loop = asyncio.get_running_loop()
        body = json.dumps(chat(TEXT)).encode()
        answer = Practice(PLACE, delay=0.005).ask(Minimized("x", body, True, False, {}, {}))
        times: list[float] = []
        async for _ in answer:
            times.append(loop.time())
            if len(times) == 10:
                break
        await answer.aclose()
        return times, await anext(answer, None) is None

    times, ended = asyncio.run(run())
    assert ended
    assert all(later - sooner >= 0.004 for sooner, later in pairwise(times))
