"""The practice model's embeddings: the same everywhere, near where texts share words."""

from __future__ import annotations

import asyncio
import json
import math

import pytest
from gateway.providers.requests import OTHER, PERSON, PLACE
from hypothesis import given
from hypothesis import strategies as st

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Minimized, Operation, Reply
from louver.gateway.providers.practice import Practice
from louver.gateway.providers.practice.embedding import DIMENSIONS, vector


def likeness(one: str, other: str) -> float:
    return math.fsum(a * b for a, b in zip(vector(one), vector(other), strict=True))


@given(st.text(max_size=60), st.integers(1, 300))
def test_a_vector_has_length_one_or_none(text: str, dimensions: int) -> None:
    made = vector(text, dimensions)
    assert len(made) == dimensions
    length = math.sqrt(math.fsum(value * value for value in made))
    assert length == pytest.approx(1) or length == 0
    assert vector(text, dimensions) == made


def test_the_same_text_has_the_same_vector_on_every_machine() -> None:
    """Fixed, so that an index made with one version can be asked with another."""
    made = vector("a train", 8)
    assert [round(value, 4) for value in made] == PINNED


PINNED = [0.0, 0.0, -0.866, -0.2887, 0.0, 0.2887, 0.0, 0.2887]


def test_texts_that_share_words_are_near() -> None:
    question = "When does the train to Vienna leave?"
    near = likeness(question, "The train to Vienna leaves at nine.")
    assert near > 0.5
    assert near > 2 * likeness(question, "Boil the potatoes in salted water.")
    assert likeness(question, question.upper()) == pytest.approx(1)


def test_the_same_placeholder_is_the_same_person() -> None:
    about = f"{PERSON} called about the invoice"
    assert likeness(about, f"a letter from {PERSON}") > likeness(about, f"a letter from {OTHER}")


def asked(**body: object) -> dict[str, object]:
    request = Minimized("x1", json.dumps(body).encode(), False, False, {}, {}, Operation.EMBEDDINGS)

    async def run() -> list[Reply]:
        return [reply async for reply in Practice(PLACE, delay=0).ask(request)]

    (reply,) = asyncio.run(run())
    return json.loads(json.dumps(dict(reply.event)))  # type: ignore[no-any-return]


def test_it_answers_as_openai_does() -> None:
    answer = asked(model="m", input=["one", "two words"])
    assert answer["object"] == "list"
    assert answer["model"] == PLACE.model
    assert answer["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    data = answer["data"]
    assert isinstance(data, list)
    assert [item["index"] for item in data] == [0, 1]
    assert [item["embedding"] for item in data] == [vector("one"), vector("two words")]
    assert len(data[0]["embedding"]) == DIMENSIONS


def test_dimensions_are_followed_within_bounds() -> None:
    def size(dimensions: object) -> int:
        data = asked(input="one", dimensions=dimensions)["data"]
        assert isinstance(data, list)
        return len(data[0]["embedding"])

    assert (size(7), size(10**6), size(None)) == (7, 4096, DIMENSIONS)


@pytest.mark.parametrize("texts", [None, [], [1, 2], ["a", 5], {"a": "b"}])
def test_what_is_no_text_is_refused(texts: object) -> None:
    with pytest.raises(UpstreamFailed) as failed:
        asked(input=texts)
    assert failed.value.status == 400
