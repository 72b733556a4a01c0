"""The house: the only place where the parts are joined.

Nothing is global: a process can hold several houses, each with its own store, keys and policy.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from louver.core.encoding import canonical_json
from louver.core.errors import Invalid, Unavailable
from louver.core.exchanges import Exchange, Minimized
from louver.core.policy import Destination
from louver.core.seams import Clock, Randomness
from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys, load_or_create
from louver.crypto.randomness import SystemRandomness
from louver.crypto.sealing import open_sealed, seal
from louver.doors import plugins
from louver.doors.http.families import ANTHROPIC, OPENAI
from louver.doors.settings.digest import canonical_policy
from louver.doors.settings.values import Detectors, Settings
from louver.gateway.line import Line, Parts
from louver.gateway.memory import Memory
from louver.gateway.providers.interface import Provider
from louver.gateway.thinking import Seals
from louver.gateway.wire.anthropic import CountTokens, Messages
from louver.gateway.wire.openai_chat import OpenAIChat
from louver.minimize.detectors.dictionary import DictionaryDetector, DictionaryEntry
from louver.minimize.finder import Finder
from louver.minimize.interface import Detector
from louver.minimize.protect import Protected, dump_values, load_values, protect
from louver.minimize.pseudonyms import Pseudonyms, scope_of
from louver.minimize.restore import restore_text
from louver.store.database import Database, open_database, open_for_reading
from louver.store.ledger import read_head
from louver.store.migrations import migrate
from louver.store.store import Store
from louver.store.verify import Report, verify

_MAP = b"louver/map/v1"


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
    """What tests and the demo replace; `providers` by destination name, before the plugins."""

    clock: Clock = field(default_factory=SystemClock)
    randomness: Randomness = field(default_factory=SystemRandomness)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    detectors: tuple[Detector, ...] = ()
    observe: Callable[[Minimized, Destination], None] = _unseen


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


class House:
    """One installation's services. Use it as a context manager, or call `close()`."""

    def __init__(self, settings: Settings, ground: Ground, seams: Seams) -> None:
        """Takes the parts; `build()` makes them."""
        self.settings = settings
        self.policy = settings.policy
        self.store = ground.store
        self._ground = ground
        self._keys = ground.keys
        self._seams = seams
        self.finder = Finder(
            (*detectors(settings.detectors), *seams.detectors), digest=self._keys.cache_digest
        )
        self.line = Line(
            Parts(
                policy=lambda: self.policy,
                memory=Memory(self.store),
                finder=self.finder,
                pseudonyms=self._pseudonyms,
                providers=providers(settings, seams),
                clock=seams.clock,
                new_id=_Ids(seams.randomness),
                observe=seams.observe,
                formats={
                    "openai.chat": OpenAIChat(OPENAI.error),
                    "anthropic.messages": Messages(ANTHROPIC.error),
                    "anthropic.count_tokens": CountTokens(),
                },
                seals=Seals(self._keys, seams.randomness),
            )
        )
        self._sweeper = _Sweeper(self.store, settings.store.sweep_after)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish what was taken, then release the store."""
        self._sweeper.stop()
        self._ground.close()

    def put_in_force(self) -> None:
        """Make this house's policy the one that every request on its store is decided by."""
        document = canonical_json(canonical_policy(self.policy))
        self.store.activate_policy(self.policy.digest, document).result()

    def put_in_force_if_none_is(self) -> None:
        """For a house that may be the first on its store, and must not overrule another."""
        if self.store.active_policy() is None:
            self.put_in_force()

    def protect(
        self, text: str, *, conversation: str | None = None, tenant: str = "default"
    ) -> Protected:
        """`text` without its values. Placeholders are the same within one `conversation`.

        Without a conversation, no two calls share placeholders. Raises Refused, DetectorFailed.
        """
        scope = scope_of(
            self._keys,
            tenant,
            person=None,
            conversation=Sensitive(conversation) if conversation else None,
            opening=None,
            request_id=self._seams.randomness.bytes(16).hex(),
        )
        return protect(text, self.finder, self.policy, Pseudonyms(self._keys, scope))

    def restore(self, text: str, values: Mapping[str, Sensitive[str]]) -> str:
        """`text` with the placeholders of `values` put back; nothing else is touched."""
        return restore_text(text, values, link_hosts=self.policy.link_hosts)

    def seal_map(self, values: Mapping[str, Sensitive[str]]) -> bytes:
        """`values` for a file, readable only with this installation's key."""
        return seal(self._keys.map_key, dump_values(values), _MAP, self._seams.randomness)

    def open_map(self, sealed: bytes) -> Mapping[str, Sensitive[str]]:
        """The reverse of `seal_map`. Raises Tampered."""
        return load_values(open_sealed(self._keys.map_key, sealed, _MAP))

    def _pseudonyms(self, exchange: Exchange) -> Pseudonyms:
        caller = exchange.caller
        scope = scope_of(
            self._keys,
            tenant=caller.tenant,
            person=caller.person,
            conversation=exchange.conversation,
            opening=exchange.opening,
            request_id=exchange.id,
        )
        return Pseudonyms(self._keys, scope)


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


def build(settings: Settings, seams: Seams | None = None, *, in_force: bool = True) -> House:
    """Join the parts: keys, migrated store, detectors, providers; put the policy in force.

    A house that is not `in_force` looks and explains, and leaves decisions to the one that is.
    Raises Invalid for settings that name what is not installed; Unavailable where the key file or
    the store cannot be opened.
    """
    seams = seams or Seams()
    ground = lay_ground(settings, seams)
    try:
        house = House(settings, ground, seams)
        if in_force:
            house.put_in_force()
        return house
    except BaseException:  # Whatever it was, no writer thread is left behind.
        ground.close()
        raise


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Only the store, to look after keys and consents. Raises Invalid, Unavailable."""
    with closing(lay_ground(settings)) as ground:
        yield ground.store


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


def detectors(wanted: Detectors) -> tuple[Detector, ...]:
    """The detectors that the settings name. Raises Invalid; an empty house finds nothing."""
    found = [plugins.detector(name) for name in wanted.names]
    if wanted.dictionary:
        entries = [DictionaryEntry(t.term, t.category) for t in wanted.dictionary]
        found.append(DictionaryDetector(entries))
    return tuple(found)


def providers(settings: Settings, seams: Seams) -> dict[str, Provider]:
    """A client for each destination. Raises Invalid."""
    made: dict[str, Provider] = dict(seams.providers)
    for name, destination in settings.policy.destinations.items():
        if name not in made:
            variable = destination.key_variable
            key = os.environ.get(variable) if variable else None
            made[name] = plugins.provider(destination, Sensitive(key) if key else None, seams.clock)
    return made


class _Ids:
    """Unguessable ids, drawn many at once: each draw lets go of the interpreter."""

    _BYTES, _AT_ONCE = 12, 64

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._drawn: list[str] = []

    def __call__(self) -> str:
        try:
            return self._drawn.pop()
        except IndexError:  # Threads may come here together; each takes from its own draw first.
            fresh = self._randomness.bytes(self._BYTES * self._AT_ONCE).hex()
            size = 2 * self._BYTES
            ids = [f"ex-{fresh[at : at + size]}" for at in range(0, len(fresh), size)]
            self._drawn += ids[1:]
            return ids[0]


class _Sweeper:
    """Marks exchanges whose end nobody will record; runs at start and then once in a while."""

    def __init__(self, store: Store, age: float) -> None:
        self._store = store
        self._age = age
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="louver-sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with suppress(Unavailable):  # The next round sweeps what this one could not.
                self._store.sweep(self._age)
            if self._stopped.wait(self._age):
                return
