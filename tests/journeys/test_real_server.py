"""A real OpenAI-compatible server from PyPI behind Louver: `transformers serve`, a tiny model.

The model repeats the end of what it is asked, so what it says is what really reached it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import openai
import pytest
from support import canaries, tiny
from support.houses import Watched, running

from louver.core.policy import Destination, Location
from louver.gateway.providers.openai_compatible import OpenAICompatible

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("transformers", "torch", "fastapi")),
        reason="the server is not installed; pip install 'transformers[serving]' torch",
    ),
]

START_SECONDS = 90
SECRETS = (canaries.EMAIL, canaries.CARD, "Alice Martin")
TEXT = (
    "We wrote a long letter about the light in the garden, and nobody knows who has to read it. "
    f"Ask {canaries.EMAIL} or Alice Martin, card {canaries.CARD}, please!"
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAICompatible]:
    folder = tiny.parrot(tmp_path_factory.mktemp("parrot"), back=100)
    log = tmp_path_factory.mktemp("server") / "server.log"
    url = f"http://127.0.0.1:{free_port()}"
    place = ["--host", "127.0.0.1", "--port", url.rpartition(":")[2]]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "transformers", "serve", folder, *place],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(log.parent)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready(url):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        where = Destination(
            "home", "openai", Location.LOCAL, "us", str(folder), base_url=f"{url}/v1", timeout=60
        )
        yield OpenAICompatible(where, key=None)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def gateway(server: OpenAICompatible, tmp_path: Path) -> Iterator[Watched]:
    with running(tmp_path, providers={"home": server}) as watched:
        yield watched


def test_a_whole_answer_has_its_values_back(gateway: Watched) -> None:
    answer = gateway.client().chat.completions.create(
        model="home", messages=[{"role": "user", "content": TEXT}]
    )
    said = answer.choices[0].message.content or ""
    assert TEXT.endswith(said)
    assert all(secret in said for secret in SECRETS)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "home"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 100
    assert not any(secret.encode() in gateway.bytes_that_left for secret in SECRETS)


def test_a_stream_has_its_values_back_as_it_comes(gateway: Watched) -> None:
    stream = gateway.client().chat.completions.create(
        model="home", messages=[{"role": "user", "content": TEXT}], stream=True
    )
    events = [event for event in stream if event.choices]
    pieces = [event.choices[0].delta.content or "" for event in events]
    said = "".join(pieces)
    assert TEXT.endswith(said)
    assert all(secret in said for secret in SECRETS)
    assert sum(map(bool, pieces)) > 10
    assert events[-1].choices[0].finish_reason == "stop"
    assert not any(secret.encode() in gateway.bytes_that_left for secret in SECRETS)


def test_a_limit_passes_and_a_cut_value_names_nobody(gateway: Watched) -> None:
    for limit in range(44, 99, 9):
        answer = gateway.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": TEXT}], max_tokens=limit
        )
        choice = answer.choices[0]
        assert choice.finish_reason == "length"
        said = choice.message.content or ""
        for secret, part in zip(SECRETS, ("canary", "4716", "Alice"), strict=True):
            assert secret in said or part not in said


def test_the_models_are_louvers_own(gateway: Watched) -> None:
    assert "home" in [model.id for model in gateway.client().models.list()]


def test_what_left_is_what_the_server_read(gateway: Watched) -> None:
    gateway.client().chat.completions.create(
        model="home", messages=[{"role": "user", "content": TEXT}], max_tokens=1, seed=7
    )
    ((destination, body),) = gateway.left
    sent = json.loads(body)
    assert destination == "home"
    assert sent["store"] is False
    assert sent["messages"][0]["content"].startswith("We wrote a long letter")
    assert "EMAIL_" in sent["messages"][0]["content"]


def test_the_servers_own_errors_pass(gateway: Watched) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        gateway.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": TEXT * 40}]
        )
    assert caught.value.status_code >= 400
    assert canaries.EMAIL not in caught.value.response.text
