"""Several processes on one database behave as one: one log, one truth about consent and policy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from store.desk import POLICY, TENANT, answered, sent

from louver.core.consent import ConsentKey, ConsentState
from louver.core.errors import ConsentRequired, Unauthenticated
from louver.core.sensitive import Sensitive
from louver.store.exchanges import Stale
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk

    from louver.store.store import Store


def eventually(holds: Callable[[], bool]) -> bool:
    """Waits for a snapshot to catch up; 10 s is far more than its refresh."""
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def test_two_stores_write_one_log(desk: Desk) -> None:
    desk.activate()
    stores = [desk.store, desk.open()]

    def work(worker: int) -> None:
        # Sent by one and answered by the other, as behind a load balancer.
        for turn in range(15):
            name = f"x-{worker}-{turn}"
            desk.send(name, stores[worker % 2])
            stores[1 - worker % 2].record_answered(answered(name)).result()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    report = verify(desk.engine)
    assert (report.entries, report.open) == (1 + 16 * 30, 0)


def test_two_stores_know_a_person_by_one_id(desk: Desk) -> None:
    stores = [desk.store, desk.open()]
    with ThreadPoolExecutor(16) as pool:
        futures = list(
            pool.map(lambda i: stores[i % 2].person(TENANT, Sensitive(f"p{i // 8}")), range(64))
        )
    ids = [future.result() for future in futures]
    assert len(set(ids)) == 8
    assert all(len(set(ids[i : i + 8])) == 1 for i in range(0, 64, 8))


def test_withdrawal_on_one_store_stops_the_other_at_once(desk: Desk) -> None:
    desk.activate()
    key = desk.consented()
    other = desk.open()
    event = sent("x1", person=key.person, remote=True)
    other.record_sent(event, policy=POLICY, consent=key).result()
    desk.store.set_consent(key, ConsentState.WITHDRAWN).result()
    # No waiting for a refresh: the commit itself looks.
    again = other.record_sent(replace(event, exchange="x2"), policy=POLICY, consent=key)
    with pytest.raises(ConsentRequired):
        again.result()


def test_a_new_policy_on_one_store_makes_the_other_decide_again(desk: Desk) -> None:
    desk.activate()
    other = desk.open()
    desk.activate("b2" * 32)
    with pytest.raises(Stale):
        desk.send("x1", other)
    active = other.active_policy()
    # The refused batch has brought the news along.
    assert active is not None
    assert active.digest == "b2" * 32


def test_an_idle_store_sees_what_another_changed(desk: Desk) -> None:
    other = desk.open()
    key = desk.consented()
    now = desk.clock.now()
    assert eventually(lambda: other.consents().state(key, now) is ConsentState.GIVEN)
    secret = desk.store.create_key(TENANT, "helpdesk").result()
    assert eventually(lambda: len(other.list_keys()) == 1)
    caller = other.authenticate(secret)
    desk.store.revoke_key(caller.key_id).result()
    assert eventually(lambda: other.list_keys()[0].revoked is not None)
    with pytest.raises(Unauthenticated):
        other.authenticate(secret)
    desk.activate()
    assert eventually(lambda: other.active_policy() is not None)


@dataclass
class Race:
    """Twelve senders against one withdrawal of the consent that they send by."""

    stores: list[Store]
    key: ConsentKey
    head_start: float
    sent_at: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    withdrawn_at: int = 0
    start: threading.Barrier = field(default_factory=lambda: threading.Barrier(13))
    acknowledged: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with ThreadPoolExecutor(13) as pool:
            futures = [pool.submit(self.send, worker) for worker in range(12)]
            futures.append(pool.submit(self.withdraw))
            for future in futures:
                future.result()

    def send(self, worker: int) -> None:
        self.start.wait()
        for turn in range(1000):
            after = self.acknowledged.is_set()
            name = f"{self.key.person}-{worker}-{turn}"
            event = sent(name, person=self.key.person, remote=True)
            store = self.stores[worker % len(self.stores)]
            try:
                sent_as = store.record_sent(event, policy=POLICY, consent=self.key)
                seq = sent_as.result().seq
            except ConsentRequired:
                return
            (self.late if after else self.sent_at).append(seq)

    def withdraw(self) -> None:
        self.start.wait()
        time.sleep(self.head_start)
        change = self.stores[-1].set_consent(self.key, ConsentState.WITHDRAWN)
        self.withdrawn_at = change.result()
        self.acknowledged.set()


@pytest.mark.parametrize("replicas", [1, 2])
def test_after_an_acknowledged_withdrawal_nothing_is_sent(desk: Desk, replicas: int) -> None:
    """The order of the ledger is the judge."""
    desk.activate()
    stores = [desk.store, *(desk.open() for _ in range(replicas - 1))]
    before = 0
    for round_ in range(6):
        race = Race(stores, desk.consented(f"person-{round_}"), head_start=0.004 * round_)
        race.run()
        assert race.late == []
        assert all(seq < race.withdrawn_at for seq in race.sent_at)
        entries = desk.store.entries(after=race.withdrawn_at, limit=10_000)
        assert [entry for entry in entries if entry.kind == "sent"] == []
        before += len(race.sent_at)
    # Otherwise nobody raced.
    assert before > 0
    assert verify(desk.engine).entries == desk.store.size()
