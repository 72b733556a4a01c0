"""kill -9 under load: whatever was acknowledged is in the ledger, and the tree verifies."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from store.desk import START

from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk

LOAD = Path(__file__).with_name("load.py")
ROUNDS = 5


def run_and_kill(url: str, run: int, seconds: float) -> dict[int, str]:
    """Let a process write for a while, kill it, and return what it said was recorded."""
    with subprocess.Popen(
        [sys.executable, str(LOAD), url, str(run)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        told = (first + process.stdout.read()).splitlines(keepends=True)
    # The last line may have been cut in the middle.
    lines = [line.split() for line in told if line.endswith("\n")]
    return {int(seq): exchange for seq, exchange in lines}


@pytest.mark.slow
def test_a_killed_process_loses_nothing_that_it_acknowledged(desk: Desk) -> None:
    desk.activate()
    chance = random.Random(5)
    acknowledged: dict[int, str] = {}
    for run in range(ROUNDS):
        acknowledged |= run_and_kill(desk.url, run, chance.uniform(0.02, 0.5))
        entries = desk.store.entries(limit=1_000_000)
        found = {entry.seq: entry.exchange for entry in entries}
        assert acknowledged.items() <= found.items()
        report = verify(desk.engine)
        # The sweeper of this process ends what the dead one left open.
        desk.clock.time = START + 10**9
        assert desk.store.sweep(older_than=60) == report.open
        assert verify(desk.engine).open == 0
    assert len(acknowledged) > 100 * ROUNDS
