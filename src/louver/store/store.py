"""The store's one face: record exchanges, change facts, read the ledger; thread-safe, never async.

Whatever changes something returns a future that resolves once the change is durable.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from louver.core.consent import Consent, ConsentKey, Consents, ConsentState
from louver.core.errors import Invalid
from louver.core.events import Answered, Sent
from louver.core.halts import Halt, Halts
from louver.core.identity import Caller
from louver.core.seams import Clock, Randomness
from louver.core.sensitive import Sensitive
from louver.store import consenting, exchanges, halting, persons, rules, vault
from louver.store.entries import Entry, Position
from louver.store.facts import ActivePolicy, KeyRecord
from louver.store.ledger import TreeHead, read_entries, read_head
from louver.store.usage import Usage, find_usage
from louver.store.vault import KeptResponse, Owner
from louver.store.writer import Reply, Writer

_LONGEST_NAME = 256


class Store:
    """The memory of one gateway process, beside any others on the same database.

    Assumes a migrated database and a `randomness` that several threads may use. Futures fail with
    Unavailable (`store_full`, `store_lost`, `store_busy`) when nothing was recorded.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        randomness: Randomness,
        person_digest: Callable[[str, str], bytes],
        *,
        refresh: float = 0.25,
    ) -> None:
        """`person_digest`: a keyed function of tenant and the application's own id of a person.

        `refresh`: seconds after which an idle process sees what others changed. Raises Unavailable.
        """
        self._engine = engine
        self._clock = clock
        self._digest = person_digest
        self._recent = persons.RecentPersons()
        self._writer = Writer(engine, clock, randomness, refresh=refresh)

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
        """Finish what was taken, then take nothing more; the engine stays its owner's."""
        self._writer.close()

    # Exchanges

    def record_sent(
        self,
        event: Sent,
        *,
        policy: str,
        consent: ConsentKey | None,
        halts: tuple[Halt, ...] = (),
    ) -> Future[Position]:
        """Record that a request is about to leave, if `policy` and `consent` still stand.

        `halts`: what it depends on not being halted. The future fails with Stale (decide again),
        Halted, ConsentRequired or Invalid: nothing may leave.
        """
        operation = partial(
            exchanges.record_sent, event=event, policy=policy, consent=consent, halts=halts
        )
        return self._writer.submit_entry(operation, event.exchange, opens=True)

    def record_answered(self, event: Answered) -> Future[int]:
        """Record an exchange's end, and what it used. Fails with Invalid if it is not open."""
        operation = partial(exchanges.record_answered, event=event)
        return self._writer.submit(operation, event.exchange)

    def post_sent(
        self, event: Sent, consent: ConsentKey | None, halts: tuple[Halt, ...], reply: Reply
    ) -> None:
        """`record_sent` for an event loop: the outcome is a Position, or the error as a value.

        Raises Unavailable at once where the store takes nothing more.
        """
        operation = partial(
            exchanges.record_sent, event=event, policy=event.policy, consent=consent, halts=halts
        )
        self._writer.post(operation, event.exchange, reply, opens=True)

    def post_answered(self, event: Answered, reply: Reply) -> None:
        """`record_answered` for an event loop; the outcome is an int, or the error as a value."""
        operation = partial(exchanges.record_answered, event=event)
        self._writer.post(operation, event.exchange, reply, opens=False)

    def sweep(self, older_than: float) -> int:
        """Record `interrupted` for exchanges sent `older_than` seconds ago that never ended.

        Choose more than the longest answer may take: an exchange given up cannot end any more.
        Kept responses that have expired are removed too. Returns the number of interrupted ones.
        """
        while self._writer.submit(vault.expire).result():
            pass
        total = 0
        while True:
            swept = self._writer.submit(partial(exchanges.sweep, older_than=older_than)).result()
            total += swept
            if swept < exchanges.SWEPT_AT_ONCE:
                return total

    # People and consents

    def person(self, tenant: str, external: Sensitive[str]) -> Future[str]:
        """Louver's id for the application's `external` one, made at first sight."""
        digest = self._digest(tenant, _person_id(external))
        known = self._recent.get(digest)
        if known is not None:
            ready: Future[str] = Future()
            ready.set_result(known)
            return ready
        _require_name(tenant)
        future = self._writer.submit(partial(persons.person, tenant=tenant, digest=digest))
        future.add_done_callback(partial(self._remember, digest))
        return future

    def recent_person(self, tenant: str, external: Sensitive[str]) -> str | None:
        """Louver's id for `external` if it was seen lately; never waits for the database."""
        return self._recent.get(self._digest(tenant, _person_id(external)))

    def known_person(self, tenant: str, external: Sensitive[str]) -> str | None:
        """Louver's id for `external`, or None if it was never seen. Raises Unavailable."""
        digest = self._digest(tenant, _person_id(external))
        known = self._recent.get(digest) or persons.find_person(self._engine, digest)
        if known is not None:
            self._recent.put(digest, known)
        return known

    def set_consent(
        self, key: ConsentKey, state: ConsentState, expires: float | None = None
    ) -> Future[int]:
        """Record a person's answer; `consents()` shows it before the future resolves.

        The future fails with Invalid for a step that the states do not have.
        """
        for name in (key.tenant, key.person, key.purpose, key.recipient):
            _require_name(name)
        operation = partial(consenting.set_consent, key=key, state=state, expires=expires)
        return self._writer.submit(operation)

    def consents(self) -> Consents:
        """The snapshot to decide by; `record_sent` checks again."""
        return self._writer.facts.consents

    def list_consents(self, tenant: str, person: str | None = None) -> tuple[Consent, ...]:
        """A tenant's recorded answers, or one person's, by person, purpose and recipient."""
        answers = self.consents().answers.values()
        wanted = [
            answer
            for answer in answers
            if answer.key.tenant == tenant and person in (None, answer.key.person)
        ]
        return tuple(sorted(wanted, key=lambda a: (a.key.person, a.key.purpose, a.key.recipient)))

    # Halts

    def halt(self, halt: Halt, because: str) -> Future[int]:
        """Stop something everywhere; `halts()` shows it before the future resolves.

        Once it has resolved, no process records anything as sent that depends on it.
        """
        _require_name(halt.name)
        halting.require_word(because)
        return self._writer.submit(partial(halting.set_halt, halt=halt, because=because))

    def resume(self, halt: Halt, because: str = "resumed") -> Future[int]:
        """Let it go on. The future fails with Invalid for what is not halted."""
        halting.require_word(because)
        return self._writer.submit(partial(halting.resume, halt=halt, because=because))

    def halts(self) -> Halts:
        """The snapshot to decide by; `record_sent` checks again."""
        return self._writer.facts.halts

    # Policy and keys

    def activate_policy(self, digest: str, document: bytes) -> Future[int]:
        """Put a policy in force; doing it again changes nothing."""
        _require_name(digest)
        return self._writer.submit(
            partial(rules.activate_policy, digest_=digest, document=document)
        )

    def active_policy(self) -> ActivePolicy | None:
        """The policy in force, as far as this process knows; `record_sent` checks again."""
        return self._writer.facts.policy

    def create_key(self, tenant: str, application: str) -> Future[Sensitive[str]]:
        """Make an API key; its text is shown this once."""
        _require_name(tenant)
        _require_name(application)
        operation = partial(rules.create_key, tenant=tenant, application=application)
        return self._writer.submit(operation)

    def revoke_key(self, key: str) -> Future[int]:
        """Revoke by public id. The future fails with Invalid for an unknown or revoked key."""
        return self._writer.submit(partial(rules.revoke_key, id_=key))

    def list_keys(self) -> tuple[KeyRecord, ...]:
        """All keys, revoked ones too, oldest first."""
        return tuple(sorted(self._writer.facts.keys.values(), key=lambda k: (k.created, k.id)))

    def authenticate(self, secret: Sensitive[str]) -> Caller:
        """The application behind an API key. Raises Unauthenticated."""
        return rules.authenticate(self._writer.facts, secret)

    def usage(self, key: str, day: str) -> Usage:
        """What a key (its public id) has used on a day (UTC, see `day_of`).

        From memory for today and yesterday; other processes' share is there within `refresh`.
        """
        known = self._writer.usages.find(day, key)
        return find_usage(self._engine, day, key) if known is None else known

    # The vault

    def content_salt(self, owner: Owner) -> Future[bytes]:
        """What the key of an owner's content derives from, made at first sight."""
        _require_name(owner.tenant)
        _require_name(owner.name)
        return self._writer.submit(partial(vault.salt, owner=owner))

    def keep_response(self, kept: KeptResponse) -> Future[Position]:
        """Keep sealed content until it expires.

        The future fails with KeyDestroyed if its salt is no longer the owner's.
        """
        _require_name(kept.tenant)
        _require_name(kept.application)
        return self._writer.submit_entry(partial(vault.keep, kept=kept))

    def response(self, id_: bytes, tenant: str, application: str) -> KeptResponse | None:
        """What this application kept under `id_`, unless it has expired. Raises Unavailable."""
        return vault.find(self._engine, id_, tenant, application, self._clock.now())

    def forget_response(self, id_: bytes, tenant: str, application: str) -> Future[bool]:
        """Erase one kept response; False if there is none."""
        operation = partial(vault.forget, id_=id_, tenant=tenant, application=application)
        return self._writer.submit(operation)

    def forget_responses(self, tenant: str, person: str) -> Future[int]:
        """Erase all that is kept of a person (Louver's id) and destroy its key; how many."""
        return self._writer.submit(partial(vault.forget_person, tenant=tenant, person=person))

    # The ledger

    def entries(
        self, after: int = 0, limit: int = 1000, exchange: str | None = None
    ) -> list[Entry]:
        """Entries with a seq above `after`, in order. Raises Unavailable."""
        return read_entries(self._engine, after, limit, exchange)

    def size(self) -> int:
        """The number of entries. Raises Unavailable."""
        return self.head().size

    def head(self) -> TreeHead:
        """The newest tree head. Raises Unavailable."""
        return read_head(self._engine)

    def _remember(self, digest: bytes, future: Future[str]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._recent.put(digest, future.result())


def _person_id(external: Sensitive[str]) -> str:
    """One spelling per person, whichever door it came through. Raises Invalid."""
    text = external.reveal().strip()
    if not 0 < len(text) <= _LONGEST_NAME:
        raise Invalid("a person's id has 1 to 256 characters", code="invalid_person")
    return text


def _require_name(name: str) -> None:
    """Names become columns: PostgreSQL stores no NUL, and neither store takes lone surrogates."""
    surrogate = any("\ud800" <= character <= "\udfff" for character in name)
    if not 0 < len(name) <= _LONGEST_NAME or "\x00" in name or surrogate:
        raise Invalid("a name is 1 to 256 characters of plain text", code="invalid_name")
