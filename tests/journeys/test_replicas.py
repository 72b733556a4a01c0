"""Two gateways on one PostgreSQL are one: one ledger, one truth, and the death of one is not ours.

Real `louver serve` processes on a real server. The third process, where an operator or the person's
portal would be, is the test's own store.
"""

from __future__ import annotations

import itertools
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Self

import pytest
from support.postgres import Server, running_postgres
from support.serving import serving

from louver.core.consent import ConsentKey, ConsentState
from louver.core.halts import Halt, HaltKind
from louver.core.sensitive import Sensitive
from louver.doors.settings.load import load
from louver.doors.settings.values import Settings
from louver.house import opened_store, verified
from louver.store.entries import Entry
from louver.store.store import Store

pytestmark = pytest.mark.slow

SETTINGS = """
version: 1
server: {{port: 0}}
store: {{url: "{url}", key_file: louver.key, sweep_after: 1s}}
destinations:
  home: {{kind: practice, location: local, tasks_excluded: [legal_analysis]}}
  cloud: {{kind: practice, location: remote, recipient: Example AI Ltd.}}
models: {{louver: [home, cloud]}}
"""
LEGAL = {"x-louver-task": "legal_analysis", "x-louver-person": "person-7"}
TEXT = "Please write to alice.martin@example.com about the order."


@dataclass(frozen=True)
class Got:
    """An answer's status, its error's code, and the exchange that it belongs to."""

    status: int
    code: str | None
    exchange: str | None


@dataclass
class Street:
    """Two processes, and the store beside them."""

    settings: Settings
    store: Store
    key: str
    processes: list[Popen[str]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def ask(self, which: int, **headers: str) -> Got:
        """One question to one of the two; raises OSError if there is nobody."""
        body = {"model": "louver", "messages": [{"role": "user", "content": TEXT}]}
        request = urllib.request.Request(
            f"{self.addresses[which]}/chat/completions",
            data=json.dumps(body).encode(),
            headers={
                "authorization": f"Bearer {self.key}",
                "content-type": "application/json",
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                response.read()
                return Got(response.status, None, response.headers["x-louver-exchange"])
        except urllib.error.HTTPError as error:
            with error:
                return Got(error.code, json.loads(error.read())["error"]["code"], None)

    def answer(self, person: str, state: ConsentState) -> None:
        """Record a person's answer from outside; returns once it is acknowledged."""
        internal = self.store.person("default", Sensitive(person)).result()
        key = ConsentKey("default", internal, "assistance", "Example AI Ltd.")
        self.store.set_consent(key, state).result()

    def entries(self) -> list[Entry]:
        return self.store.entries(limit=1_000_000)


@dataclass
class Load:
    """Threads that ask both in turn, whatever happens, and remember what was acknowledged."""

    street: Street
    headers: dict[str, str]
    acknowledged: list[tuple[int, str]] = field(default_factory=list)
    codes: set[str | None] = field(default_factory=set)
    nobody: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._work, args=(i,)) for i in range(6)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self._threads:
            thread.join()

    def count(self, which: int) -> int:
        return sum(1 for one, _ in self.acknowledged if one == which)

    def _work(self, worker: int) -> None:
        for turn in itertools.count(worker):
            if self.stopped.is_set():
                return
            try:
                got = self.street.ask(turn % 2, **self.headers)
            except (OSError, urllib.error.URLError):
                self.nobody += 1
                time.sleep(0.01)
                continue
            self.codes.add(got.code)
            if got.exchange is not None:
                self.acknowledged.append((turn % 2, got.exchange))


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    return holds()


def require_whole(street: Street, load: Load) -> None:
    """One ledger without a fork, in which all that was acknowledged stands, sent and answered."""
    assert verified(street.settings).entries == street.store.size()
    entries = street.entries()
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    for kind in ("sent", "answered"):
        recorded = {entry.exchange for entry in entries if entry.kind == kind}
        assert {exchange for _, exchange in load.acknowledged} <= recorded


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def street(postgres: Server, tmp_path: Path) -> Iterator[Street]:
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database())
        yield stack.enter_context(living(url, tmp_path))


@contextmanager
def living(url: str, folder: Path) -> Iterator[Street]:
    config = folder / "louver.yaml"
    config.write_text(SETTINGS.format(url=url), encoding="utf-8")
    settings = load(config)
    with ExitStack() as stack:
        store = stack.enter_context(opened_store(settings))
        key = store.create_key("default", "tests").result().reveal()
        street = Street(settings, store, key)
        for _ in range(2):
            process, address = stack.enter_context(serving(config))
            street.processes.append(process)
            street.addresses.append(address)
        yield street


def test_two_processes_write_one_ledger(street: Street) -> None:
    with Load(street, {}) as load:
        assert eventually(lambda: min(load.count(0), load.count(1)) > 60)
    assert load.codes == {None}
    require_whole(street, load)
    # They took turns: neither waited for the other to be done.
    who = {exchange: which for which, exchange in load.acknowledged}
    order = [who[e.exchange] for e in street.entries() if e.kind == "sent" and e.exchange in who]
    assert sum(a != b for a, b in itertools.pairwise(order)) > 20
    assert verified(street.settings).open == 0


def test_a_withdrawn_consent_is_refused_by_both_at_once(street: Street) -> None:
    street.answer("person-7", ConsentState.GIVEN)
    with Load(street, LEGAL) as load:
        for _ in range(10):
            street.answer("person-7", ConsentState.WITHDRAWN)
            after = [street.ask(which, **LEGAL) for which in (0, 1, 0, 1)]
            assert [(got.status, got.code) for got in after] == [(403, "consent_required")] * 4
            street.answer("person-7", ConsentState.GIVEN)
            assert eventually(lambda: all(street.ask(i, **LEGAL).status == 200 for i in (0, 1)))
    assert load.codes == {None, "consent_required"}
    require_whole(street, load)
    given = False
    for entry in street.entries():
        if entry.kind == "consent":
            given = entry.event["state"] == ConsentState.GIVEN.value
        elif entry.kind == "sent":
            assert given, f"entry {entry.seq} was sent without consent"


def test_a_halt_is_kept_by_both_at_once(street: Street) -> None:
    halt = Halt(HaltKind.MODEL, "home")
    with Load(street, {}) as load:
        for _ in range(5):
            street.store.halt(halt, "incident").result()
            after = [street.ask(which) for which in (0, 1, 0, 1)]
            assert [got.status for got in after if got.status == 200] == []
            street.store.resume(halt).result()
            assert eventually(lambda: all(street.ask(i).status == 200 for i in (0, 1)))
    require_whole(street, load)
    halted = False
    for entry in street.entries():
        if entry.kind == "halt":
            halted = entry.event["state"] == "halted"
        elif entry.kind == "sent" and entry.event["destination"] == "home":
            assert not halted, f"entry {entry.seq} was sent to what was halted"


def test_the_death_of_one_is_not_the_others(street: Street) -> None:
    with Load(street, {}) as load:
        assert eventually(lambda: min(load.count(0), load.count(1)) > 20)
        street.processes[0].send_signal(signal.SIGKILL)
        street.processes[0].wait()
        before = load.count(1)
        assert eventually(lambda: load.count(1) > before + 40)
    assert load.nobody > 0
    assert load.codes == {None}
    # What the dead one left open is ended by the other's sweeper.
    assert eventually(lambda: verified(street.settings).open == 0)
    require_whole(street, load)


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_both_come_back_with_the_server(street: Street, postgres: Server, how: str) -> None:
    with Load(street, {}) as load:
        assert eventually(lambda: min(load.count(0), load.count(1)) > 20)
        postgres.restart(how, pause=0.5)
        before = [load.count(which) for which in (0, 1)]
        assert eventually(lambda: all(load.count(i) > before[i] + 20 for i in (0, 1)))
    # It was noticed, and said as what it is.
    assert load.codes - {None}
    assert load.codes <= {None, "store_lost", "store_busy"}
    assert load.nobody == 0
    assert eventually(lambda: verified(street.settings).open == 0)
    require_whole(street, load)
