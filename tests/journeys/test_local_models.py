"""A model in Louver's own process, asked by the real client: nothing leaves, and nobody is named.

Local models get minimized text too; the values come back in the answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from support import canaries, tiny
from support.houses import Watched, running

from louver.core.policy import Destination, Location
from louver.doors.settings.load import parse
from louver.gateway.providers.in_process import InProcess
from louver.gateway.providers.transformers_local import transformers
from louver.house import Seams, SystemClock, build

TEXT = (
    "We wrote a long letter about the light in the garden, and nobody knows who has to read it. "
    f"Ask {canaries.EMAIL} or Alice Martin, card {canaries.CARD}, please!"
)


def provider(folder: Path) -> InProcess:
    place = Destination("home", "transformers", Location.LOCAL, "us", str(folder))
    return transformers(place, None, SystemClock())


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    model = provider(tiny.parrot(tmp_path_factory.mktemp("parrot"), back=100))
    with running(tmp_path_factory.mktemp("house"), providers={"home": model}) as watched:
        yield watched


def test_what_the_model_says_comes_back_with_its_values(gateway: Watched) -> None:
    client = gateway.client()
    answer = client.chat.completions.create(
        model="home", messages=[{"role": "user", "content": TEXT}]
    )
    said = answer.choices[0].message.content or ""
    stream = client.chat.completions.create(
        model="home", messages=[{"role": "user", "content": TEXT}], stream=True
    )
    pieces = [event.choices[0].delta.content or "" for event in stream if event.choices]
    assert "".join(pieces) == said
    assert TEXT.endswith(said)
    assert sum(map(bool, pieces)) > 20
    for secret in (canaries.EMAIL, canaries.CARD, "Alice Martin"):
        assert secret in said
        assert secret.encode() not in gateway.bytes_that_left


def test_a_stop_sequence_ends_at_a_value(gateway: Watched) -> None:
    answer = gateway.client().chat.completions.create(
        model="home", messages=[{"role": "user", "content": TEXT}], stop=[", please"]
    )
    assert (answer.choices[0].message.content or "").endswith(f"card {canaries.CARD}")


def test_tools_ask_for_a_model_that_has_them(gateway: Watched) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().chat.completions.create(
            model="home",
            messages=[{"role": "user", "content": TEXT}],
            tools=[{"type": "function", "function": {"name": "look"}}],
        )
    assert caught.value.code == "not_yet_supported"


def test_too_long_a_question_is_told_as_openai_does(gateway: Watched) -> None:
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as caught:
            gateway.client().chat.completions.create(
                model="home", messages=[{"role": "user", "content": TEXT * 12}], stream=stream
            )
        assert caught.value.code == "context_length_exceeded"


def test_the_sentiment_of_a_text_without_the_people_in_it(tmp_path: Path) -> None:
    model = provider(tiny.classifier(tmp_path / "model"))
    with running(tmp_path, providers={"home": model}) as watched:
        answer = watched.client().chat.completions.create(
            model="home",
            messages=[{"role": "user", "content": f"{canaries.EMAIL} loves the open window."}],
        )
        left = watched.bytes_that_left
    found = json.loads(answer.choices[0].message.content or "")
    assert found["label"] in {"sunny", "rainy"}
    assert 0.5 <= found["score"] <= 1
    assert canaries.EMAIL.encode() not in left


AT_START = """
version: 1
destinations:
  home: {kind: transformers, location: local, model: ./model, load: start}
models: {home: [home]}
"""


def loaded(model: InProcess) -> bool:
    return model._thread._engine is not None


def test_a_model_that_is_wanted_at_start_is_there_at_start(tmp_path: Path) -> None:
    model = provider(tiny.generator(tmp_path / "model"))
    settings = parse(AT_START, file=None, folder=tmp_path)
    with build(settings, Seams(providers={"home": model})) as house:
        assert not loaded(model)
        house.warm()
        assert loaded(model)
    asyncio.run(model.close())
