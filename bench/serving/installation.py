"""An installation to measure: settings, a store on disk, a key, and people who have agreed.

Everything is on: the destination is a remote one, so each request needs its person's consent, and
the store is SQLite with `synchronous=FULL`, as `louver serve` opens it by default.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.serving import prompts
from bench.serving.processes import ROOT, Process, python, running
from louver.core.consent import ConsentKey, ConsentState
from louver.core.sensitive import Sensitive
from louver.doors.settings.load import load
from louver.house import build

_SETTINGS = """
version: 1
server: {{port: 0}}
destinations:
  chat:
    kind: openai
    location: remote
    recipient: Example AI Ltd.
    base_url: http://127.0.0.1:{port}/v1
    key_variable: LOUVER_BENCH_KEY
    context: 100000
models: {{chat: [chat]}}
"""
_ENVIRONMENT = {"LOUVER_BENCH_KEY": "sk-upstream"}


@dataclass(frozen=True)
class Installation:
    """A folder with louver.yaml and its store; `key` is an application's API key."""

    file: Path
    key: str
    upstream: str


@dataclass(frozen=True)
class Target:
    """A server under test and the headers that a client of it shows.

    `others`: further processes that do part of its work.
    """

    process: Process
    headers: dict[str, str]
    path: str = "/v1/chat/completions"
    others: tuple[Process, ...] = ()

    def cpu(self) -> float:
        """Seconds of CPU so far, of all its processes."""
        return sum(process.cpu() for process in (self.process, *self.others))

    def resident(self) -> float:
        """Resident memory in MB, of all its processes."""
        return sum(process.resident() for process in (self.process, *self.others))


@contextmanager
def installed(upstream: Process) -> Iterator[Installation]:
    """A new installation in front of `upstream`, on the disk that holds this repository."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="bench-") as folder:
        file = Path(folder) / "louver.yaml"
        file.write_text(_SETTINGS.format(port=upstream.port), encoding="utf-8")
        url = f"http://127.0.0.1:{upstream.port}/v1/chat/completions"
        yield Installation(file, _furnish(file), url)


def _furnish(file: Path) -> str:
    """A key, and a consent of each person. Returns the key."""
    with build(load(file)) as house:
        store = house.store
        purpose = house.policy.default_purpose
        for number in range(prompts.PEOPLE):
            person = store.person("default", Sensitive(f"person-{number}")).result()
            agreed = ConsentKey("default", person, purpose, "Example AI Ltd.")
            store.set_consent(agreed, ConsentState.GIVEN).result()
        return store.create_key("default", "bench").result().reveal()


@contextmanager
def louver(installation: Installation) -> Iterator[Target]:
    """`louver serve`, everything on."""
    command = [sys.executable, "-m", "louver", "serve", "--port", "0", "--json"]
    command += ["--config", str(installation.file)]
    log = ROOT / "build" / "bench-louver.log"  # One line per request, as by default.
    with running(command, server=True, environment=_ENVIRONMENT, log=log) as process:
        yield Target(process, {"authorization": f"Bearer {installation.key}"})


@contextmanager
def floor(installation: Installation) -> Iterator[Target]:
    """The raw proxy."""
    with python("bench.serving.floor", installation.upstream, server=True) as process:
        yield Target(process, {})


@contextmanager
def passing(installation: Installation) -> Iterator[Target]:
    """Louver's door and transport without a stage between."""
    arguments = (str(installation.file), installation.upstream)
    with python(
        "bench.serving.passing", *arguments, server=True, environment=_ENVIRONMENT
    ) as process:
        yield Target(process, {"authorization": f"Bearer {installation.key}"})


@contextmanager
def upstream(pace: float = 0.02, think: float = 0.0, chunks: int = 200) -> Iterator[Process]:
    """The scripted model; `pace` and `think` in seconds."""
    script = ("--pace", str(pace), "--think", str(think), "--chunks", str(chunks))
    with python("bench.serving.upstream", *script) as process:
        yield process


@dataclass(frozen=True)
class Street:
    """Servers in front of one upstream."""

    upstream: Process
    floor: Target
    passing: Target
    louver: Target


@contextmanager
def street(pace: float = 0.02, think: float = 0.0, chunks: int = 200) -> Iterator[Street]:
    """All servers under test; the two that have a store have one each."""
    with ExitStack() as stack:
        model = stack.enter_context(upstream(pace, think, chunks))
        home = stack.enter_context(installed(model))
        other = stack.enter_context(installed(model))
        yield Street(
            model,
            stack.enter_context(floor(home)),
            stack.enter_context(passing(other)),
            stack.enter_context(louver(home)),
        )
