"""OpenAI's completions and embeddings through the gateway, with the real client."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openai
import pytest
from support.houses import Watched, running
from support.models import Body, Echo, Scripted
from support.upstream import served

from louver.core.policy import Destination, Location
from louver.gateway.providers.practice import Practice

EMAIL = "alice.martin@example.com"
PRACTICE = Destination("home", "practice", Location.LOCAL, "us", "home")
PLACEHOLDER = re.compile(rb"EMAIL_[A-Z]{12}")


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    model = Practice(PRACTICE, delay=0)
    with running(tmp_path_factory.mktemp("practice"), providers={"home": model}) as watched:
        yield watched


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def test_a_completion_whole_and_streamed(practice: Watched) -> None:
    prompt = f"Mail {EMAIL} and quote me."
    answer = practice.client().completions.create(model="home", prompt=prompt, n=2)
    stream = practice.client().completions.create(
        model="home", prompt=[prompt], n=2, stream=True, stream_options={"include_usage": True}
    )
    said, used = ["", ""], 0
    for event in stream:
        assert event.object == "text_completion"
        for choice in event.choices:
            said[choice.index] += choice.text
        used += event.usage.total_tokens if event.usage else 0
    assert said == [choice.text for choice in answer.choices]
    assert all(EMAIL in text for text in said)
    assert answer.object == "text_completion"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert used == answer.usage.total_tokens
    assert EMAIL.encode() not in practice.bytes_that_left


def test_an_echo_comes_back_byte_for_byte(tmp_path: Path) -> None:
    text = 'Tell Carol O"Neil \U0001f600 and Bob: Grüße \\ "quoted"\n\tend'
    with running(tmp_path, providers={"home": Echo(size=3)}) as watched:
        asks = watched.client().completions
        stream = asks.create(model="home", prompt=text, stream=True)
        assert "".join(c.text for event in stream for c in event.choices) == text
        assert asks.create(model="home", prompt=text).choices[0].text == text


@pytest.mark.parametrize(
    "more", [{"echo": True}, {"suffix": "x"}, {"best_of": 3}, {"logprobs": 1}, {"prompt": [1, 2]}]
)
def test_what_a_completion_cannot_keep_is_refused(practice: Watched, more: Body) -> None:
    before = len(practice.left)
    with pytest.raises(openai.BadRequestError) as refused:
        practice.client().completions.create(**{"model": "home", "prompt": EMAIL, **more})
    assert refused.value.param == next(iter(more))
    assert len(practice.left) == before


def embed(watched: Watched, *texts: str, **headers: str) -> list[list[float]]:
    client = watched.client(**headers)
    return [d.embedding for d in client.embeddings.create(model="home", input=list(texts)).data]


def test_embeddings_in_both_spellings(practice: Watched) -> None:
    asks = practice.client().embeddings
    default = asks.create(model="home", input="the train", dimensions=32)  # in base64
    plain = asks.create(model="home", input=["the train"], dimensions=32, encoding_format="float")
    assert default.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert len(plain.data[0].embedding) == 32
    assert default.usage.total_tokens == 2
    assert default.model == "home"


def test_nothing_personal_is_embedded_and_everything_is_on_record(practice: Watched) -> None:
    practice.left.clear()
    before = practice.house.store.size()
    embed(practice, f"Mail {EMAIL}", "call +44 20 7946 0018", **{"X-Louver-Person": "p-1"})
    assert EMAIL.encode() not in practice.bytes_that_left
    assert b"7946" not in practice.bytes_that_left
    entries = practice.house.store.entries()[before:]
    assert [entry.kind for entry in entries] == ["sent", "answered"]
    assert entries[0].event["counts"] == {"contact.email": 1, "contact.phone": 1}


def test_documents_and_questions_meet_within_one_conversation(practice: Watched) -> None:
    letter, question = f"{EMAIL} asked about the invoice", f"What did {EMAIL} ask?"
    shelf = {"X-Louver-Conversation": "shelf-7"}
    practice.left.clear()
    near = likeness(embed(practice, letter, **shelf)[0], embed(practice, question, **shelf)[0])
    first, second = (PLACEHOLDER.findall(body)[0] for _, body in practice.left)
    assert first == second
    practice.left.clear()
    apart = likeness(embed(practice, letter)[0], embed(practice, question)[0])
    first, second = (PLACEHOLDER.findall(body)[0] for _, body in practice.left)
    assert first != second
    assert near > apart


def test_texts_of_one_request_share_their_placeholders(practice: Watched) -> None:
    practice.left.clear()
    one, other = embed(practice, f"Mail {EMAIL}", f"Mail {EMAIL}")
    assert one == other
    assert len(set(PLACEHOLDER.findall(practice.bytes_that_left))) == 1


def test_token_arrays_cannot_be_looked_into(practice: Watched) -> None:
    before = len(practice.left)
    tokens: Any
    for tokens in ([1, 2, 3], [[1, 2], [3]]):
        with pytest.raises(openai.BadRequestError, match="tokens") as refused:
            practice.client().embeddings.create(model="home", input=tokens)
        assert (refused.value.param, refused.value.code) == ("input", "never_supported")
    assert len(practice.left) == before


def test_a_destination_that_makes_none_is_passed_over(tmp_path: Path) -> None:
    with running(
        tmp_path,
        destinations="  words: {kind: practice, location: local, embeddings: false}",
        models="  plain: [words]\n  both: [words, home]",
    ) as watched:
        with pytest.raises(openai.UnprocessableEntityError, match="embeddings"):
            watched.client().embeddings.create(model="plain", input="x")
        answer = watched.client().embeddings.with_raw_response.create(model="both", input="x")
        assert answer.headers["x-louver-destination"] == "home"
        assert "insufficient_capability: embeddings" in answer.headers["x-louver-because"]


def test_an_openai_compatible_server_is_asked_at_its_own_path(tmp_path: Path) -> None:
    with (
        served(Practice(PRACTICE, delay=0)) as provider,
        running(tmp_path, providers={"home": provider}) as watched,
    ):
        one, other = embed(watched, f"Mail {EMAIL}", "the train")
        assert (len(one), len(other)) == (256, 256)
        assert EMAIL.encode() not in watched.bytes_that_left


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"index": 0, "embedding": [1.0]}] * 2,
        [{"index": 5, "embedding": [1.0]}],
        [{"index": 0, "embedding": "not numbers"}],
        [{"index": 0, "embedding": [[1.0]]}],
        "vectors",
    ],
)
def test_a_server_that_lies_is_named(tmp_path: Path, data: object) -> None:
    model = Scripted(lambda _: [{"object": "list", "data": data, "usage": {}}])
    with running(tmp_path, providers={"home": model}) as watched:
        with pytest.raises(openai.InternalServerError) as told:
            watched.client().embeddings.create(model="home", input="x", encoding_format="float")
        assert (told.value.status_code, told.value.code) == (502, "upstream_invalid")
