"""GGUF models through llama.cpp; runs where `pip install 'louver[gguf]' gguf` was, ten minutes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from gateway.providers.requests import chat, joined, streamed, whole
from gateway.providers.transformers_local.test_generation import Asking, Noon
from support import tiny_gguf

from louver.core.errors import NotYetSupported, UpstreamFailed
from louver.core.exchanges import Minimized, Operation
from louver.core.policy import Capabilities, Destination, Location
from louver.gateway.providers.gguf import gguf

pytest.importorskip("llama_cpp", reason="llama-cpp-python is built from source, in ten minutes")
pytest.importorskip("gguf", reason="writes the tiny model")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:llama_cpp.*")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    file = tiny_gguf.write(tmp_path_factory.mktemp("gguf") / "tiny.gguf")
    can = Capabilities(context=256)
    place = Destination("here", "gguf", Location.LOCAL, "us", str(file), capabilities=can)
    made = Asking(gguf(place, None, Noon()))
    yield made
    asyncio.run(made.provider.close())


def test_whole_and_streamed_answers_say_the_same(model: Asking) -> None:
    body = chat("is the window open?", max_tokens=30, temperature=0)
    answer, chunks = whole(model, body), streamed(model, body)
    content = answer.choices[0].message.content
    assert content
    assert joined(chunks) == content
    assert len([c for c in chunks if c.choices[0].delta.content]) > 10
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 30
    assert answer.usage.prompt_tokens > 10


def test_stop_sequences_end_the_answer_and_are_not_told(model: Asking) -> None:
    full = whole(model, chat("write", max_tokens=60, temperature=0)).choices[0].message.content
    assert full
    stop = full[20:23]
    answer = whole(model, chat("write", max_tokens=60, temperature=0, stop=stop)).choices[0]
    assert (answer.message.content, answer.finish_reason) == (full[: full.index(stop)], "stop")


def test_a_seed_repeats_and_a_temperature_varies(model: Asking) -> None:
    def said(**more: object) -> str:
        body = chat("write", max_tokens=15, temperature=1.5, **more)
        return whole(model, body).choices[0].message.content or ""

    assert said(seed=1) == said(seed=1) != said(seed=2)
    texts = [c.message.content for c in whole(model, chat("write", n=3, max_tokens=15)).choices]
    assert len(set(texts)) == 3


def test_a_json_schema_is_kept(model: Asking) -> None:
    shape = {"type": "object", "properties": {"a": {"enum": ["b", "c"]}}, "required": ["a"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": shape}}
    content = whole(model, chat("write", response_format=wanted)).choices[0].message.content
    assert json.loads(content or "")["a"] in {"b", "c"}


def test_too_long_a_request_is_refused_by_name(model: Asking) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        whole(model, chat("light " * 400))
    assert (caught.value.status, caught.value.code) == (400, "context_length_exceeded")


def test_a_template_without_system_messages_gets_them_as_the_users(model: Asking) -> None:
    turns = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "write"}]
    answer = whole(model, {"model": "m", "messages": turns, "max_tokens": 5})
    assert answer.choices[0].message.content


def test_nothing_of_one_request_is_kept_for_the_next(model: Asking) -> None:
    body = chat("is the window open?", max_tokens=10, temperature=0)
    first = whole(model, body).choices[0].message.content
    whole(model, chat("the garden the garden", max_tokens=3, temperature=0))
    assert whole(model, body).choices[0].message.content == first
    engine = model.provider._thread._engine
    assert engine is not None
    assert engine._model.n_tokens == 0  # type: ignore[attr-defined]  # looked at from outside


def test_tools_are_refused_before_anything_leaves(model: Asking) -> None:
    with pytest.raises(NotYetSupported):
        model.provider.request(
            {**chat("x"), "tools": [{"type": "function", "function": {}}]}, Operation.CHAT
        )


def test_a_client_that_leaves_stops_the_model(model: Asking) -> None:
    async def run() -> float:
        long = json.dumps(chat("write", temperature=1.0)).encode()
        async with aclosing(model.ask(Minimized("x", long, True, False, {}, {}))) as events:
            for _ in range(3):
                await anext(events)
        began = time.monotonic()
        short = json.dumps(chat("write", max_tokens=1)).encode()
        async with aclosing(model.ask(Minimized("y", short, False, False, {}, {}))) as events:
            await anext(events)
        return time.monotonic() - began

    began = time.monotonic()
    whole(model, chat("write", temperature=1.0))
    full = time.monotonic() - began
    assert asyncio.run(run()) < max(full / 2, 0.2)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    file = tmp_path / "no.gguf"
    file.write_bytes(b"these are no weights")
    place = Destination("here", "gguf", Location.LOCAL, "us", str(file))
    model = Asking(gguf(place, None, Noon()))
    with pytest.raises(UpstreamFailed) as caught:
        whole(model, chat("hello"))
    assert caught.value.code == "model_not_loaded"
    asyncio.run(model.provider.close())
