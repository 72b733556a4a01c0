"""What a house stands on, its keys and its store, and what can be asked of those alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from louver.core import receipts
from louver.core.errors import Invalid
from louver.core.exchanges import Minimized
from louver.core.policy import Destination
from louver.core.receipts import Receipt
from louver.core.seams import Clock, Randomness
from louver.crypto.keys import Keys, load, load_or_create
from louver.crypto.randomness import SystemRandomness
from louver.crypto.signing import PublicKey, SigningKey
from louver.doors.settings.values import Settings
from louver.gateway.providers.interface import Provider
from louver.gateway.visit import Visit
from louver.minimize.interface import Detector
from louver.store.database import Database, open_database, open_for_reading
from louver.store.ledger import read_head
from louver.store.migrations import migrate
from louver.store.proofs import Proof, prove_recorded
from louver.store.store import Store
from louver.store.verify import Report, verify


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def _unseen(_minimized: Minimized, _destination: Destination) -> None:
    """Nobody looks at what leaves, unless asked to (the demo does)."""


@dataclass(frozen=True, slots=True)
class Seams:
    """What tests and the demo replace; `providers` by destination name, before the plugins.

    `watch` is told of each request when it is over.
    """

    clock: Clock = field(default_factory=SystemClock)
    randomness: Randomness = field(default_factory=SystemRandomness)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    detectors: tuple[Detector, ...] = ()
    observe: Callable[[Minimized, Destination], None] = _unseen
    watch: tuple[Callable[[Visit], None], ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What a house stands on: keys, and a migrated store."""

    keys: Keys
    engine: Database
    store: Store

    def close(self) -> None:
        """Finish what was taken, then let the database go."""
        self.store.close()
        self.engine.dispose()


def lay_ground(settings: Settings, seams: Seams | None = None) -> Ground:
    """Keys and a migrated store. Raises Invalid, Unavailable."""
    seams = seams or Seams()
    key_file = settings.store.key_file
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_database(settings.store.url)
    migrate(engine)
    if not key_file.exists() and read_head(engine).size > 0:
        engine.dispose()
        raise Invalid(
            "the store has entries and its key file is missing; restore it from a backup: with a "
            "new key, nobody's consents and placeholders would be found again",
            code="invalid_key_file",
        )
    keys = load_or_create(key_file, seams.randomness)
    return Ground(keys, engine, Store(engine, seams.clock, seams.randomness, keys.person_digest))


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Only the store, to look after keys and consents. Raises Invalid, Unavailable."""
    with closing(lay_ground(settings)) as ground:
        yield ground.store


def receipt_key(settings: Settings) -> PublicKey:
    """What this installation's receipts are checked with. Raises Invalid, Unavailable."""
    return SigningKey(load(settings.store.key_file).receipt_seed, receipts.TYPE).public


def recorded(settings: Settings, receipt: Receipt) -> Proof:
    """That the ledger holds what `receipt` says. Raises Tampered, Unavailable."""
    with opened_ledger(settings) as engine:
        return prove_recorded(engine, receipt)


def verified(settings: Settings, progress: Callable[[int, int], None] | None = None) -> Report:
    """Verify the ledger of an installation. Raises Tampered, Unavailable."""
    with opened_ledger(settings) as engine:
        return verify(engine, progress)


@contextmanager
def opened_ledger(settings: Settings) -> Iterator[Database]:
    """The database to look at: nothing is made, migrated or written. Raises Unavailable."""
    engine = open_for_reading(settings.store.url)
    try:
        yield engine
    finally:
        engine.dispose()
