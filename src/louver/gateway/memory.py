"""The store as the line waits for it: each write is awaited until it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from louver.core.consent import ConsentKey, Consents
from louver.core.errors import LouverError, Unauthenticated
from louver.core.events import Answered, Sent
from louver.core.halts import Halt, Halts
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.store.entries import Position
from louver.store.store import Store
from louver.store.usage import Usage
from louver.store.vault import KeptResponse, Owner
from louver.store.writer import Reply, Settled


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

    def halts(self) -> Halts:
        return self._store.halts()

    async def answers(self) -> None:
        """Ask the database for something small. Raises Unavailable."""
        await asyncio.to_thread(self._store.head)

    def policy_in_force(self) -> str | None:
        """The digest of the policy that the store goes by, as far as this process knows."""
        active = self._store.active_policy()
        return None if active is None else active.digest

    def usage(self, key: str, day: str) -> Usage:
        """What an API key has used on a day (UTC, see `louver.store.usage.day_of`)."""
        return self._store.usage(key, day)

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

    async def record_sent(
        self, event: Sent, consent: ConsentKey | None, halts: tuple[Halt, ...] = ()
    ) -> Position:
        """Durable before it returns. Raises Stale, Halted, ConsentRequired, Unavailable."""
        waiter: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        self._store.post_sent(event, consent, halts, Reply(waiter, _deliver))
        return await waiter

    async def content_salt(self, owner: Owner) -> bytes:
        """What the key of an owner's content derives from, made at first sight."""
        return await asyncio.wrap_future(self._store.content_salt(owner))

    async def keep_response(self, kept: KeptResponse) -> Position:
        """Durable before it returns. Raises KeyDestroyed, Unavailable."""
        return await asyncio.wrap_future(self._store.keep_response(kept))

    async def response(self, id_: bytes, caller: Caller) -> KeptResponse | None:
        """What the caller's application kept under `id_`, unless it has expired."""
        find = self._store.response
        return await asyncio.to_thread(find, id_, caller.tenant, caller.application)

    async def forget_response(self, id_: bytes, caller: Caller) -> bool:
        """Erase it; False if there is none."""
        forgotten = self._store.forget_response(id_, caller.tenant, caller.application)
        return await asyncio.wrap_future(forgotten)

    async def record_answered(self, event: Answered) -> None:
        """Durable before it returns. Raises Unavailable."""
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._store.post_answered(event, Reply(waiter, _deliver))
        await waiter

    def record_answered_later(self, event: Answered) -> None:
        """Queue the record and do not wait; if it is lost, the sweeper says `interrupted`."""
        self._store.record_answered(event)


def _deliver(settled: Sequence[Settled]) -> None:
    """From the writer's thread to the event loops: each is woken once per batch."""
    loop = settled[0].waiter.get_loop()
    own = [one for one in settled if one.waiter.get_loop() is loop]
    with suppress(RuntimeError):  # A loop that was closed: nobody waits on it any more.
        loop.call_soon_threadsafe(_hand_out, own)
    if len(own) < len(settled):
        _deliver([one for one in settled if one.waiter.get_loop() is not loop])


def _hand_out(settled: Sequence[Settled]) -> None:
    for waiter, outcome in settled:
        if waiter.done():  # Its task was canceled after the batch had begun.
            continue
        if isinstance(outcome, LouverError):
            waiter.set_exception(outcome)
        else:
            waiter.set_result(outcome)
