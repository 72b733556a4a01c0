"""Every random test repeats exactly, everywhere; logs are kept for the last test to search."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "louver",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("louver")

SPEAKERS = ("louver", "uvicorn", "aiohttp", "asyncio", "sqlalchemy", "alembic")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The search for canaries comes last: it looks through what all other tests left behind."""
    items.sort(key=lambda item: item.path.name == "test_canary_search.py")


@pytest.fixture(scope="session", autouse=True)
def every_log_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Write what the gateway's process logs, unformatted by us, beside the tests' databases."""
    handler = logging.FileHandler(tmp_path_factory.getbasetemp() / "everything.log")
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    for name in SPEAKERS:
        logging.getLogger(name).addHandler(handler)
    yield
    for name in SPEAKERS:
        logging.getLogger(name).removeHandler(handler)
    handler.close()
