"""PostgreSQL is stopped and started under load: what was acknowledged stays, and work goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from store.desk import Desk, answered
from support.postgres import Server, running_postgres

from louver.core.errors import Unavailable
from louver.store.verify import verify


@pytest.fixture
def own_server() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@dataclass
class Load:
    """Threads that go on whatever happens, and remember what was acknowledged."""

    desk: Desk
    acknowledged: dict[int, str] = field(default_factory=dict)
    failures: int = 0
    after: int = 0
    restarted: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def work(self, worker: int) -> None:
        turn = 0
        while not self.done.is_set():
            turn += 1
            name = f"x-{worker}-{turn}"
            try:
                self.acknowledged[self.desk.send(name)] = name
                end = self.desk.store.record_answered(answered(name)).result()
                self.acknowledged[end] = name
                self.after += self.restarted.is_set()
            except Unavailable:
                self.failures += 1
                time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_restart_under_load_loses_nothing_acknowledged(own_server: Server, how: str) -> None:
    with Desk(own_server.url) as desk:
        desk.activate()
        load = Load(desk)
        threads = [threading.Thread(target=load.work, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(0.5)
            own_server.restart(how, pause=0.3)
            load.restarted.set()
            time.sleep(1.0)
        finally:
            load.done.set()
            for thread in threads:
                thread.join()
        entries = desk.store.entries(limit=1_000_000)
        found = {entry.seq: entry.exchange for entry in entries}
        assert load.acknowledged.items() <= found.items()
        assert verify(desk.engine).entries == len(found)
        # The stop was noticed, and the same store went on without being opened again.
        assert load.failures > 0
        assert load.after > 0
