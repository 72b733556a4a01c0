"""No acknowledged entry is lost in a power cut, and the tree verifies, wherever the cut falls.

The real writer, batches and SQL run through SQLAlchemy, with SQLite's own library from `apsw` in
place of Python's, because that one lets a test stand between SQLite and the disk. Everything above
the driver is the code that ships, the connection's settings included. What is left after the cut is
opened by the ordinary driver. A control with weaker settings shows that the disk does bite.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from store.desk import POLICY, Clock, Desk, Seeded, answered, person_digest, sent
from store.power import Disk, open_on

from louver.core.errors import Unavailable
from louver.store.database import open_database
from louver.store.ledger import read_entries
from louver.store.store import Store
from louver.store.verify import verify

SENDERS = 6


def run_until_cut(folder: Path, seed: int, synchronous: str | None) -> dict[int, str]:
    """Exchanges from several threads until the power goes; the acknowledged ones, by seq."""
    live = folder / "live"
    live.mkdir()
    with Desk(f"sqlite:///{live / 'louver.db'}") as desk:
        desk.activate()
    disk = Disk(live, cut_after=random.Random(seed).randrange(3, 700))
    engine, vfs = open_on(disk, live / "louver.db", synchronous)
    acknowledged: dict[int, str] = {}
    try:
        store = Store(engine, Clock(), Seeded(seed), person_digest, refresh=3600)
    except Unavailable:
        store = None  # The cut came while it opened.

    def send(worker: int) -> None:
        if store is None:
            return
        for turn in range(10_000):
            name = f"x-{worker}-{turn}"
            try:
                seq = store.record_sent(sent(name), policy=POLICY, consent=None).result().seq
                acknowledged[seq] = name
                acknowledged[store.record_answered(answered(name)).result()] = name
            except Unavailable:
                return

    threads = [threading.Thread(target=send, args=(worker,)) for worker in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if store is not None:
        store.close()
    engine.dispose()
    disk.find_after_cut(folder / "found", seed)
    del vfs
    return acknowledged


def found_after(folder: Path) -> dict[int, str | None]:
    """What the ledger holds after the cut, once it has verified."""
    engine = open_database(f"sqlite:///{folder / 'found' / 'louver.db'}")
    try:
        verify(engine)
        return {entry.seq: entry.exchange for entry in read_entries(engine, 0, 100_000, None)}
    finally:
        engine.dispose()


def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    total = 0
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        acknowledged = run_until_cut(folder, seed, None)
        found = found_after(folder)
        assert acknowledged.items() <= found.items(), f"seed {seed}"
        total += len(acknowledged)
    # Enough was under way for the cuts to matter.
    assert total > 500


@pytest.mark.parametrize("synchronous", ["NORMAL"])
def test_the_disk_does_lose_what_is_not_synced(tmp_path: Path, synchronous: str) -> None:
    losses = 0
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        acknowledged = run_until_cut(folder, seed, synchronous)
        losses += not acknowledged.items() <= found_after(folder).items()
    assert losses > 0


def test_a_disk_that_fills_up_in_mid_write_refuses_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "louver.db"
    with Desk(f"sqlite:///{path}") as desk:
        desk.activate()
    disk = Disk(tmp_path, cut_after=10**9)
    engine, vfs = open_on(disk, path)
    with Store(engine, Clock(), Seeded(1), person_digest, refresh=3600) as store:
        for turn in range(30):
            disk.full = turn % 3 == 1
            future = store.record_sent(sent(f"x{turn}"), policy=POLICY, consent=None)
            if disk.full:
                with pytest.raises(Unavailable) as caught:
                    future.result()
                assert caught.value.code == "store_full"
            else:
                future.result()
    engine.dispose()
    del vfs
    reopened = open_database(f"sqlite:///{path}")
    assert verify(reopened).entries == 1 + 20
    reopened.dispose()
