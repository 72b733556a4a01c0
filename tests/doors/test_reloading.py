"""Settings that are read again: all of them or none, and one line that says which."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.houses import settings

from louver.core.errors import Invalid
from louver.doors.logs import ContentFree
from louver.doors.reloading import Reloading
from louver.doors.settings.load import parse
from louver.doors.settings.values import Settings
from louver.gateway.quotas import KeyLimits, Limits
from louver.house import House, build

BROKEN = "version: 1\ndestinations: {}\nmodels: {m: [alice]}\n"


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = ContentFree(structured=False).format(record)
        self.lines.append(line.partition(" ")[2])


@pytest.fixture
def log() -> Iterator[Lines]:
    lines, logger = Lines(), logging.getLogger("louver.reload")
    logger.addHandler(lines)
    before, logger.level = logger.level, logging.INFO
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(before)


def reload(house: House, load: Callable[[], Settings] | None, times: int = 1) -> None:
    async def play() -> None:
        reloading = Reloading(house, load)
        for _ in range(times):
            reloading()
        while reloading._task is not None and not reloading._task.done():
            await asyncio.sleep(0.01)

    asyncio.run(play())


def test_what_is_right_takes_force(tmp_path: Path, log: Lines) -> None:
    with build(settings(tmp_path)) as house:
        new = settings(tmp_path, categories="{contact.email: refuse}")
        reload(house, lambda: new)
        assert house.policy is new.policy
        active = house.store.active_policy()
        assert active is not None
        assert active.digest == new.policy.digest
    assert log.lines == [f"info louver.reload event=reloaded policy={new.policy.digest}"]


def test_what_is_wrong_changes_nothing_and_names_its_place(tmp_path: Path, log: Lines) -> None:
    file = tmp_path / "louver.yaml"
    with build(settings(tmp_path)) as house:
        before = house.policy
        reload(house, lambda: parse(BROKEN, file=file, folder=tmp_path))
        assert house.policy is before
    assert log.lines == [
        f"error louver.reload event=reload_refused code=invalid_settings place={file}:2:15 count=2"
    ]


def test_what_cannot_be_made_names_where_in_the_code(tmp_path: Path, log: Lines) -> None:
    def load() -> Settings:
        raise Invalid("Zq7canaryZq7")

    with build(settings(tmp_path)) as house:
        reload(house, load)
    (line,) = log.lines
    assert line.startswith("error louver.reload event=reload_refused code=invalid_request place=")
    assert "Zq7canaryZq7" not in line


def test_a_bug_while_reading_ends_nothing(tmp_path: Path, log: Lines) -> None:
    def load() -> Settings:
        raise ZeroDivisionError("Zq7canaryZq7")

    with build(settings(tmp_path)) as house:
        reload(house, load)
        assert house.policy is not None
    assert "event=unexpected_error" in log.lines[0]
    assert "Zq7canaryZq7" not in log.lines[0]


def test_what_needs_a_restart_is_said(tmp_path: Path, log: Lines) -> None:
    old = settings(tmp_path)
    new = replace(
        old,
        limits=Limits(KeyLimits(concurrent=1)),
        server=replace(old.server, port=1),
        logs=replace(old.logs, access=False),
    )
    with build(old) as house:
        reload(house, lambda: new)
    said = [line for line in log.lines if "restart_needed" in line]
    assert [line.rpartition("section=")[2] for line in said] == ["server", "logs"]


def test_without_a_file_there_is_nothing_to_read(tmp_path: Path, log: Lines) -> None:
    with build(settings(tmp_path)) as house:
        reload(house, None)
    assert log.lines == ["warning louver.reload event=no_settings_file"]


def test_signals_that_come_together_are_read_once_more_at_most(tmp_path: Path, log: Lines) -> None:
    read = 0

    def load() -> Settings:
        nonlocal read
        read += 1
        return settings(tmp_path)

    with build(settings(tmp_path)) as house:
        reload(house, load, times=10)
    assert read == 1
