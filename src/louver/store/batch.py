"""One commit batch: facts and ledger entries become durable together, or not at all.

While a batch is open it holds the ledger's lock, so what it checks stays true until it commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from louver.core.errors import Tampered
from louver.core.events import Answered, Event, Kind
from louver.core.seams import Clock, Randomness
from louver.crypto.commitments import SALT_BYTES, committed_leaf
from louver.crypto.merkle import Frontier
from louver.store.entries import Placed, encode, exchange_of
from louver.store.facts import Facts, State, read_facts
from louver.store.lane import Changes, EntryRow, Ground, Phase
from louver.store.usage import UsageRow, day_of

_SALTS_AT_ONCE = 64
_LATEST_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Tip:
    """What this process knows of the ledger's end; `state` and `frontier` belong together.

    Without a frontier, the next batch builds and checks it from the state that it reads. `used` is
    what API keys have used, as far as the last batch changed it; `open` are exchanges that are open
    in `state`, and at least those that were sent by this process since it last met another's entry.
    """

    facts: Facts
    state: State | None = None
    frontier: Frontier | None = None
    used: Sequence[UsageRow] = ()
    open: set[str] = field(default_factory=set)


class Batch:
    """A transaction on the ledger. `facts` are true in it, its own changes included.

    Operations replace `facts` as they go; `finish` writes what they added up to, and commits.
    `time` is the entries' time.
    """

    def __init__(
        self, ground: Ground, clock: Clock, randomness: Randomness, known: Tip, expected: int = 1
    ) -> None:
        """`expected`: about how many entries will come. Raises Tampered."""
        self.randomness = randomness
        self._ground = ground
        # After the lock, not before: waiting for it may outlast a consent.
        self.time = clock.now()
        self._clock = clock
        # Under the lock, another process may have appended since the last batch.
        self.before = ground.state
        self._alone = known.state == ground.state
        self._frontier = _frontier(ground.state, known)
        self.facts = known.facts
        if not self._alone:
            self.facts = read_facts(ground.connection, ground.state, known.facts)
        self._open = known.open if self._alone else set()
        self._entries: list[EntryRow] = []
        self._opened: dict[str, None] = {}
        self._ended: list[str] = []
        self._used: dict[str, UsageRow] = {}
        self._salts = b""
        self._salts_at_once = min(max(expected, 1), _SALTS_AT_ONCE)
        self._phases = dict(ground.phases)

    @property
    def connection(self) -> Connection:
        """For what is not hot: it makes sure that the lock is held."""
        return self._ground.connection

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
            self._ground.finish(None, self._in_time)
            return Tip(self.facts, self.before, self._frontier, (), self._open)
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
        opened = list(self._opened)
        changes = Changes(self.time, self._entries, opened, self._ended, used, self.before, state)
        totals = self._ground.finish(changes, self._in_time)
        self._open.difference_update(self._ended)
        self._open.update(opened)
        return Tip(facts, state, self._frontier, totals, self._open)

    def _in_time(self) -> bool:
        """Whether the entries' time is still now: what waits too long is built anew."""
        return self._clock.now() - self.time < _LATEST_SECONDS

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
        # A copy: a batch that comes to nothing must not have grown the one that is known.
        return Frontier(known.frontier.size, known.frontier.peaks)
    frontier = Frontier.from_bytes(state.size, state.frontier)
    if frontier.root() != state.root:
        raise Tampered("the ledger's edge does not lead to its root; it takes no more entries")
    return frontier
