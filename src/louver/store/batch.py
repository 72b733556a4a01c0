"""One commit batch: facts and ledger entries become durable together, or not at all.

While a batch is open it holds the ledger's lock, so what it checks stays true until it commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from louver.core.errors import Tampered
from louver.core.events import Answered, Event, Kind
from louver.core.seams import Clock, Randomness
from louver.crypto.commitments import SALT_BYTES, committed_leaf
from louver.crypto.merkle import Frontier
from louver.store.entries import Placed, encode, exchange_of
from louver.store.facts import Facts, State, read_facts
from louver.store.lane import Changes, EntryRow, Opened
from louver.store.usage import UsageRow, day_of


class Phase(Enum):
    """Where an exchange stands in the ledger."""

    UNKNOWN = "unknown"
    OPEN = "open"  # sent, and its end is not yet recorded
    ENDED = "ended"


_SALTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Tip:
    """What this process knows of the ledger's end; `state` and `frontier` belong together.

    Without a frontier, the next batch builds and checks it from the state that it reads. `used` is
    what API keys have used, as far as the last batch changed it.
    """

    facts: Facts
    state: State | None = None
    frontier: Frontier | None = None
    used: Sequence[UsageRow] = ()


class Batch:
    """An open transaction on the ledger. `facts` are true in it, its own changes included.

    Operations replace `facts` as they go; `finish` writes what they added up to, and commits.
    `time` is the entries' time.
    """

    def __init__(
        self, opened: Opened, clock: Clock, randomness: Randomness, known: Tip, expected: int = 1
    ) -> None:
        """`expected`: about how many entries will come. Raises Tampered."""
        self.connection = opened.connection
        self.randomness = randomness
        self._opened_on = opened
        # After the lock, not before: waiting for it may outlast a consent.
        self.time = clock.now()
        # Read under the lock: another process may have appended since the last batch.
        self.before = opened.state
        self._frontier = _frontier(opened.state, known)
        self.facts = read_facts(opened.connection, opened.state, known.facts)
        self._entries: list[EntryRow] = []
        self._opened: dict[str, None] = {}
        self._ended: list[str] = []
        self._used: dict[str, UsageRow] = {}
        self._salts = b""
        self._salts_at_once = min(max(expected, 1), _SALTS_AT_ONCE)
        self._phases = _phases(opened.phases)

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
        kind = event.kind.value
        self._entries.append((seq, kind, self.time, exchange, payload, salt, leaf))
        if exchange is not None:
            self._follow(exchange, event.kind)
        return seq

    def append_placed(self, event: Event) -> Placed:
        """Add an entry and return where it stands. Raises Invalid, then nothing was added."""
        return Placed(self.append(event), self._entries[-1][-1])

    def count_usage(self, event: Answered, seq: int) -> None:
        """Add what the answer used to its key's day."""
        if event.key is None:
            return
        before = self._used.get(event.key)
        tokens, requests = (0, 0) if before is None else (before.tokens, before.requests)
        tokens += event.tokens_in + event.tokens_out
        day = day_of(self.time) if before is None else before.day
        self._used[event.key] = UsageRow(day, event.key, tokens, requests + 1, seq)

    def finish(self) -> Tip:
        """Write the entries, the tree and its new head, and commit; what is known after that."""
        if not self._entries:
            self._opened_on.finish(None)
            return Tip(self.facts, self.before, self._frontier)
        facts = self.facts
        state = State(
            self.size,
            self._frontier.to_bytes(),
            self._frontier.root(),
            facts.policy.digest if facts.policy else None,
            facts.answers_version,
            facts.keys_version,
            facts.halts.version,
        )
        # In one order in every process, as each row is locked.
        used = [self._used[key] for key in sorted(self._used)]
        totals = self._opened_on.finish(
            Changes(self.time, self._entries, list(self._opened), self._ended, used, state)
        )
        return Tip(facts, state, self._frontier, totals)

    def _salt(self) -> bytes:
        # Drawn many at once: each draw lets go of the interpreter, and other threads jump in.
        if not self._salts:
            self._salts = self.randomness.bytes(SALT_BYTES * self._salts_at_once)
        salt, self._salts = self._salts[:SALT_BYTES], self._salts[SALT_BYTES:]
        return salt

    def _follow(self, exchange: str, kind: Kind) -> None:
        if kind is Kind.SENT:
            self._phases[exchange] = Phase.OPEN
            self._opened[exchange] = None
            return
        self._phases[exchange] = Phase.ENDED
        # Opened and ended within one batch: the row was never written.
        if exchange in self._opened:
            del self._opened[exchange]
        else:
            self._ended.append(exchange)


def _frontier(state: State, known: Tip) -> Frontier:
    """The tree's edge at `state`; nobody having appended since, it is the one that is known."""
    if known.frontier is not None and known.state == state:
        return known.frontier
    frontier = Frontier.from_bytes(state.size, state.frontier)
    if frontier.root() != state.root:
        raise Tampered("the ledger's edge does not lead to its root; it takes no more entries")
    return frontier


def _phases(rows: Sequence[tuple[str, str]]) -> dict[str, Phase]:
    phases: dict[str, Phase] = {}
    for exchange, kind in rows:
        if kind != Kind.SENT.value:
            phases[exchange] = Phase.ENDED
        else:
            phases.setdefault(exchange, Phase.OPEN)
    return phases
