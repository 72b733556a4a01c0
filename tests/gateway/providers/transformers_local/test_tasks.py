"""Classes and embeddings in this process; the task is what the model's own files say."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway.providers.requests import chat, joined, streamed, whole
from gateway.providers.transformers_local.test_generation import Asking, Noon, at, placed
from support import tiny

from louver.core.errors import Invalid, NotYetSupported, UpstreamFailed
from louver.core.exchanges import Minimized, Operation
from louver.core.policy import Loading
from louver.gateway.providers.transformers_local import transformers
from louver.gateway.providers.transformers_local.loading import task_of


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    made = at(tiny.classifier(tmp_path_factory.mktemp("classifier")))
    yield made
    asyncio.run(made.provider.close())


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    made = at(tiny.embedder(tmp_path_factory.mktemp("embedder")))
    yield made
    asyncio.run(made.provider.close())


def classes(model: Asking, text: str) -> dict[str, Any]:
    content = whole(model, chat(text)).choices[0].message.content
    found: dict[str, Any] = json.loads(content or "")
    return found


def test_a_text_gets_its_label_and_scores(classifier: Asking) -> None:
    found = classes(classifier, "The window is open.")
    assert found.keys() == {"label", "score", "scores"}
    assert found["scores"].keys() == {"sunny", "rainy"}
    assert sum(found["scores"].values()) == pytest.approx(1, abs=1e-4)
    assert found["score"] == max(found["scores"].values()) == found["scores"][found["label"]]


def test_it_is_the_last_thing_the_user_said_that_is_classified(classifier: Asking) -> None:
    alone = classes(classifier, "Please write a letter.")
    body = chat("The window is open.", "I see.", "Please write a letter.")
    assert json.loads(whole(classifier, body).choices[0].message.content or "") == alone
    assert classes(classifier, "The window is open.") != alone


def test_a_stream_of_classes_is_one_piece(classifier: Asking) -> None:
    chunks = streamed(classifier, chat("The window is open."))
    assert json.loads(joined(chunks)) == classes(classifier, "The window is open.")
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_text_longer_than_the_model_is_cut(classifier: Asking) -> None:
    assert classes(classifier, "light " * 2000)["label"] in {"sunny", "rainy"}


def test_nothing_to_classify(classifier: Asking) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        whole(classifier, chat(" "))
    assert (caught.value.status, caught.value.code) == (400, "model_cannot")


def embedded(model: Asking, body: dict[str, Any]) -> dict[str, Any]:
    form = model.provider.request(body, Operation.EMBEDDINGS)
    request = Minimized(
        "x", json.dumps(form).encode(), False, False, {}, {}, operation=Operation.EMBEDDINGS
    )

    async def run() -> dict[str, Any]:
        (reply,) = [reply async for reply in model.provider.ask(request)]
        return json.loads(json.dumps(dict(reply.event)))  # type: ignore[no-any-return]  # an object

    return asyncio.run(run())


def vectors(found: dict[str, Any]) -> list[list[float]]:
    return [item["embedding"] for item in found["data"]]


def test_texts_become_vectors_of_length_one(embedder: Asking) -> None:
    texts = ["The window is open.", "The window is open!", "Please write a letter.", "日本語"]
    found = embedded(embedder, {"model": "m", "input": texts})
    made = vectors(found)
    assert [len(v) for v in made] == [32] * 4
    assert [math.hypot(*v) for v in made] == pytest.approx([1] * 4, abs=1e-5)
    assert [item["index"] for item in found["data"]] == [0, 1, 2, 3]
    near, far = _dot(made[0], made[1]), _dot(made[0], made[2])
    assert near > far
    assert found["usage"]["prompt_tokens"] == found["usage"]["total_tokens"] > 10


def _dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_one_text_and_the_same_text_in_company_have_one_vector(embedder: Asking) -> None:
    alone = vectors(embedded(embedder, {"input": "Is it open?"}))[0]
    in_company = vectors(embedded(embedder, {"input": ["light " * 50, "Is it open?"]}))[1]
    assert alone == pytest.approx(in_company, abs=1e-6)


def test_vectors_as_base64_are_the_same_numbers(embedder: Asking) -> None:
    plain = vectors(embedded(embedder, {"input": "light"}))[0]
    packed = embedded(embedder, {"input": "light", "encoding_format": "base64"})["data"][0]
    data = base64.b64decode(packed["embedding"])
    assert list(struct.unpack("<32f", data)) == pytest.approx(plain, abs=1e-6)


def test_what_an_embedder_cannot_take_is_refused(embedder: Asking) -> None:
    for body in ({"input": [[1, 2]]}, {"input": 7}, {"input": "x", "dimensions": 4}):
        with pytest.raises(NotYetSupported):
            embedder.provider.request(body, Operation.EMBEDDINGS)
    for text, code in ((" ", "model_cannot"), ("light " * 400, "context_length_exceeded")):
        with pytest.raises(UpstreamFailed) as caught:
            embedded(embedder, {"input": text})
        assert (caught.value.status, caught.value.code) == (400, code)


def test_no_model_is_taken_for_what_it_is_not(classifier: Asking, embedder: Asking) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        whole(embedder, chat("hello"))
    assert caught.value.code == "model_cannot"
    with pytest.raises(UpstreamFailed) as caught:
        embedded(classifier, {"input": "hello"})
    assert caught.value.code == "model_cannot"


@pytest.mark.parametrize(
    ("architectures", "task"),
    [
        (["LlamaForCausalLM"], "text-generation"),
        (["GPT2LMHeadModel"], "text-generation"),
        (["Gemma3ForConditionalGeneration"], "text-generation"),
        (["DistilBertForSequenceClassification"], "text-classification"),
        (["BertModel"], "feature-extraction"),
        (None, "feature-extraction"),
    ],
)
def test_the_task_is_what_the_architecture_is_for(
    tmp_path: Path, architectures: list[str] | None, task: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": architectures}))
    assert task_of(tmp_path) == task


def test_the_settings_may_say_another_task(tmp_path: Path) -> None:
    loading = Loading(task="feature-extraction")
    model = at(tiny.classifier(tmp_path), loading=loading)
    assert len(vectors(embedded(model, {"input": "light"}))[0]) == 32
    asyncio.run(model.provider.close())


def test_a_path_where_nothing_is_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="there is no model at its path"):
        transformers(placed(tmp_path / "nowhere"), None, Noon())
