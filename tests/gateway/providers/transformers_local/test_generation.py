"""Text generation in this process, with a real library and a tiny model made on the fly."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from gateway.providers.requests import chat, joined, streamed, whole
from support import tiny

from louver.core.errors import LouverError, NotYetSupported, UpstreamFailed
from louver.core.exchanges import Minimized, Operation
from louver.core.policy import Capabilities, Destination, Location
from louver.gateway.providers.in_process import InProcess
from louver.gateway.providers.transformers_local import transformers


class Noon:
    def now(self) -> float:
        return 1_800_000_000.9

    def monotonic(self) -> float:
        return 0.0


class Asking:
    """A provider as the line uses it: the hub form goes through `request` first."""

    def __init__(self, provider: InProcess) -> None:
        self.provider = provider

    def ask(self, request: Minimized) -> Any:
        body = self.provider.request(json.loads(request.body), Operation.CHAT)
        made = Minimized(request.exchange, json.dumps(body).encode(), request.stream, False, {}, {})
        return self.provider.ask(made)


def placed(folder: Path, **more: Any) -> Destination:
    return Destination("here", "transformers", Location.LOCAL, "us", str(folder), **more)


def at(folder: Path, **more: Any) -> Asking:
    return Asking(transformers(placed(folder, **more), None, Noon()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.generator(tmp_path_factory.mktemp("generator"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Iterator[Asking]:
    made = at(folder)
    yield made
    asyncio.run(made.provider.close())


def test_whole_and_streamed_answers_say_the_same(model: Asking) -> None:
    body = chat("What is the weather like?", max_tokens=40)
    answer, chunks = whole(model, body), streamed(model, body)
    content = answer.choices[0].message.content
    assert content
    assert joined(chunks) == content
    assert len([c for c in chunks if c.choices[0].delta.content]) > 10
    assert chunks[0].choices[0].delta.role == "assistant"
    assert (answer.created, answer.model) == (1_800_000_000, "here")
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 40
    assert answer.usage.prompt_tokens > 5


def test_the_answer_is_what_the_library_itself_generates(folder: Path, model: Asking) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    words, own = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    text = words.apply_chat_template(
        [{"role": "user", "content": "Is the window open?"}],
        tokenize=False,
        add_generation_prompt=True,
    )
    prompt = words(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        made = own.generate(prompt, max_new_tokens=30, do_sample=False)
    expected = words.decode(made[0, prompt.shape[1] :], skip_special_tokens=True)
    answer = whole(model, chat("Is the window open?", max_tokens=30))
    assert answer.choices[0].message.content == expected
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == prompt.shape[1]


def test_a_limit_cuts_and_says_so(model: Asking) -> None:
    full = whole(model, chat("Write!", max_tokens=30)).choices[0].message.content or ""
    for name in ("max_tokens", "max_completion_tokens"):
        answer = whole(model, chat("Write!", **{name: 5}))
        assert answer.choices[0].finish_reason == "length"
        assert answer.usage is not None
        assert answer.usage.completion_tokens == 5
        assert full.startswith((answer.choices[0].message.content or "").rstrip("\ufffd"))


def test_stop_sequences_end_the_answer_and_are_not_told(model: Asking) -> None:
    full = whole(model, chat("Write!", max_tokens=60)).choices[0].message.content or ""
    later, sooner = full[40:44], full[12:15]
    body = chat("Write!", max_tokens=60, stop=[later, sooner, "never there"])
    answer = whole(model, body).choices[0]
    first = min(full.index(later), full.index(sooner))
    assert (answer.message.content, answer.finish_reason) == (full[:first], "stop")
    chunks = streamed(model, body)
    assert joined(chunks) == full[:first]
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_seed_repeats_and_a_temperature_varies(model: Asking) -> None:
    def said(**more: object) -> str:
        body = chat("Write!", max_tokens=20, **more)
        return whole(model, body).choices[0].message.content or ""

    assert said(temperature=1.5, seed=1) == said(temperature=1.5, seed=1)
    assert said(temperature=1.5, seed=1) != said(temperature=1.5, seed=2)
    assert said(temperature=0, seed=1) == said(temperature=0, seed=2) == said()
    assert said(temperature=1.5, top_p=0.0, seed=1) == said()


def test_randomness_of_others_is_neither_used_nor_disturbed(model: Asking) -> None:
    import torch

    body = chat("Write!", max_tokens=20, temperature=1.2, seed=5)
    torch.manual_seed(1)
    first = whole(model, body).choices[0].message.content
    after = torch.rand(1).item()
    torch.manual_seed(1)
    assert torch.rand(1).item() == after
    assert whole(model, body).choices[0].message.content == first


def test_choices_are_counted_and_differ(model: Asking) -> None:
    body = chat("Write!", n=3, max_tokens=12, temperature=1.5, seed=3)
    answer = whole(model, body)
    texts = [choice.message.content for choice in answer.choices]
    assert len(set(texts)) == 3
    assert [c.index for c in answer.choices] == [0, 1, 2]
    chunks = streamed(model, {**body, "stream_options": {"include_usage": True}})
    assert [joined(chunks, i) for i in range(3)] == texts
    assert chunks[-1].choices == []
    assert chunks[-1].usage == answer.usage


def test_the_models_own_settings_count_where_the_client_says_nothing(tmp_path: Path) -> None:
    own: dict[str, Any] = {"do_sample": True, "temperature": 1.4, "top_k": 20, "top_p": 0.9}
    model = at(tiny.generator(tmp_path, **own))
    sampled = [
        whole(model, chat("Write!", max_tokens=15, seed=s)).choices[0].message.content
        for s in (1, 2, 1)
    ]
    assert sampled[0] == sampled[2] != sampled[1]
    asyncio.run(model.provider.close())


@pytest.mark.parametrize("template", [tiny.STRICT_TEMPLATE, None])
def test_any_conversation_fits_any_template(tmp_path: Path, template: str | None) -> None:
    model = at(tiny.generator(tmp_path, template))
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
        {"role": "user", "content": [{"type": "text", "text": "and?"}]},
        {"role": "assistant", "content": None},
        {"role": "tool", "tool_call_id": "c", "content": "ok"},
    ]
    answer = whole(model, {"model": "m", "messages": turns, "max_tokens": 8})
    assert answer.choices[0].finish_reason in {"stop", "length"}
    asyncio.run(model.provider.close())


def test_too_long_a_request_is_refused_by_name(folder: Path) -> None:
    for model in (at(folder), at(folder, capabilities=Capabilities(context=20))):
        with pytest.raises(UpstreamFailed) as caught:
            whole(model, chat("light " * 600))
        assert (caught.value.status, caught.value.code) == (400, "context_length_exceeded")
        with pytest.raises(UpstreamFailed):
            streamed(model, chat("light " * 600))
        asyncio.run(model.provider.close())


def test_an_answer_ends_where_the_context_does(folder: Path) -> None:
    model = at(folder, capabilities=Capabilities(context=40))
    answer = whole(model, chat("Write!"))
    assert answer.usage is not None
    assert answer.usage.total_tokens <= 40
    asyncio.run(model.provider.close())


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"functions": [{"name": "f"}]},
        {"response_format": {"type": "json_object"}},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
    ],
)
def test_what_it_cannot_be_told_is_refused_before_anything_leaves(
    model: Asking, more: dict[str, object]
) -> None:
    with pytest.raises(NotYetSupported):
        model.provider.request({**chat("x"), **more}, Operation.CHAT)


def test_a_client_that_leaves_stops_the_model(model: Asking) -> None:
    async def run() -> tuple[int, float]:
        long = json.dumps(chat("Write!", temperature=1.0)).encode()
        seen = 0
        async with aclosing(model.ask(Minimized("x", long, True, False, {}, {}))) as events:
            async for _ in events:
                seen += 1
                if seen == 4:
                    break
        began = time.monotonic()
        short = json.dumps(chat("Write!", max_tokens=1)).encode()
        async with aclosing(model.ask(Minimized("y", short, False, False, {}, {}))) as events:
            await anext(events)
        return seen, time.monotonic() - began

    started = time.monotonic()
    whole(model, chat("Write!", temperature=1.0, max_tokens=400))
    full = time.monotonic() - started
    seen, waited = asyncio.run(run())
    assert seen == 4
    assert waited < max(full / 2, 0.3)


def test_requests_at_once_do_not_mix(model: Asking) -> None:
    questions = [f"Question {i}: what about the garden?" for i in range(6)]
    alone = [
        whole(model, chat(q, max_tokens=10, temperature=1.2, seed=i)).choices[0].message.content
        for i, q in enumerate(questions)
    ]

    async def one(i: int, question: str) -> str:
        body = chat(question, max_tokens=10, temperature=1.2, seed=i)
        request = Minimized(f"x{i}", json.dumps(body).encode(), True, False, {}, {})
        said = ""
        async for reply in model.ask(request):
            for choice in reply.event["choices"]:
                said += choice["delta"].get("content") or ""
        return said

    async def run() -> list[str]:
        return await asyncio.gather(*(one(i, q) for i, q in enumerate(questions)))

    assert asyncio.run(run()) == alone


def test_a_broken_model_says_which_kind_of_error_and_nothing_else(tmp_path: Path) -> None:
    folder = tiny.generator(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"these are no weights of alice@example.com")
    model = at(folder)
    with pytest.raises(UpstreamFailed) as caught:
        whole(model, chat("hello"))
    assert (caught.value.status, caught.value.code) == (503, "model_not_loaded")
    assert str(tmp_path) not in caught.value.message
    with pytest.raises(LouverError) as told:
        model.provider.warm()
    assert told.value.code == "model_not_loaded"
    asyncio.run(model.provider.close())
