"""The quick way: a batch on what is known is written if, and only if, nobody has written since."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import text
from store.desk import POLICY, START, Desk, Seeded, answered, sent

from louver.core.errors import Invalid, Tampered, Unavailable
from louver.store.batch import Batch, Tip
from louver.store.database import writing
from louver.store.facts import read_facts
from louver.store.lane import Changes, Lane, Opened, Overtaken, Phase
from louver.store.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from louver.store.facts import State
    from louver.store.usage import UsageRow


class Counted(Lane):
    """A lane that notes which way each batch took."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.engine)
        self.ways: list[str] = []
        self.before_swap: Callable[[], object] = lambda: None

    def swap(self, changes: Changes, in_time: Callable[[], bool]) -> list[UsageRow]:
        self.before_swap()
        try:
            done = super().swap(changes, in_time)
        except Overtaken:
            self.ways.append("overtaken")
            raise
        self.ways.append("compared")
        return done

    @contextmanager
    def batch(self, exchanges: Sequence[str]) -> Iterator[Opened]:
        self.ways.append("locked")
        with super().batch(exchanges) as opened:
            yield opened


class Cut(Counted):
    """Writes, and then loses the connection before anybody is told."""

    cuts = False

    def swap(self, changes: Changes, in_time: Callable[[], bool]) -> list[UsageRow]:
        done = super().swap(changes, in_time)
        if self.cuts:
            self._drop()
            raise Unavailable("the connection is lost", code="store_lost")
        return done


@pytest.fixture
def lane(desk: Desk) -> Counted:
    """The desk's own writer, watched; nothing is under way yet."""
    desk.activate()
    counted = Counted(desk)
    desk.store._writer._lane.close()
    desk.store._writer._lane = counted
    return counted


def test_a_process_alone_needs_no_lock(desk: Desk, lane: Counted) -> None:
    for turn in range(3):
        desk.send(f"x{turn}")
        desk.store.record_answered(answered(f"x{turn}", "key00001", 5)).result()
    # The first batch has to find out that it is alone.
    assert lane.ways[0] in ("locked", "compared")
    assert lane.ways[1:] == ["compared"] * 5
    assert verify(desk.engine).entries == 7


def test_whoever_was_overtaken_looks_and_finds_the_news(desk: Desk, lane: Counted) -> None:
    other = desk.open()
    desk.send("x1")
    desk.send("x2")
    lane.ways.clear()
    desk.send("y1", other)
    desk.store.record_answered(answered("x1")).result()
    assert lane.ways == ["overtaken", "locked"]
    # Alone again, but for what it may have missed: x2 is looked up before it ends.
    desk.send("x3")
    desk.store.record_answered(answered("x2")).result()
    desk.store.record_answered(answered("x3")).result()
    assert lane.ways[2:] == ["locked", "locked", "compared"]
    assert verify(desk.engine).open == 1


def test_being_overtaken_in_the_last_moment_is_noticed(desk: Desk, lane: Counted) -> None:
    """Between building and writing; the policy that the batch was decided by is gone."""
    other = desk.open()
    desk.send("x1")
    desk.send("x2")
    lane.before_swap = lambda: other.activate_policy("b2" * 32, b"another").result()
    with pytest.raises(Unavailable) as caught:
        desk.send("x3")
    assert caught.value.code == "policy_changed"
    assert desk.store.entries(exchange="x3") == []
    assert verify(desk.engine).entries == 4


def test_what_waited_too_long_is_built_anew(desk: Desk, lane: Counted) -> None:
    desk.send("x1")
    desk.send("x2")
    lane.ways.clear()

    def wait() -> None:
        desk.clock.time += 60

    lane.before_swap = wait
    desk.send("x3")
    [entry] = desk.store.entries(exchange="x3")
    if lane.ways == ["compared"]:
        # PostgreSQL waits for nobody there, so nothing can have come between.
        assert desk.engine.dialect.name == "postgresql"
    else:
        assert lane.ways == ["overtaken", "locked"]
        assert entry.time == START + 60


def test_an_id_that_was_used_is_refused_alone(desk: Desk, lane: Counted) -> None:
    desk.send("x1")
    desk.store.record_answered(answered("x1")).result()
    # It has ended, so that memory does not know it any more; the database does.
    again = [desk.store.record_sent(sent(x), policy=POLICY, consent=None) for x in ("x1", "x2")]
    with pytest.raises(Invalid):
        again[0].result()
    assert again[1].result().seq == 4
    with pytest.raises(Invalid):
        desk.send("x2")
    with pytest.raises(Invalid) as caught:
        desk.store.record_answered(answered("x1")).result()
    assert caught.value.code == "exchange_ended"
    assert verify(desk.engine).entries == 4


def test_what_another_process_swept_cannot_end(desk: Desk, lane: Counted) -> None:
    desk.send("x1")
    desk.send("x2")
    other = desk.open()
    desk.clock.time += 100
    assert other.sweep(older_than=50) == 2
    with pytest.raises(Invalid) as caught:
        desk.store.record_answered(answered("x1")).result()
    assert caught.value.code == "exchange_ended"
    # And what is sent since is known again.
    desk.send("x3")
    with pytest.raises(Invalid):
        desk.store.record_answered(answered("x2")).result()
    desk.store.record_answered(answered("x3")).result()
    assert verify(desk.engine).open == 0


def test_refusals_by_what_is_known_are_checked(desk: Desk, lane: Counted) -> None:
    """A refusal writes nothing that could be compared, so the lock is asked."""
    desk.send("x1")
    desk.send("x2")
    lane.ways.clear()
    with pytest.raises(Invalid):
        desk.send("x2")
    assert lane.ways == ["locked"]


@pytest.fixture
def state(desk: Desk) -> State:
    desk.activate()
    return read(desk)


def read(desk: Desk) -> State:
    lane = Lane(desk.engine)
    with lane.batch([]) as opened:
        opened.finish(None, lambda: True)
    lane.close()
    return opened.state


def changes(desk: Desk, state: State, exchange: str) -> Changes:
    """One entry after `state`, as a batch makes it."""
    taken: list[Changes] = []

    class Taking:
        phases = {exchange: Phase.UNKNOWN}  # noqa: RUF012  # Read only.

        def __init__(self) -> None:
            self.state = state

        def finish(self, made: Changes | None, _in_time: Callable[[], bool]) -> list[UsageRow]:
            taken.extend([made] if made else [])
            return []

    with writing(desk.engine) as connection:
        facts = read_facts(connection, state, desk.store._writer.facts)
    known = Tip(facts, state)
    batch = Batch(Taking(), desk.clock, Seeded(3), known)  # type: ignore[arg-type]  # Enough of it.
    batch.append(sent(exchange))
    batch.finish()
    return taken[0]


def test_swapping_compares_size_and_root(desk: Desk, state: State) -> None:
    lane = Lane(desk.engine)
    made = changes(desk, state, "x1")
    for wrong in (replace(state, size=state.size + 1), replace(state, root=bytes(32))):
        with pytest.raises(Overtaken):
            lane.swap(replace(made, before=wrong), lambda: True)
    assert lane.swap(made, lambda: True) == []
    with pytest.raises(Overtaken):
        lane.swap(made, lambda: True)
    assert verify(desk.engine).entries == 2
    lane.close()


def test_a_lock_that_is_held_is_not_waited_for(postgres_database: str) -> None:
    with Desk(postgres_database) as desk:
        desk.activate()
        made = changes(desk, read(desk), "x1")
        lane = Lane(desk.engine)
        with psycopg.connect(postgres_database) as holder:
            holder.execute("SELECT id FROM ledger_state FOR UPDATE")
            with pytest.raises(Overtaken):
                lane.swap(made, lambda: True)
        assert lane.swap(made, lambda: True) == []
        lane.close()


def test_a_connection_lost_while_comparing_may_have_written(postgres_database: str) -> None:
    """Nobody is told that it was recorded, and nothing is recorded twice."""
    with Desk(postgres_database) as desk:
        desk.activate()
        desk.send("x1")
        lane = Cut(desk)
        desk.store._writer._lane.close()
        desk.store._writer._lane = lane
        desk.send("x2")
        lane.cuts = True
        with pytest.raises(Unavailable) as caught:
            desk.send("x3")
        assert caught.value.code == "store_lost"
        lane.cuts = False
        assert len(desk.store.entries(exchange="x3")) == 1
        assert desk.send("x4") == 5
        assert verify(desk.engine).entries == 5


def test_two_busy_stores_and_a_third_that_comes_and_goes(desk: Desk) -> None:
    """Both ways mixed at random; the ledger verifies, and nobody's entry is lost or doubled."""
    desk.activate()
    stores = [desk.store, desk.open(), desk.open()]

    def work(worker: int) -> list[int]:
        chance = random.Random(worker)
        mine: list[int] = []
        for turn in range(25):
            store = stores[0 if chance.random() < 0.8 else chance.randrange(3)]
            name = f"x-{worker}-{turn}"
            mine.append(desk.send(name, store))
            end = stores[chance.randrange(3)] if chance.random() < 0.1 else store
            mine.append(end.record_answered(answered(name, f"key{worker % 3}", 1)).result())
        return mine

    with ThreadPoolExecutor(12) as pool:
        seqs = [seq for mine in pool.map(work, range(12)) for seq in mine]
    assert sorted(seqs) == list(range(2, 2 + 12 * 50))
    report = verify(desk.engine)
    assert (report.entries, report.open) == (1 + 12 * 50, 0)


def test_a_state_that_was_changed_behind_our_back_is_not_written_over(desk: Desk) -> None:
    desk.activate()
    desk.send("x1")
    desk.send("x2")
    with writing(desk.engine) as connection:
        connection.execute(text("UPDATE ledger_state SET root = frontier"))
    with pytest.raises(Tampered):
        desk.send("x3")


def test_the_servers_own_isolation_does_not_matter(postgres_database: str) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as admin:
        name = psycopg.conninfo.conninfo_to_dict(admin.info.dsn)["dbname"]
        change = f'ALTER DATABASE "{name}" SET default_transaction_isolation = serializable'
        admin.execute(change.encode())
    with Desk(postgres_database) as desk:
        desk.activate()
        stores = [desk.store, desk.open()]

        def work(worker: int) -> None:
            for turn in range(20):
                desk.send(f"x-{worker}-{turn}", stores[worker % 2])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        assert verify(desk.engine).entries == 161
