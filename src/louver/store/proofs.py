"""Does the ledger hold what a receipt says? Proves the entry's place in the tree, then and now.

Leaves are read in order and never held at once, so that a long ledger costs time and no memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, select

from louver.core.errors import Tampered
from louver.core.events import Kind
from louver.core.receipts import Receipt
from louver.crypto.commitments import SALT_BYTES, committed_leaf
from louver.crypto.merkle import Frontier, inclusion_ranges, verify_inclusion
from louver.store.database import reading
from louver.store.entries import Entry, bad_entry
from louver.store.facts import read_state
from louver.store.ledger import read_page
from louver.store.schema import ledger_entries

_PAGE = 10_000
_LEAVES = (
    select(ledger_entries.c.seq, ledger_entries.c.leaf)
    .where(ledger_entries.c.seq > bindparam("after"))
    .order_by(ledger_entries.c.seq)
    .limit(_PAGE)
)


@dataclass(frozen=True, slots=True)
class Proof:
    """That entry `seq` is in the tree of `size` entries under `root` (RFC 6962 §2.1.1)."""

    seq: int
    size: int
    root: bytes
    path: tuple[bytes, ...]


def prove_recorded(engine: Engine, receipt: Receipt) -> Proof:
    """The proof that the ledger holds it today. Raises Tampered, Unavailable."""
    with reading(engine, patient=True) as connection:
        try:
            return _prove_recorded(connection, receipt)
        except (TypeError, ValueError):
            # SQLite stores any type in any column; reading one that is not ours fails in its way.
            message = "the ledger holds a value of a type that Louver never writes"
            raise Tampered(message) from None


def _prove_recorded(connection: Connection, receipt: Receipt) -> Proof:
    state = read_state(connection)
    said = receipt.entry
    if not 1 <= said.seq <= said.size <= state.size:
        raise Tampered("this ledger is shorter than the receipt says; it is another, or cut")
    # 1. The entry is there, whole, and the receipt's.
    entry = _entry(connection, said.seq)
    _require_same(entry, receipt)
    # 2. It was in the tree that the receipt saw.
    index = said.seq - 1
    before = prove(connection, index, said.size)
    verify_inclusion(entry.leaf, index, said.size, before, bytes.fromhex(said.root))
    # 3. It is in the tree that the ledger has now.
    path = prove(connection, index, state.size)
    verify_inclusion(entry.leaf, index, state.size, path, state.root)
    return Proof(said.seq, state.size, state.root, path)


def prove(connection: Connection, index: int, size: int) -> tuple[bytes, ...]:
    """The inclusion proof of leaf `index` among the first `size`. Raises Tampered for gaps."""
    ranges = inclusion_ranges(index, size)
    roots: dict[range, bytes] = {}
    waiting = sorted(ranges, key=lambda wanted: wanted.start)
    frontier = Frontier()
    for at, leaf in enumerate(_leaves(connection, size)):
        if at == index:
            continue
        frontier.append(leaf)
        if at + 1 == waiting[0].stop:
            roots[waiting.pop(0)] = frontier.root()
            frontier = Frontier()
    return tuple(roots[wanted] for wanted in ranges)


def _entry(connection: Connection, seq: int) -> Entry:
    page = read_page(connection, seq - 1, 1)
    if not page or page[0].seq != seq:
        raise bad_entry(seq, "it is missing")
    (entry,) = page
    salted = len(entry.salt) == SALT_BYTES
    if not salted or committed_leaf(entry.salt, entry.payload) != entry.leaf:
        raise bad_entry(seq, "its payload does not match its commitment")
    return entry


def _require_same(entry: Entry, receipt: Receipt) -> None:
    if entry.leaf.hex() != receipt.entry.leaf:
        raise bad_entry(entry.seq, "it is not the entry that the receipt names")
    told = entry.event
    claimed = {
        "kind": Kind.SENT.value,
        "exchange": receipt.exchange,
        "purpose": receipt.purpose,
        "destination": receipt.destination,
        "remote": receipt.remote,
        "policy": receipt.policy,
        "mode": receipt.mode,
        "body": receipt.body.digest,
    }
    if any(told.get(name) != value for name, value in claimed.items()):
        raise bad_entry(entry.seq, "it says something else than the receipt")


def _leaves(connection: Connection, size: int) -> Iterator[bytes]:
    """The first `size` leaf hashes, in order."""
    after = 0
    while after < size:
        page = connection.execute(_LEAVES, {"after": after}).all()
        for row in page[: size - after]:
            after += 1
            if row.seq != after:
                raise bad_entry(after, "it is missing")
            yield row.leaf
        if not page:
            raise bad_entry(after + 1, "it is missing, with all that followed")
