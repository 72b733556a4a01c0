"""`louver serve`, killed under load: no acknowledged exchange without its entries."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import openai
import pytest
from openai import OpenAI
from support.serving import serving

from louver.core.errors import Invalid, Unavailable
from louver.doors.settings.load import load
from louver.doors.settings.values import Settings
from louver.house import build, opened_store, verified

SETTINGS = """
version: 1
server: {port: 0}
store: {url: "sqlite:///louver.db", key_file: louver.key, sweep_after: 1s}
destinations: {home: {kind: practice, location: local}}
models: {louver: [home]}
"""
ROUNDS = 3
TEXT = "Please write to alice.martin@example.com, she waits for an answer about her order."


def load_until_killed(base_url: str, key: str, acknowledged: list[str]) -> None:
    """Ask one question after the other; note the exchanges whose answers came to their end."""
    client = OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=10)
    while True:
        try:
            raw = client.chat.completions.with_raw_response.create(
                model="louver", messages=[{"role": "user", "content": TEXT}], stream=True
            )
            for _ in raw.parse():
                pass
        except (openai.APIError, OSError):
            return
        acknowledged.append(raw.headers["x-louver-exchange"])


def open_exchanges(settings: Settings) -> int:
    return verified(settings).open


@pytest.mark.slow
def test_no_acknowledged_exchange_without_its_entries(tmp_path: Path) -> None:
    config = tmp_path / "louver.yaml"
    config.write_text(SETTINGS, encoding="utf-8")
    settings = load(config)
    with opened_store(settings) as store:
        key = store.create_key("default", "tests").result().reveal()
    acknowledged: list[str] = []
    for round_ in range(ROUNDS):
        with serving(config) as (process, base_url):
            threads = [
                threading.Thread(target=load_until_killed, args=(base_url, key, acknowledged))
                for _ in range(6)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.7 + 0.23 * round_)
            process.send_signal(signal.SIGKILL)
            for thread in threads:
                thread.join()
    assert len(acknowledged) > 3 * ROUNDS
    report = verified(settings)
    with opened_store(settings) as store:
        entries = store.entries(limit=report.entries)
    kinds = {kind: {e.exchange for e in entries if e.kind == kind} for kind in ("sent", "answered")}
    assert [x for x in acknowledged if x not in kinds["sent"]] == []
    assert [x for x in acknowledged if x not in kinds["answered"]] == []


@pytest.mark.slow
def test_what_a_crash_left_open_is_recorded_as_interrupted(tmp_path: Path) -> None:
    config = tmp_path / "louver.yaml"
    config.write_text(SETTINGS, encoding="utf-8")
    settings = load(config)
    with opened_store(settings) as store:
        key = store.create_key("default", "tests").result().reveal()
    with serving(config) as (process, base_url):
        client = OpenAI(base_url=base_url, api_key=key, max_retries=0)
        stream = client.chat.completions.create(
            model="louver", messages=[{"role": "user", "content": TEXT * 20}], stream=True
        )
        next(iter(stream))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert open_exchanges(settings) == 1
    deadline = time.monotonic() + 15
    with build(settings):  # A house that starts again sweeps what is old enough.
        while open_exchanges(settings) and time.monotonic() < deadline:
            time.sleep(0.2)
    assert open_exchanges(settings) == 0


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """An auditor's copy is read as it lies; a wrong path is told and not made right."""
    config = tmp_path / "louver.yaml"
    config.write_text(SETTINGS, encoding="utf-8")
    settings = load(config)
    with pytest.raises(Unavailable, match="no store here"):
        verified(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["louver.yaml"]
    with opened_store(settings) as store:
        store.create_key("default", "tests").result()
    (tmp_path / "louver.key").unlink()
    assert verified(settings).entries == 1
    with pytest.raises(Invalid, match="key file is missing"):
        build(settings)
    assert not (tmp_path / "louver.key").exists()
