"""Does the ledger still say what it said? Recomputes each commitment, head and fact.

What it detects: any change of the database by somebody who does not redo all that hangs on it.
What it cannot: a rewrite of everything by the database's owner, who can compute a new tree just as
we do, or cut the log back together with its heads and state. Only a copy of a tree head kept
elsewhere (a witness) reveals that; until there is one, note a head down now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, select

from louver.core.encoding import Json
from louver.core.errors import Tampered
from louver.core.events import Kind
from louver.crypto.commitments import SALT_BYTES, committed_leaf
from louver.crypto.merkle import Frontier
from louver.store.database import reading
from louver.store.entries import Entry, bad_entry
from louver.store.facts import State, read_state
from louver.store.ledger import read_page
from louver.store.replay import Replay
from louver.store.schema import tree_heads

_PAGE = 2000
_BEFORE_ALL = -(2**62)  # Not 0: what was slipped in before the first one is to be seen.
_OF_EXCHANGES = {Kind.SENT.value, Kind.ANSWERED.value, Kind.INTERRUPTED.value}
_HEADS = (
    select(tree_heads.c.size, tree_heads.c.root)
    .where(tree_heads.c.size > bindparam("after"))
    .order_by(tree_heads.c.size)
    .limit(_PAGE)
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified; `open` counts exchanges that were sent and have not ended yet."""

    entries: int
    heads: int
    root: bytes
    open: int


def verify(engine: Engine, progress: Callable[[int, int], None] | None = None) -> Report:
    """Check the whole ledger in one consistent view; `progress` is told (done, of all).

    Raises Tampered; its `param` names the first bad entry, `ledger[seq]`. Raises Unavailable.
    """
    with reading(engine, patient=True) as connection:
        return verify_within(connection, progress or (lambda done, total: None))


def verify_within(connection: Connection, progress: Callable[[int, int], None]) -> Report:
    """The same in a transaction that is under way, as far as that one sees."""
    try:
        return _verify(connection, progress)
    except (TypeError, ValueError):
        # SQLite stores any type in any column; reading one that is not ours fails in its own way.
        message = "the database holds a value of a type that Louver never writes"
        raise Tampered(message, param="type") from None


def _verify(connection: Connection, progress: Callable[[int, int], None]) -> Report:
    state = read_state(connection)
    heads = _Heads(connection)
    replay = Replay()
    frontier = Frontier()
    # 1. Each entry is whole, in its place, and follows the law of order.
    for entry in _entries(connection):
        replay.take(entry, _require_whole(entry, frontier.size + 1, state))
        frontier.append(entry.leaf)
        # 2. Each head that was committed is the root of what stood before it.
        heads.check(frontier)
        if frontier.size % _PAGE == 0:
            progress(frontier.size, state.size)
    # 3. The end is where the state says it is.
    _require_end(frontier, state)
    heads.require_end(frontier.size)
    # 4. The facts are those that the entries tell.
    replay.require_facts(connection, state)
    progress(state.size, state.size)
    return Report(frontier.size, heads.count, state.root, len(replay.open))


def _entries(connection: Connection) -> Iterator[Entry]:
    after = _BEFORE_ALL
    while page := read_page(connection, after, _PAGE):
        yield from page
        after = page[-1].seq


def _require_whole(entry: Entry, expected: int, state: State) -> Mapping[str, Json]:
    if entry.seq < expected:
        raise bad_entry(entry.seq, "it was inserted before the first entry")
    if entry.seq > expected:
        raise bad_entry(expected, "it is missing")
    if entry.seq > state.size:
        raise bad_entry(entry.seq, "it lies beyond the recorded end of the ledger")
    salted = len(entry.salt) == SALT_BYTES
    if not salted or committed_leaf(entry.salt, entry.payload) != entry.leaf:
        raise bad_entry(entry.seq, "its payload does not match its commitment")
    try:
        told: Mapping[str, Json] = entry.event
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        raise bad_entry(entry.seq, "its payload is no event")
    exchange = told.get("exchange") if entry.kind in _OF_EXCHANGES else None
    shown = (entry.kind, entry.time, entry.exchange)
    if shown != (told.get("kind"), told.get("time"), exchange):
        raise bad_entry(entry.seq, "its columns differ from its payload")
    return told


def _require_end(frontier: Frontier, state: State) -> None:
    if frontier.size < state.size:
        raise bad_entry(frontier.size + 1, "it is missing, with all that followed")
    if frontier.root() != state.root or frontier.to_bytes() != state.frontier:
        raise bad_entry(frontier.size, "the ledger's state is not the tree of its entries")


class _Heads:
    """The stored tree heads, in step with the growing tree."""

    def __init__(self, connection: Connection) -> None:
        self._rows = _head_rows(connection)
        self._next = next(self._rows, None)
        self._last = 0
        self.count = 0

    def check(self, frontier: Frontier) -> None:
        if self._next is None or self._next[0] != frontier.size:
            return
        size, root = self._next
        if frontier.root() != root:
            first = self._last + 1
            raise bad_entry(first, f"it, or one up to {size}, is not what the tree head saw")
        self.count += 1
        self._last = size
        self._next = next(self._rows, None)

    def require_end(self, size: int) -> None:
        if self._next is not None:
            raise bad_entry(size + 1, "a tree head saw it, and it is missing")
        if self._last != size:
            raise bad_entry(self._last + 1, "no tree head covers it")


def _head_rows(connection: Connection) -> Iterator[tuple[int, bytes]]:
    after = _BEFORE_ALL
    while page := connection.execute(_HEADS, {"after": after}).all():
        yield from ((row.size, row.root) for row in page)
        after = page[-1].size
