"""What the store's tests share: clock and randomness that repeat, and a made-up helpdesk."""

from __future__ import annotations

import random
import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from louver.core.consent import ConsentKey, ConsentState
from louver.core.events import Answered, Sent
from louver.core.exchanges import Outcome
from louver.core.sensitive import Sensitive
from louver.crypto.merkle import leaf_hash
from louver.store.database import open_database
from louver.store.migrations import migrate
from louver.store.store import Store
from louver.store.vault import KeptResponse, owner_of

POLICY = "a1" * 32
TENANT = "northwind"
START = 1_800_000_000.0


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


class Seeded:
    """Repeatable bytes, for several threads."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def bytes(self, length: int) -> bytes:
        with self._lock:
            return self._random.randbytes(length)


def person_digest(tenant: str, external: str) -> bytes:
    """Stands in for the keyed function; any injective one does here."""
    return leaf_hash(f"{tenant}\0{external}".encode("utf-8", "surrogatepass"))


def sent(exchange: str, *, person: str | None = None, remote: bool = False) -> Sent:
    return Sent(
        exchange=exchange,
        tenant=TENANT,
        application="helpdesk",
        person=person,
        purpose="assistance",
        destination="elsewhere" if remote else "here",
        remote=remote,
        policy=POLICY,
        mode="standard",
        counts={"person.name": 2, "contact.email": 1},
        because=("+mode", "+purpose", "+categories", "+local"),
    )


def answered(exchange: str, key: str | None = None, tokens: int = 0) -> Answered:
    return Answered(
        exchange, Outcome.ANSWERED, 200, 3, {"find": 2, "ask": 840}, key, tokens_in=tokens
    )


class Desk:
    """One database, migrated, and any number of stores on it, as replicas would be."""

    def __init__(self, url: str, *, refresh: float = 0.02) -> None:
        self.url = url
        self.clock = Clock()
        self._refresh = refresh
        self._opened = 0
        self._stack = ExitStack()
        self.engine = self._engine()
        migrate(self.engine)
        self.store = self.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def open(self) -> Store:
        """Another store, with its own connections, as another process has."""
        self._opened += 1
        engine = self.engine if self._opened == 1 else self._engine()
        store = Store(
            engine, self.clock, Seeded(self._opened), person_digest, refresh=self._refresh
        )
        self._stack.callback(store.close)
        return store

    def _engine(self) -> Engine:
        engine = open_database(self.url)
        self._stack.callback(engine.dispose)
        return engine

    def activate(self, digest: str = POLICY) -> None:
        self.store.activate_policy(digest, b"the policy's document").result()

    def consented(self, name: str = "person-1", recipient: str = "Elsewhere Inc.") -> ConsentKey:
        """A person who has agreed."""
        person = self.store.person(TENANT, Sensitive(name)).result()
        key = ConsentKey(TENANT, person, "assistance", recipient)
        self.store.set_consent(key, ConsentState.GIVEN).result()
        return key

    def keep(self, name: str, person: str | None = None, *, seconds: float = 60) -> KeptResponse:
        """Keep one response; its sealed bytes stand in for what a gateway would have sealed."""
        salt = self.store.content_salt(owner_of(TENANT, "helpdesk", person)).result()
        kept = KeptResponse(
            leaf_hash(name.encode()),
            TENANT,
            "helpdesk",
            person,
            self.clock.now() + seconds,
            b"sealed " + name.encode(),
            salt,
        )
        self.store.keep_response(kept).result()
        return kept

    def send(self, exchange: str, store: Store | None = None) -> int:
        """Record one local exchange as sent."""
        chosen = store or self.store
        return chosen.record_sent(sent(exchange), policy=POLICY, consent=None).result().seq
