"""The house: the only place where the parts are joined.

Nothing is global: a process can hold several houses, each with its own store, keys and policy.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from louver.core.encoding import canonical_json
from louver.core.errors import Invalid
from louver.core.exchanges import Exchange, Minimized
from louver.core.policy import Destination, Policy
from louver.core.seams import Clock, Randomness
from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys, load_or_create
from louver.crypto.randomness import SystemRandomness
from louver.crypto.sealing import open_sealed, seal
from louver.doors import plugins
from louver.doors.http.families import ANTHROPIC, OLLAMA, OPENAI
from louver.doors.settings.digest import canonical_policy
from louver.doors.settings.values import Detectors, Settings
from louver.gateway.ids import Ids
from louver.gateway.line import Line, Parts
from louver.gateway.memory import Memory
from louver.gateway.providers.interface import Provider
from louver.gateway.quotas import Quotas
from louver.gateway.readiness import Ready
from louver.gateway.reception import Desk, Reception
from louver.gateway.thinking import Seals
from louver.gateway.upstreams import Upstream, UpstreamRule, Upstreams
from louver.gateway.visit import Visit
from louver.gateway.wire.anthropic import Messages
from louver.gateway.wire.interface import Format
from louver.gateway.wire.ollama.formats import (
    OllamaChat,
    OllamaEmbed,
    OllamaEmbeddings,
    OllamaGenerate,
)
from louver.gateway.wire.openai_chat import OpenAIChat
from louver.gateway.wire.openai_completions import OpenAICompletions
from louver.gateway.wire.openai_embeddings import OpenAIEmbeddings
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
from louver.store.sweeper import Sweeper
from louver.store.usage import day_of
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


@dataclass(frozen=True, slots=True)
class Furnishing:
    """What the settings make; replaced as a whole when they change."""

    settings: Settings
    finder: Finder
    desk: Desk


class House:
    """One installation's services. Use it as a context manager, or call `close()`."""

    def __init__(self, settings: Settings, ground: Ground, seams: Seams) -> None:
        """Takes the parts; `build()` makes them."""
        self.store = ground.store
        self._ground = ground
        self._keys = ground.keys
        self._seams = seams
        self._memory = Memory(self.store)
        self._new_id = Ids(seams.clock, seams.randomness)
        self._furnishing = self._furnish(settings, None)
        self.reception = Reception(
            self._furnishing.desk,
            Quotas(seams.clock, self._used_today),
            self.store.halts,
            seams.clock,
            seams.watch,
        )
        self.ready = Ready(
            self._memory, lambda: self.line, lambda: self.reception.draining, seams.clock
        )
        self._sweeper = Sweeper(self.store, settings.store.sweep_after)

    @property
    def settings(self) -> Settings:
        """What this house was last furnished by."""
        return self._furnishing.settings

    @property
    def policy(self) -> Policy:
        """What its requests are decided by."""
        return self._furnishing.settings.policy

    @property
    def finder(self) -> Finder:
        """What looks at the text."""
        return self._furnishing.finder

    @property
    def line(self) -> Line:
        """What answers, without the reception's limits."""
        return self._furnishing.desk.line

    def refurnish(self, settings: Settings) -> Desk:
        """Make what `settings` say and put their policy in force; only then does it count here.

        The store and the keys stay as they are. Raises Invalid, Unavailable; then nothing changed.
        """
        furnishing = self._furnish(settings, self._furnishing)
        self._put_in_force(settings.policy)
        self._furnishing = furnishing
        return furnishing.desk

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

    def warm(self) -> None:
        """Load the models that the settings want at start. Raises Unavailable, with the reason."""
        for name, destination in self.policy.destinations.items():
            if destination.loading.at_start:
                self.line.upstreams[name].warm()

    def put_in_force(self) -> None:
        """Make this house's policy the one that every request on its store is decided by."""
        self._put_in_force(self.policy)

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

    def _put_in_force(self, policy: Policy) -> None:
        document = canonical_json(canonical_policy(policy))
        self.store.activate_policy(policy.digest, document).result()

    def _furnish(self, settings: Settings, before: Furnishing | None) -> Furnishing:
        """What the settings make; what is the same as `before` is used again."""
        if before is not None and before.settings.detectors == settings.detectors:
            finder = before.finder
        else:
            looking = (*detectors(settings.detectors), *self._seams.detectors)
            finder = Finder(looking, digest=self._keys.cache_digest)
        parts = Parts(
            policy=lambda: settings.policy,
            memory=self._memory,
            finder=finder,
            pseudonyms=self._pseudonyms,
            upstreams=_upstreams(settings, self._seams, before),
            clock=self._seams.clock,
            new_id=self._new_id,
            observe=self._seams.observe,
            formats=_formats(self._seams.clock),
            seals=Seals(self._keys, self._seams.randomness),
        )
        return Furnishing(settings, finder, Desk(Line(parts), settings.limits))

    def _used_today(self, key: str) -> int:
        return self.store.usage(key, day_of(self._seams.clock.now())).tokens

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


def _upstreams(settings: Settings, seams: Seams, before: Furnishing | None) -> Upstreams:
    """A client for each destination; one that did not change keeps its connections and state.

    Raises Invalid.
    """
    made: dict[str, Upstream] = {}
    for name, destination in settings.policy.destinations.items():
        rule = settings.upstreams.get(name, UpstreamRule())
        if before is not None and before.settings.policy.destinations.get(name) == destination:
            known = before.desk.line.upstreams[name]
            if before.settings.upstreams.get(name, UpstreamRule()) == rule:
                made[name] = known
                continue
        provider = seams.providers.get(name) or _provider(destination, seams)
        made[name] = Upstream(provider, rule, seams.clock, seams.randomness)
    return Upstreams(made)


def _formats(clock: Clock) -> dict[str, Format]:
    """Every wire format that is spoken, by the name that routes use."""
    return {
        "openai.chat": OpenAIChat(OPENAI.error),
        "anthropic.messages": Messages(ANTHROPIC.error),
        "openai.completions": OpenAICompletions(OPENAI.error),
        "openai.embeddings": OpenAIEmbeddings(OPENAI.error),
        "ollama.chat": OllamaChat(clock, OLLAMA.error),
        "ollama.generate": OllamaGenerate(clock, OLLAMA.error),
        "ollama.embed": OllamaEmbed(clock, OLLAMA.error),
        "ollama.embeddings": OllamaEmbeddings(clock, OLLAMA.error),
    }


def _provider(destination: Destination, seams: Seams) -> Provider:
    variable = destination.key_variable
    key = os.environ.get(variable) if variable else None
    return plugins.provider(destination, Sensitive(key) if key else None, seams.clock)
