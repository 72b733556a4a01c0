"""Models come from this machine; a hub is asked only where the settings say so, by another process.

Each case runs in a process of its own: the hub's library reads its surroundings once, when it is
first imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import tiny
from support.hub import Hub, hub

from louver.core.policy import Destination, Location
from louver.gateway.providers.in_process.sources import is_path

WATCHED = """
import socket, sys
from louver.core.policy import Destination, Loading, Location
from louver.core.sensitive import Sensitive

connect = socket.socket.connect
def watched(self, address):
    print("connected", address)
    return connect(self, address)
socket.socket.connect = watched

loading = Loading(download=sys.argv[2] == "download")
place = Destination("here", "transformers", Location.LOCAL, "us", sys.argv[1], loading=loading)
key = Sensitive("hf_made_up")
"""

FIND = """
from louver.gateway.providers.transformers_local.loading import folder_of
try:
    print("found", *sorted(file.name for file in folder_of(place, key).iterdir()))
except OSError as error:
    print("refused", error)
"""

ASK = """
import asyncio, json
from louver.core.exchanges import Minimized
from louver.gateway.providers.transformers_local import transformers
from louver.house import SystemClock
body = json.dumps({"messages": [{"role": "user", "content": "hello"}], "max_tokens": 3})
async def run():
    provider = transformers(place, key, SystemClock())
    async for reply in provider.ask(Minimized("x", body.encode(), False, False, {}, {})):
        print("answered", reply.event["object"])
    await provider.close()
asyncio.run(run())
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tiny.generator(tmp_path_factory.mktemp("served"))
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    with hub(folder) as running:
        yield running


def said(script: str, served: Hub, home: Path, model: str, how: str = "stay") -> list[str]:
    """What `script` says of `model`, with `home` as its cache and `served` as its hub."""
    served.asked.clear()
    served.tokens.clear()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS"))}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED + script, model, how],
        env={**environment, "HF_HOME": str(home), "HF_ENDPOINT": served.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_path_is_loaded_and_asked_without_asking_anybody(served: Hub, tmp_path: Path) -> None:
    assert said(ASK, served, tmp_path, str(served.folder)) == ["answered chat.completion"]
    assert served.asked == []


@pytest.mark.slow
def test_a_hub_is_asked_only_where_the_settings_say_so(served: Hub, tmp_path: Path) -> None:
    (refused,) = said(FIND, served, tmp_path, "acme/tiny")
    assert "set `download: true`, or give a path" in refused
    assert served.asked == []
    # This process connects to nobody even then: the files are fetched by one of its own making.
    (found,) = said(FIND, served, tmp_path, "acme/tiny", "download")
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(found.split())
    assert "pytorch_model.bin" not in found
    assert not any(path.endswith("pytorch_model.bin") for path in served.asked)
    assert served.tokens == {"Bearer hf_made_up"}
    # What is there is never asked for again.
    assert said(FIND, served, tmp_path, "acme/tiny") == [found]
    assert served.asked == []


@pytest.mark.slow
def test_a_model_that_the_hub_does_not_have(served: Hub, tmp_path: Path) -> None:
    (refused,) = said(FIND, served, tmp_path, "acme/nosuch", "download")
    assert "it could not be downloaded" in refused
    assert "hf_made_up" not in refused


def test_what_is_meant_as_a_path() -> None:
    assert [is_path(m) for m in ("./a", "../a", "/a", "~/a")] == [True] * 4
    assert not is_path("org/name")
    assert not is_path("name")


def test_a_missing_library_is_told_with_its_extra() -> None:
    from louver.core.errors import Invalid
    from louver.gateway.providers.in_process.sources import required

    place = Destination("here", "gguf", Location.LOCAL, "us", "./x.gguf")
    with pytest.raises(Invalid, match=r"pip install 'louver\[gguf\]'"):
        required(place, "no_such_library", "gguf")
