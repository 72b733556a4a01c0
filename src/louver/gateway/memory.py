"""The store as the line waits for it: each write is awaited until it is durable."""

from __future__ import annotations

import asyncio

from louver.core.consent import ConsentKey, Consents
from louver.core.errors import Unauthenticated
from louver.core.events import Answered, Sent
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.store.store import Store


class Memory:
    """Awaitable views of a `Store`, whose writer thread answers with futures."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def authenticate(self, authorization: Sensitive[str] | None) -> Caller:
        """The caller behind an `Authorization: Bearer` header. Raises Unauthenticated."""
        scheme, _, secret = (authorization.reveal() if authorization else "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthenticated("send your Louver API key as `Authorization: Bearer lv_...`")
        return self._store.authenticate(Sensitive(secret.strip()))

    def consents(self) -> Consents:
        return self._store.consents()

    async def known_person(self, caller: Caller) -> str | None:
        """The internal id of the caller's person, if that person was ever seen; never a write."""
        if caller.person is None:
            return None
        recent = self._store.recent_person(caller.tenant, caller.person)
        if recent is not None:
            return recent
        return await asyncio.to_thread(self._store.known_person, caller.tenant, caller.person)

    async def person(self, caller: Caller) -> str | None:
        """The internal id of the caller's person, made at first sight."""
        if caller.person is None:
            return None
        return await asyncio.wrap_future(self._store.person(caller.tenant, caller.person))

    async def record_sent(self, event: Sent, consent: ConsentKey | None) -> None:
        """Durable before it returns. Raises Stale, ConsentRequired, Unavailable."""
        recorded = self._store.record_sent(event, policy=event.policy, consent=consent)
        await asyncio.wrap_future(recorded)

    async def record_answered(self, event: Answered) -> None:
        """Durable before it returns. Raises Unavailable."""
        await asyncio.wrap_future(self._store.record_answered(event))

    def record_answered_later(self, event: Answered) -> None:
        """Queue the record and do not wait; if it is lost, the sweeper says `interrupted`."""
        self._store.record_answered(event)
