"""Every test of the store runs on both databases: a SQLite file and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store.desk import Desk
from support.postgres import Server, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_database(postgres: Server) -> Iterator[str]:
    """A new, empty database on a server of our own."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'louver.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    name = "sqlite_url" if request.param == "sqlite" else "postgres_database"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A migrated database and one store on it."""
    with Desk(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite_desk(sqlite_url: str) -> Iterator[Desk]:
    with Desk(sqlite_url) as opened:
        yield opened
