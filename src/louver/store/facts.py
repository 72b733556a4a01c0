"""The facts that decisions rest on, in memory: an immutable snapshot, replaced as a whole.

A snapshot may be a moment old on a replica; what guarantees is the check inside the commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, select

from louver.core.consent import Consent, ConsentKey, Consents, ConsentState
from louver.core.errors import Unavailable
from louver.core.halts import Halt, HaltKind, Halts, HaltState, Standing
from louver.store.schema import api_keys, consents, halts, ledger_state, policies


@dataclass(frozen=True, slots=True)
class State:
    """The ledger's one row: its tree, the active policy, the entries that last changed facts."""

    size: int
    frontier: bytes
    root: bytes
    policy: str | None
    consents: int
    keys: int
    halts: int


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """The policy in force, its document as it was activated, and the entry that says so."""

    digest: str
    document: bytes
    activated: float
    seq: int


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of an API key; times in seconds since the epoch."""

    id: str
    digest: bytes = field(repr=False)
    tenant: str
    application: str
    created: float
    revoked: float | None


class Answers(Mapping[ConsentKey, Consent]):
    """An immutable map that takes one more answer without copying all the others.

    Late answers lie in a small layer above the rest; a full layer is merged.
    """

    __slots__ = ("_late", "_rest")

    def __init__(
        self, rest: dict[ConsentKey, Consent], late: dict[ConsentKey, Consent] | None = None
    ) -> None:
        self._rest = rest
        self._late = late or {}

    def __getitem__(self, key: ConsentKey) -> Consent:
        late = self._late.get(key)
        return self._rest[key] if late is None else late

    def __iter__(self) -> Iterator[ConsentKey]:
        yield from self._rest
        yield from (key for key in self._late if key not in self._rest)

    def __len__(self) -> int:
        return len(self._rest) + sum(key not in self._rest for key in self._late)

    def with_answers(self, *answers: Consent) -> Answers:
        late = {**self._late, **{answer.key: answer for answer in answers}}
        # The square root balances the copies of the layer against those of the rest.
        if len(late) ** 2 > max(len(self._rest), 65536):
            return Answers({**self._rest, **late})
        return Answers(self._rest, late)


@dataclass(frozen=True, slots=True)
class Facts:
    """A snapshot; versions are the entries that last changed consents, keys and halts."""

    answers: Answers = field(default_factory=lambda: Answers({}))
    answers_version: int = 0
    keys: Mapping[str, KeyRecord] = field(default_factory=dict)
    keys_version: int = 0
    policy: ActivePolicy | None = None
    halts: Halts = field(default_factory=Halts)

    @property
    def consents(self) -> Consents:
        return Consents(self.answers_version, self.answers)

    def with_answers(self, version: int, *answers: Consent) -> Facts:
        more = self.answers.with_answers(*answers)
        return replace(self, answers=more, answers_version=version)

    def with_key(self, version: int, record: KeyRecord) -> Facts:
        return replace(self, keys={**self.keys, record.id: record}, keys_version=version)

    def with_halts(self, version: int, *changes: tuple[HaltState, Standing]) -> Facts:
        standing = dict(self.halts.standing)
        for state, change in changes:
            if state is HaltState.HALTED:
                standing[change.halt] = change
            else:
                standing.pop(change.halt, None)
        return replace(self, halts=Halts(version, standing))


_STATE = select(ledger_state).where(ledger_state.c.id == 1)
_CHANGED = select(consents).where(consents.c.seq > bindparam("known"))
_KEYS = select(api_keys)
_HALTS = select(halts).where(halts.c.seq > bindparam("known"))
_POLICY = select(policies).where(policies.c.digest == bindparam("active"))


def read_state(connection: Connection) -> State:
    """The ledger's row, unlocked. Raises Unavailable if there is none."""
    row = connection.execute(_STATE).one_or_none()
    return state_of(None if row is None else tuple(row)[1:])


def state_of(row: Sequence[Any] | None) -> State:
    """The state from its columns, in the table's order. Raises Unavailable if there is no row."""
    if row is None:
        raise Unavailable(
            "the store's ledger has no state: a copy into it did not finish, or somebody removed "
            "it; see `louver store copy --help`",
            code="store_incomplete",
        )
    return State(*row)


def read_facts(connection: Connection, state: State, known: Facts) -> Facts:
    """Bring `known` up to `state`, reading only what changed since."""
    # A database that was set back to an older copy: nothing that is known can be trusted.
    older = known.answers_version > state.consents or known.halts.version > state.halts
    facts = Facts() if older else known
    if state.consents != facts.answers_version:
        rows = connection.execute(_CHANGED, {"known": facts.answers_version})
        changed = [
            Consent(
                ConsentKey(row.tenant, row.person, row.purpose, row.recipient),
                ConsentState(row.state),
                row.since,
                row.expires,
            )
            for row in rows
        ]
        facts = facts.with_answers(state.consents, *changed)
    if state.keys != facts.keys_version:
        records = [KeyRecord(*row) for row in connection.execute(_KEYS)]
        keys = {record.id: record for record in records}
        facts = replace(facts, keys=keys, keys_version=state.keys)
    if state.halts != facts.halts.version:
        facts = facts.with_halts(state.halts, *_halt_changes(connection, facts.halts.version))
    if state.policy != (facts.policy.digest if facts.policy else None):
        facts = replace(facts, policy=_active_policy(connection, state.policy))
    return facts


def _halt_changes(connection: Connection, known: int) -> list[tuple[HaltState, Standing]]:
    return [
        (
            HaltState(row.state),
            Standing(Halt(HaltKind(row.kind), row.name), row.because, row.since),
        )
        for row in connection.execute(_HALTS, {"known": known})
    ]


def _active_policy(connection: Connection, digest: str | None) -> ActivePolicy | None:
    if digest is None:
        return None
    row = connection.execute(_POLICY, {"active": digest}).one()
    return ActivePolicy(row.digest, row.document, row.activated, row.seq)
