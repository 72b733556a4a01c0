"""Daily usage by key: exact where it is counted and at a restart, soon known elsewhere."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from store.desk import POLICY, START, answered, sent
from store.gate import gated

from louver.core.encoding import Json
from louver.core.errors import Invalid, Unavailable
from louver.core.events import Answered
from louver.core.exchanges import Outcome
from louver.store.batch import Batch
from louver.store.exchanges import record_answered
from louver.store.usage import Usage, day_of
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk

    from louver.store.store import Store

TODAY = day_of(START)
DAY = 86_400


class Former(Answered):
    """An end as it was told before there were budgets."""

    def payload(self) -> dict[str, Json]:
        new = {"key", "tokens_in", "tokens_out", "estimated"}
        payload = Answered.payload(self)
        return {name: value for name, value in payload.items() if name not in new}


def use(desk: Desk, name: str, key: str, tokens: int, store: Store | None = None) -> None:
    desk.send(name, store)
    (store or desk.store).record_answered(answered(name, key, tokens)).result()


def test_tokens_in_and_out_count_for_the_key_and_day(desk: Desk) -> None:
    desk.activate()
    assert desk.store.usage("key00001", TODAY) == Usage()
    for turn in range(3):
        desk.send(f"x{turn}")
        end = Answered(f"x{turn}", Outcome.ANSWERED, 200, 0, {}, "key00001", 5, 7)
        desk.store.record_answered(end).result()
        # Before the next request can be asked for.
        assert desk.store.usage("key00001", TODAY) == Usage(12 * (turn + 1), turn + 1)
    use(desk, "x3", "key00002", 100)
    desk.send("x4")
    desk.store.record_answered(answered("x4")).result()
    desk.clock.time += DAY
    use(desk, "x5", "key00001", 1)
    assert desk.store.usage("key00001", TODAY) == Usage(36, 3)
    assert desk.store.usage("key00001", day_of(START + DAY)) == Usage(1, 1)
    assert desk.store.usage("key00002", TODAY) == Usage(100, 1)
    assert verify(desk.engine).entries == 1 + 12


def test_a_restart_knows_what_was_used(desk: Desk) -> None:
    desk.activate()
    use(desk, "x1", "key00001", 5)
    desk.clock.time += DAY
    use(desk, "x2", "key00001", 7)
    again = desk.open()
    assert again.usage("key00001", TODAY) == Usage(5, 1)
    assert again.usage("key00001", day_of(START + DAY)) == Usage(7, 1)
    # Long past is read from the database.
    desk.clock.time += 30 * DAY
    later = desk.open()
    assert later.usage("key00001", TODAY) == Usage(5, 1)
    assert later.usage("key00009", TODAY) == Usage()


def test_one_row_per_key_however_many_answers_a_batch_has(desk: Desk) -> None:
    desk.activate()
    names = [f"x{i}" for i in range(300)]
    for name in names:
        desk.store.record_sent(sent(name), policy=POLICY, consent=None)
    futures = [
        desk.store.record_answered(answered(name, f"key0000{i % 3}", i))
        for i, name in enumerate(names)
    ]
    for future in futures:
        future.result()
    for key in range(3):
        expected = Usage(sum(range(key, 300, 3)), 100)
        assert desk.store.usage(f"key0000{key}", TODAY) == expected
    assert verify(desk.engine).entries == 601


def test_what_was_not_committed_does_not_count(desk: Desk) -> None:
    desk.activate()
    use(desk, "x1", "key00001", 5)

    def broken(batch: Batch) -> None:
        batch.connection.execute(text("SELECT nothing FROM nowhere"))

    desk.send("x2")
    with gated(desk) as (writes, gate):
        end = answered("x2", "key00001", 100)
        lost = writes.submit(partial(record_answered, event=end), "x2")
        writes.submit(broken)
        gate.opened.set()
        with pytest.raises(Unavailable):
            lost.result(30)
        assert writes.usages.find(TODAY, "key00001") == Usage(5, 1)
    assert desk.open().usage("key00001", TODAY) == Usage(5, 1)
    assert verify(desk.engine).entries == 4


def test_two_stores_add_up(desk: Desk) -> None:
    desk.activate()
    stores = [desk.store, desk.open()]

    def work(worker: int) -> None:
        for turn in range(10):
            use(desk, f"x-{worker}-{turn}", "key00001", 3, stores[worker % 2])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    until = time.monotonic() + 10
    while any(store.usage("key00001", TODAY) != Usage(240, 80) for store in stores):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert verify(desk.engine).entries == desk.store.size()


def test_a_store_under_load_sees_what_an_idle_key_used_elsewhere(desk: Desk) -> None:
    """It never rests, so it never looks around by itself; its clock tells it when to."""
    desk.activate()
    other = desk.open()
    use(desk, "x1", "key00001", 5)
    for turn in range(200):
        desk.clock.time += 0.01
        use(desk, f"y{turn}", "key00002", 1, other)
        use(desk, f"z{turn}", "key00003", 1)
    assert other.usage("key00001", TODAY) == Usage(5, 1)


def test_entries_of_the_first_version_still_verify(desk: Desk) -> None:
    """They name no key and no tokens, and count for nobody."""
    desk.activate()
    desk.send("x1")

    desk.store.record_answered(Former("x1", Outcome.ANSWERED, 200, 0)).result()
    assert "tokens_in" not in desk.store.entries(exchange="x1")[-1].event
    assert verify(desk.engine).entries == 3


def test_a_sum_that_no_column_holds_is_refused(desk: Desk) -> None:
    desk.activate()
    desk.send("x1")
    for tokens in (-1, 2**40 + 1, 2**62):
        with pytest.raises(Invalid):
            desk.store.record_answered(answered("x1", "key00001", tokens)).result()
    desk.store.record_answered(answered("x1", "key00001", 2**40)).result()
    assert desk.store.usage("key00001", TODAY) == Usage(2**40, 1)
