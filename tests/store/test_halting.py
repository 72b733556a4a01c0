"""The kill switch: once a halt is acknowledged, no process records what depends on it as sent."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from store.desk import POLICY, START, sent

from louver.core.errors import Halted, Invalid, Unavailable
from louver.core.halts import Halt, HaltKind, Halts
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk

    from louver.store.store import Store

MODEL = Halt(HaltKind.MODEL, "elsewhere")
OTHERS = tuple(Halt(kind, "elsewhere") for kind in HaltKind if kind is not HaltKind.MODEL)


def send(store: Store, name: str, *halts: Halt) -> int:
    return store.record_sent(sent(name), policy=POLICY, consent=None, halts=halts).result().seq


def test_a_snapshot_without_halts_halts_nothing() -> None:
    empty = Halts()
    assert not any(empty.halted(kind, "elsewhere") for kind in HaltKind)
    empty.require_none((MODEL, *OTHERS))


def test_a_halt_stops_what_depends_on_it_and_nothing_else(desk: Desk) -> None:
    desk.activate()
    desk.store.halt(MODEL, "incident").result()
    assert desk.store.halts().halted(HaltKind.MODEL, "elsewhere")
    assert not desk.store.halts().halted(HaltKind.MODEL, "here")
    assert not desk.store.halts().halted(HaltKind.ROUTE, "elsewhere")
    [standing] = desk.store.halts().standing.values()
    assert (standing.halt, standing.because, standing.since) == (MODEL, "incident", START)
    with pytest.raises(Halted) as caught:
        send(desk.store, "x1", Halt(HaltKind.ROUTE, "louver"), MODEL)
    assert isinstance(caught.value, Unavailable)
    assert caught.value.code == "halted"
    assert "'elsewhere'" in caught.value.message
    assert desk.store.entries(exchange="x1") == []
    assert send(desk.store, "x2", *OTHERS) == 3


def test_what_is_resumed_goes_on(desk: Desk) -> None:
    desk.activate()
    for reason in ("incident", "still.bad"):
        desk.store.halt(MODEL, reason).result()
    desk.store.halt(OTHERS[0], "incident").result()
    desk.store.resume(MODEL).result()
    assert send(desk.store, "x1", MODEL) == 6
    with pytest.raises(Halted):
        send(desk.store, "x2", OTHERS[0])
    with pytest.raises(Invalid) as caught:
        desk.store.resume(MODEL).result()
    assert caught.value.code == "not_halted"
    told = [entry.event for entry in desk.store.entries() if entry.kind == "halt"]
    assert [(e["what"], e["name"], e["state"], e["because"]) for e in told] == [
        ("model", "elsewhere", "halted", "incident"),
        ("model", "elsewhere", "halted", "still.bad"),
        ("route", "elsewhere", "halted", "incident"),
        ("model", "elsewhere", "resumed", "resumed"),
    ]
    assert verify(desk.engine).entries == 6
    # And whoever opens the store knows.
    again = desk.open()
    assert again.halts() == desk.store.halts()
    assert again.halts().version == 5


def test_a_reason_is_one_word(desk: Desk) -> None:
    for because in ("", "Alice called", "a\x00", "x" * 65):
        with pytest.raises(Invalid) as caught:
            desk.store.halt(MODEL, because)
        assert caught.value.code == "invalid_reason"
    for name in ("", "a\x00b", "\ud800", "x" * 257):
        with pytest.raises(Invalid):
            desk.store.halt(Halt(HaltKind.TOOL, name), "incident")
    assert desk.store.size() == 0


def test_a_halt_on_one_store_stops_the_other_at_once(desk: Desk) -> None:
    desk.activate()
    other = desk.open()
    send(other, "x1", MODEL)
    desk.store.halt(MODEL, "incident").result()
    # No waiting for a refresh: the commit itself looks.
    with pytest.raises(Halted):
        send(other, "x2", MODEL)
    assert other.halts().halted(MODEL.kind, MODEL.name)


def test_an_idle_store_sees_halts_come_and_go(desk: Desk) -> None:
    other = desk.open()
    for halted in (True, False):
        change = desk.store.halt(MODEL, "incident") if halted else desk.store.resume(MODEL)
        change.result()
        until = time.monotonic() + 10
        while other.halts().halted(MODEL.kind, MODEL.name) is not halted:
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.mark.parametrize("replicas", [1, 2])
def test_after_an_acknowledged_halt_nothing_is_sent(desk: Desk, replicas: int) -> None:
    """Eight senders against one halt; the order of the ledger is the judge."""
    desk.activate()
    stores = [desk.store, *(desk.open() for _ in range(replicas - 1))]
    start = threading.Barrier(9)
    raced = 0
    for round_ in range(4):
        halt = Halt(HaltKind.TENANT, f"tenant-{round_}")

        def work(worker: int, halt: Halt = halt) -> list[int]:
            start.wait()
            mine: list[int] = []
            for turn in range(1000):
                try:
                    name = f"{halt.name}-{worker}-{turn}"
                    mine.append(send(stores[worker % replicas], name, halt))
                except Halted:
                    break
            return mine

        with ThreadPoolExecutor(8) as pool:
            workers = [pool.submit(work, worker) for worker in range(8)]
            start.wait()
            time.sleep(0.005 * round_)
            halted_at = stores[-1].halt(halt, "incident").result()
            sent_at = [seq for worker in workers for seq in worker.result()]
        assert all(seq < halted_at for seq in sent_at)
        raced += len(sent_at)
        late = desk.store.entries(after=halted_at, limit=10_000)
        assert [entry for entry in late if entry.kind == "sent"] == []
    # Otherwise nobody raced.
    assert raced > 0
    assert verify(desk.engine).entries == desk.store.size()
