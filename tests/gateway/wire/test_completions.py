"""OpenAI's older completions: one prompt in, text out, and what cannot be kept refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openai.types import Completion
from support.models import chunk, whole

from louver.core.errors import Invalid, LouverError, NeverSupported, NotYetSupported, UpstreamFailed
from louver.core.exchanges import Exchange
from louver.core.identity import Caller
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.openai_completions import OpenAICompletions

FORMAT = OpenAICompletions(lambda error: json.dumps({"error": {"message": error.message}}).encode())
USED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
ASKED = Asked("ex", Caller("t", "a", "k"))


def parse(**body: Any) -> Exchange:
    return FORMAT.parse(json.dumps({"model": "home", "prompt": "x", **body}).encode(), ASKED)


@pytest.mark.parametrize("prompt", ["Once", ["Once"]])
def test_a_prompt_is_one_message(prompt: object) -> None:
    exchange = parse(prompt=prompt, max_tokens=5, n=2, top_k=3, echo=False, best_of=1, suffix="")
    assert exchange.body.reveal() == {
        "model": "home",
        "messages": [{"role": "user", "content": "Once"}],
        "max_tokens": 5,
        "n": 2,
        "top_k": 3,
    }
    assert (exchange.choices, exchange.stream) == (2, False)
    assert exchange.original is not None
    assert exchange.original.reveal()["prompt"] == prompt


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("prompt", [1, 2], NeverSupported),
        ("prompt", [[1, 2]], NeverSupported),
        ("prompt", ["a", "b"], NotYetSupported),
        ("prompt", [], Invalid),
        ("prompt", "", Invalid),
        ("prompt", None, Invalid),
        ("prompt", {}, Invalid),
        ("prompt", [None], Invalid),
        ("echo", True, NotYetSupported),
        ("suffix", "end", NotYetSupported),
        ("best_of", 3, NotYetSupported),
        ("best_of", [3], NotYetSupported),
        ("logprobs", 0, NeverSupported),
        ("logprobs", 5, NeverSupported),
        ("logprobs", [], NeverSupported),
        ("messages", [], Invalid),
        ("tools", [], Invalid),
        ("functions", [], Invalid),
        ("prediction", {}, Invalid),
        ("n", 0, Invalid),
        ("stream", "yes", Invalid),
        ("max_tokens", "x", Invalid),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(
    field: str, value: object, kind: type[LouverError]
) -> None:
    with pytest.raises(kind) as refused:
        parse(**{field: value})
    assert type(refused.value) is kind
    assert refused.value.param == field


def test_a_whole_answer() -> None:
    body = FORMAT.writer(parse()).whole(
        {**whole({"content": "Hi"}), "usage": USED, "model": "home"}
    )
    answer = Completion.model_validate_json(body)
    assert json.loads(body) == {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "home",
        "choices": [{"text": "Hi", "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": USED,
    }
    assert answer.choices[0].text == "Hi"


def test_a_stream_of_text() -> None:
    writer = FORMAT.writer(parse(stream=True))
    events = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hi"}, index=1),
        chunk({"refusal": "No."}, finish="stop"),
        {**chunk({}), "choices": [], "usage": {"total_tokens": 5}},
    ]
    pieces = [piece for event in events for piece in writer.chunk(event)]
    assert all(p.startswith(b"data: ") and p.endswith(b"\n\n") for p in pieces)
    told = [json.loads(piece[6:]) for piece in pieces]
    assert [c["object"] for c in told] == ["text_completion"] * 3
    assert [[(c["index"], c["text"], c["finish_reason"]) for c in t["choices"]] for t in told] == [
        [(1, "Hi", None)],
        [(0, "No.", "stop")],
        [],
    ]
    assert told[-1]["usage"] == {"total_tokens": 5}
    assert writer.end() == b"data: [DONE]\n\n"
    assert b"broke" in writer.failed(UpstreamFailed("broke"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=10), t, max_size=4),
    max_leaves=15,
)
fields = st.sampled_from(
    ["model", "prompt", "stream", "n", "best_of", "echo", "logprobs", "suffix", "stop", "user",
     "temperature", "logit_bias", "stream_options", "store"]
)  # fmt: skip


@hypothesis_settings(max_examples=400)
@given(st.dictionaries(fields, json_values, max_size=6))
def test_any_json_is_answered_or_refused(tree: dict[str, object]) -> None:
    for body in (tree, {"model": "home", "prompt": "x", **tree}):
        try:
            exchange = FORMAT.parse(json.dumps(body).encode(), ASKED)
        except LouverError:
            continue
        assert exchange.model == body["model"]
