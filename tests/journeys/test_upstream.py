"""A real OpenAI-compatible server behind the gateway, over HTTP, with the real client."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from support.houses import Watched, running
from support.models import Body, Scripted, chunk, whole
from support.upstream import behind, served

from louver.core.errors import UpstreamFailed
from louver.core.policy import Destination, Location
from louver.gateway.providers.practice import Practice

USER: list[ChatCompletionMessageParam] = [
    {"role": "user", "content": "Mail alice.martin@example.com and quote me."}
]
TOOLS: list[ChatCompletionToolParam] = [
    {
        "type": "function",
        "function": {
            "name": "send_mail",
            "description": "Mail somebody",
            "parameters": {
                "type": "object",
                "properties": {"email": {"type": "string"}},
                "required": ["email"],
            },
        },
    }
]


PRACTICE = Destination("home", "practice", Location.LOCAL, "us", "home")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Watched]:
    with (
        served(Practice(PRACTICE, delay=0)) as provider,
        running(tmp_path, providers={"home": provider}) as watched,
    ):
        yield watched


def test_streamed_and_whole_answers_are_restored(gateway: Watched) -> None:
    stream = gateway.client().chat.completions.create(model="home", messages=USER, stream=True)
    said = "".join(e.choices[0].delta.content or "" for e in stream if e.choices)
    answer = gateway.client().chat.completions.create(model="home", messages=USER)
    assert "alice.martin@example.com" in said
    assert "alice.martin@example.com" in (answer.choices[0].message.content or "")
    assert b"alice" not in gateway.bytes_that_left


def test_a_tool_call_comes_back_with_its_value(gateway: Watched) -> None:
    answer = gateway.client().chat.completions.create(
        model="home", messages=USER, tools=TOOLS, tool_choice="required"
    )
    calls = answer.choices[0].message.tool_calls or []
    assert calls[0].type == "function"
    assert json.loads(calls[0].function.arguments) == {"email": "alice.martin@example.com"}


def test_structured_output_is_json_with_its_values(gateway: Watched) -> None:
    answer = gateway.client().chat.completions.create(
        model="home",
        messages=[{"role": "user", "content": 'Carol O"Neil wrote.'}],
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "who",
                "schema": {"type": "object", "properties": {"person": {"type": "string"}}},
            },
        },
    )
    assert json.loads(answer.choices[0].message.content or "") == {"person": 'Carol O"Neil'}


def test_several_choices(gateway: Watched) -> None:
    stream = gateway.client().chat.completions.create(model="home", messages=USER, n=3, stream=True)
    said = {0: "", 1: "", 2: ""}
    for event in stream:
        for choice in event.choices:
            said[choice.index] += choice.delta.content or ""
    assert all("alice.martin@example.com" in text for text in said.values())


def test_errors_of_the_upstream_pass_through(tmp_path: Path) -> None:
    body = b'{"error": {"message": "slow down", "type": "x", "param": null, "code": "rate"}}'
    failure = UpstreamFailed("no", status=429, body=body, headers=(("retry-after", "3"),))
    with (
        served(Scripted(lambda _: [failure])) as provider,
        running(tmp_path, providers={"home": provider}) as gateway,
    ):
        with pytest.raises(openai.RateLimitError) as caught:
            gateway.client().chat.completions.create(model="home", messages=USER)
        assert caught.value.code == "rate"
        assert caught.value.response.headers["retry-after"] == "3"


def test_an_upstream_that_is_gone(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": behind("http://127.0.0.1:1")}) as gateway:
        with pytest.raises(openai.InternalServerError) as caught:
            gateway.client().chat.completions.create(model="home", messages=USER)
        assert (caught.value.status_code, caught.value.code) == (502, "upstream_unreachable")


def test_a_client_that_hangs_up_cancels_the_upstreams_call(tmp_path: Path) -> None:
    def endless(_: Body) -> Iterator[Body]:
        while True:
            time.sleep(0.002)
            yield chunk({"content": "more and more "})

    model = Scripted(endless)  # type: ignore[arg-type]  # a generator is read like a list
    with (
        served(model) as provider,
        running(tmp_path, providers={"home": provider}) as gateway,
    ):
        stream = gateway.client().chat.completions.create(model="home", messages=USER, stream=True)
        assert next(stream).choices[0].delta.content == "more and more "
        stream.close()
        deadline = time.monotonic() + 10
        while not model.closed and time.monotonic() < deadline:
            time.sleep(0.02)
        assert model.closed == 1
        while time.monotonic() < deadline:
            entries = gateway.house.store.entries()
            if entries[-1].kind == "answered":
                break
            time.sleep(0.02)
        assert entries[-1].event["outcome"] == "client_left"


def test_models_are_listed(gateway: Watched) -> None:
    assert [model.id for model in gateway.client().models.list()] == ["cloud", "home", "louver"]
    assert gateway.client().models.retrieve("home").id == "home"
    with pytest.raises(openai.NotFoundError):
        gateway.client().models.retrieve("nosuch")


def test_finish_reasons_and_usage_pass(tmp_path: Path) -> None:
    def script(_: Body) -> list[Body]:
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        return [{**whole({"content": "ok"}, finish="length"), "usage": usage}]

    with running(tmp_path, providers={"home": Scripted(script)}) as watched:
        answer = watched.client().chat.completions.create(model="home", messages=USER)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 5
    assert answer.model == "home"
