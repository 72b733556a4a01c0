"""One commit batch: facts and ledger entries become durable together, or not at all.

While a batch is open it holds the ledger's lock, so what it checks stays true until it commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from louver.core.errors import Tampered
from louver.core.events import Event, Kind
from louver.core.seams import Clock, Randomness
from louver.crypto.commitments import SALT_BYTES, committed_leaf
from louver.crypto.merkle import Frontier
from louver.store.entries import encode, exchange_of
from louver.store.facts import Facts, read_facts, read_state
from louver.store.schema import ledger_entries, ledger_state, pending, tree_heads


class Phase(Enum):
    """Where an exchange stands in the ledger."""

    UNKNOWN = "unknown"
    OPEN = "open"  # sent, and its end is not yet recorded
    ENDED = "ended"


_SALTS_AT_ONCE = 64

_PHASES = select(ledger_entries.c.exchange, ledger_entries.c.kind).where(
    ledger_entries.c.exchange.in_(bindparam("exchanges", expanding=True))
)
_ADD_ENTRIES = insert(ledger_entries)
_ADD_HEAD = insert(tree_heads)
_ADD_PENDING = insert(pending)
_END_PENDING = delete(pending).where(pending.c.exchange == bindparam("ended"))
_SET_STATE = update(ledger_state).where(ledger_state.c.id == 1)


class Batch:
    """An open transaction on the ledger. `facts` are true in it, its own changes included.

    Operations replace `facts` as they go; `flush` writes what they added up to. `time` is the
    entries' time.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        randomness: Randomness,
        known: Facts,
        exchanges: Sequence[str] = (),
    ) -> None:
        """`exchanges` are those whose phase will be asked for. Raises Tampered."""
        self.connection = connection
        self.randomness = randomness
        # Read under the lock: another process may have appended since the last batch.
        state = read_state(connection, lock=True)
        # After the lock, not before: waiting for it may outlast a consent.
        self.time = clock.now()
        self._frontier = Frontier.from_bytes(state.size, state.frontier)
        if self._frontier.root() != state.root:
            raise Tampered("the ledger's edge does not lead to its root; it takes no more entries")
        self.facts = read_facts(connection, state, known)
        self._entries: list[dict[str, object]] = []
        self._opened: dict[str, float] = {}
        self._ended: list[str] = []
        self._salts = b""
        self._phases = self._read_phases(exchanges)

    @property
    def size(self) -> int:
        """The number of entries, those of this batch included."""
        return self._frontier.size

    def phase(self, exchange: str) -> Phase:
        return self._phases.get(exchange, Phase.UNKNOWN)

    def append(self, event: Event) -> int:
        """Add an entry and return its seq. Raises Invalid, then nothing was added."""
        payload = encode(event, self.time)
        salt = self._salt()
        leaf = committed_leaf(salt, payload)
        exchange = exchange_of(event)
        seq = self._frontier.append(leaf) + 1
        self._entries.append(
            {
                "seq": seq,
                "kind": event.kind.value,
                "time": self.time,
                "exchange": exchange,
                "payload": payload,
                "salt": salt,
                "leaf": leaf,
            }
        )
        if exchange is not None:
            self._follow(exchange, event.kind)
        return seq

    def flush(self) -> None:
        """Write the entries, the tree and its new head."""
        if not self._entries:
            return
        run = self.connection.execute
        run(_ADD_ENTRIES, self._entries)
        if self._opened:
            run(_ADD_PENDING, [{"exchange": x, "sent_at": t} for x, t in self._opened.items()])
        if self._ended:
            run(_END_PENDING, [{"ended": exchange} for exchange in self._ended])
        root = self._frontier.root()
        run(_ADD_HEAD, {"size": self.size, "root": root, "time": self.time})
        facts = self.facts
        run(
            _SET_STATE,
            {
                "size": self.size,
                "frontier": self._frontier.to_bytes(),
                "root": root,
                "policy": facts.policy.digest if facts.policy else None,
                "consents": facts.answers_version,
                "keys": facts.keys_version,
            },
        )

    def _salt(self) -> bytes:
        # Drawn many at once: each draw lets go of the interpreter, and other threads jump in.
        if not self._salts:
            self._salts = self.randomness.bytes(SALT_BYTES * _SALTS_AT_ONCE)
        salt, self._salts = self._salts[:SALT_BYTES], self._salts[SALT_BYTES:]
        return salt

    def _follow(self, exchange: str, kind: Kind) -> None:
        if kind is Kind.SENT:
            self._phases[exchange] = Phase.OPEN
            self._opened[exchange] = self.time
            return
        self._phases[exchange] = Phase.ENDED
        # Opened and ended within one batch: the row was never written.
        if self._opened.pop(exchange, None) is None:
            self._ended.append(exchange)

    def _read_phases(self, exchanges: Sequence[str]) -> dict[str, Phase]:
        phases: dict[str, Phase] = {}
        if not exchanges:
            return phases
        for exchange, kind in self.connection.execute(_PHASES, {"exchanges": exchanges}):
            if kind != Kind.SENT.value:
                phases[exchange] = Phase.ENDED
            else:
                phases.setdefault(exchange, Phase.OPEN)
        return phases
