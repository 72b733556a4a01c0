"""Group commit: everybody's entry is durable, in order, and one refusal stays one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from store.desk import POLICY, answered, sent
from store.gate import gated

from louver.core.errors import Invalid, Tampered, Unavailable
from louver.core.events import KeyChanged
from louver.store import batch
from louver.store.database import writing
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk


def test_sixty_four_threads_get_each_its_own_durable_entry(desk: Desk) -> None:
    desk.activate()

    def work(worker: int) -> list[int]:
        mine = []
        for turn in range(12):
            name = f"x-{worker}-{turn}"
            mine.append(desk.send(name))
            mine.append(desk.store.record_answered(answered(name)).result())
        return mine

    with ThreadPoolExecutor(64) as pool:
        results = list(pool.map(work, range(64)))
    assert all(mine == sorted(mine) for mine in results)
    assert sorted(chain.from_iterable(results)) == list(range(2, 2 + 64 * 24))
    report = verify(desk.engine)
    assert (report.entries, report.open) == (1 + 64 * 24, 0)
    # Far fewer commits than entries: that is what the group is for.
    assert report.heads < report.entries / 2


def test_one_refusal_leaves_the_rest_of_its_batch(desk: Desk) -> None:
    desk.activate()
    desk.send("taken")
    with gated(desk) as (writes, gate):
        from louver.store import exchanges

        names = ["a", "taken", "b", "a", "c"]
        operations = [
            partial(exchanges.record_sent, event=sent(name), policy=POLICY, consent=None)
            for name in names
        ]
        futures = [
            writes.submit_entry(op, name) for op, name in zip(operations, names, strict=True)
        ]
        gate.opened.set()
        outcomes = [future.exception(30) or future.result() for future in futures]
    assert [getattr(outcome, "seq", None) for outcome in outcomes] == [3, None, 4, None, 5]
    assert isinstance(outcomes[1], Invalid)
    assert isinstance(outcomes[3], Invalid)
    # All of them, and nothing else, under one head.
    report = verify(desk.engine)
    assert (report.entries, report.heads) == (5, 3)


def test_an_event_without_canonical_form_is_refused_alone(desk: Desk) -> None:
    with gated(desk) as (writes, gate):
        good = [KeyChanged(f"key{i}", "t", "a", "created") for i in range(2)]
        bad = KeyChanged("\ud800", "t", "a", "created")
        futures = [
            writes.submit(partial(batch.Batch.append, event=event))
            for event in (good[0], bad, good[1])
        ]
        gate.opened.set()
        assert futures[0].result(30) == 1
        with pytest.raises(Invalid) as caught:
            futures[1].result(30)
        assert "\ud800" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert futures[2].result(30) == 2
    assert desk.store.size() == 2


def test_a_database_error_fails_its_whole_batch_and_only_it(desk: Desk) -> None:
    desk.activate()

    def broken(open_batch: batch.Batch) -> int:
        open_batch.connection.execute(text("SELECT nothing FROM nowhere"))
        return 0

    with gated(desk) as (writes, gate):
        event = KeyChanged("key00001", "t", "a", "created")
        before = writes.submit(lambda batch: batch.append(event))
        failing = writes.submit(broken)
        after = writes.submit(lambda batch: batch.append(event))
        gate.opened.set()
        for future in (before, failing, after):
            with pytest.raises(Unavailable) as caught:
                future.result(30)
            assert "nowhere" not in str(caught.value)
        assert desk.store.size() == 1
    assert desk.send("x1") == 2
    assert verify(desk.engine).entries == 2


def test_a_full_queue_is_busy(desk: Desk) -> None:
    with gated(desk, capacity=3) as (writes, gate):
        futures = [writes.submit(lambda batch: batch.size) for _ in range(3)]
        with pytest.raises(Unavailable) as caught:
            writes.submit(lambda batch: batch.size)
        assert caught.value.code == "store_busy"
        gate.opened.set()
        assert [future.result(30) for future in futures] == [0, 0, 0]


def test_closing_finishes_what_was_taken(desk: Desk) -> None:
    desk.activate()
    other = desk.open()
    futures = [other.record_sent(sent(f"x{i}"), policy=POLICY, consent=None) for i in range(700)]
    other.close()
    assert [future.result(0).seq for future in futures] == list(range(2, 702))


def test_who_leaves_before_the_batch_is_not_recorded(desk: Desk) -> None:
    desk.activate()
    with gated(desk) as (writes, gate):
        event = KeyChanged("key00001", "t", "a", "created")
        left = writes.submit(lambda batch: batch.append(event))
        stayed = writes.submit(lambda batch: batch.append(event))
        assert left.cancel()
        gate.opened.set()
        assert stayed.result(30) == 2
    assert desk.store.size() == 2


def test_a_bug_in_an_operation_leaves_nobody_waiting(desk: Desk) -> None:
    died: list[object] = []
    hook, threading.excepthook = threading.excepthook, died.append
    try:
        with gated(desk) as (writes, gate):
            wrong = writes.submit(lambda batch: 1 // 0)
            behind = writes.submit(lambda batch: batch.size)
            gate.opened.set()
            for future in (wrong, behind):
                with pytest.raises(Unavailable):
                    future.result(30)
            with pytest.raises(Unavailable):
                writes.submit(lambda batch: batch.size)
            writes.close()
    finally:
        threading.excepthook = hook
    assert len(died) == 1


def test_a_ledger_whose_edge_was_changed_takes_no_more(desk: Desk) -> None:
    desk.activate()
    with writing(desk.engine) as connection:
        connection.execute(text("UPDATE ledger_state SET root = (SELECT salt FROM ledger_entries)"))
    with pytest.raises(Tampered):
        desk.send("x1")
