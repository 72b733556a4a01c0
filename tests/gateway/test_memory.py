"""The store behind an event loop: told once per batch, to whoever still waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from store.desk import TENANT, Desk, answered, sent
from store.gate import gated

from louver.core.errors import Halted, Invalid, Unavailable
from louver.core.halts import Halt, HaltKind
from louver.core.identity import Caller
from louver.gateway import memory as gateway_memory
from louver.gateway.memory import Memory
from louver.store.usage import Usage, day_of
from louver.store.vault import KeptResponse, owner_of
from louver.store.verify import verify
from louver.store.writer import Settled


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(f"sqlite:///{tmp_path / 'louver.db'}") as opened:
        opened.activate()
        yield opened


def test_many_tasks_get_each_their_own_entry(desk: Desk) -> None:
    memory = Memory(desk.store)

    async def one(name: str) -> int:
        position = await memory.record_sent(sent(name), None)
        await memory.record_answered(answered(name, "key00001", 2))
        return position.seq

    async def all_of_them() -> list[int]:
        return list(await asyncio.gather(*(one(f"x{i}") for i in range(200))))

    seqs = asyncio.run(all_of_them())
    assert len(set(seqs)) == 200
    entries = {entry.seq: entry for entry in desk.store.entries(limit=1000)}
    assert [entries[seq].exchange for seq in seqs] == [f"x{i}" for i in range(200)]
    assert memory.usage("key00001", day_of(desk.clock.now())) == Usage(400, 200)
    assert verify(desk.engine).heads < 100


def test_a_loop_is_woken_once_per_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    deliver = gateway_memory._deliver

    def count(settled: Sequence[Settled]) -> None:
        told.append(len(settled))
        deliver(settled)

    monkeypatch.setattr(gateway_memory, "_deliver", count)
    memory = Memory(desk.store)

    async def all_of_them() -> None:
        await asyncio.gather(*(memory.record_sent(sent(f"x{i}"), None) for i in range(100)))

    heads = verify(desk.engine).heads
    asyncio.run(all_of_them())
    assert sum(told) == 100
    assert len(told) == verify(desk.engine).heads - heads


def test_a_refusal_is_raised_where_it_is_awaited(desk: Desk) -> None:
    memory = Memory(desk.store)
    halt = Halt(HaltKind.MODEL, "here")
    desk.store.halt(halt, "incident").result()
    assert memory.halts().halted(HaltKind.MODEL, "here")

    async def both() -> list[object]:
        first = memory.record_sent(sent("x1"), None, (halt,))
        second = memory.record_sent(sent("x2"), None)
        never = memory.record_answered(answered("x9"))
        return list(await asyncio.gather(first, second, never, return_exceptions=True))

    refused, position, unknown = asyncio.run(both())
    assert isinstance(refused, Halted)
    assert isinstance(unknown, Invalid)
    assert getattr(position, "seq", None) == 3


def test_two_loops_are_told_each_on_its_own(desk: Desk) -> None:
    memory = Memory(desk.store)
    with gated(desk) as (writes, gate):
        desk.store._writer = writes

        async def one(name: str) -> int:
            return (await memory.record_sent(sent(name), None)).seq

        loops = [asyncio.new_event_loop() for _ in range(2)]
        tasks = [loop.create_task(one(f"x{i}")) for i, loop in enumerate(loops)]
        for loop in loops:
            loop.run_until_complete(asyncio.sleep(0))
        gate.opened.set()
        seqs = [loop.run_until_complete(task) for loop, task in zip(loops, tasks, strict=True)]
        for loop in loops:
            loop.close()
    assert sorted(seqs) == [2, 3]


def test_who_left_is_not_told_and_disturbs_nobody(desk: Desk) -> None:
    memory = Memory(desk.store)
    with gated(desk) as (writes, gate):
        desk.store._writer = writes

        async def run() -> int:
            # Before its batch: not recorded. The loop that is closed below: told to nobody.
            left = asyncio.ensure_future(memory.record_sent(sent("left"), None))
            await asyncio.sleep(0)
            left.cancel()
            await asyncio.sleep(0)
            stayed = asyncio.ensure_future(memory.record_sent(sent("stayed"), None))
            await asyncio.sleep(0)
            gate.opened.set()
            return (await stayed).seq

        gone = asyncio.new_event_loop()
        waiter = gone.create_task(memory.record_sent(sent("gone"), None))
        gone.run_until_complete(asyncio.sleep(0))
        waiter._log_destroy_pending = False  # type: ignore[attr-defined]  # That is the point.
        gone.close()
        assert asyncio.run(run()) == 3
    assert desk.store.entries(exchange="left") == []
    assert len(desk.store.entries(exchange="gone")) == 1


def test_a_store_that_stopped_tells_all(desk: Desk) -> None:
    memory = Memory(desk.store)
    desk.store.close()

    async def run() -> None:
        await memory.record_sent(sent("x1"), None)

    with pytest.raises(Unavailable) as caught:
        asyncio.run(run())
    assert caught.value.code == "store_lost"


def test_kept_responses_are_the_callers_own(desk: Desk) -> None:
    memory = Memory(desk.store)
    caller = Caller(TENANT, "helpdesk", "key00001")
    owner = owner_of(TENANT, "helpdesk", None)

    async def run() -> list[object]:
        salt = await memory.content_salt(owner)
        end = desk.clock.now() + 60
        kept = KeptResponse(b"i" * 32, TENANT, "helpdesk", None, end, b"sealed", salt)
        await memory.keep_response(kept, None)
        found = await memory.response(kept.id, caller)
        other = await memory.response(kept.id, Caller(TENANT, "other", "key00002"))
        assert found == kept
        return [other, await memory.forget_response(kept.id, caller)]

    assert asyncio.run(run()) == [None, True]
