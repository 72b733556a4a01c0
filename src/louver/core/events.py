"""The vocabulary of the ledger: what happened, without content; an unknown kind is refused.

Each event becomes one canonical JSON payload; the ledger commits to it with a fresh salt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, TypeAlias

from louver.core.consent import ConsentKey, ConsentState
from louver.core.encoding import Json
from louver.core.exchanges import Outcome
from louver.core.halts import HaltKind, HaltState


class Kind(Enum):
    SENT = "sent"
    ANSWERED = "answered"
    INTERRUPTED = "interrupted"
    CONSENT = "consent"
    POLICY = "policy"
    KEY = "key"
    HALT = "halt"
    RESPONSE = "response"
    FORGOTTEN = "forgotten"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request is about to leave to `destination`; durable before its first byte does.

    `person` is Louver's random id, None in strict or no-store traffic. `counts` by category. `body`
    is a digest (hex) that commits to the bytes that leave.
    """

    kind: ClassVar[Kind] = Kind.SENT
    exchange: str
    tenant: str
    application: str
    person: str | None
    purpose: str
    destination: str
    remote: bool
    policy: str
    mode: str
    counts: Mapping[str, int]
    because: tuple[str, ...]
    body: str | None = None

    def payload(self) -> dict[str, Json]:
        return {
            "exchange": self.exchange,
            "tenant": self.tenant,
            "application": self.application,
            "person": self.person,
            "purpose": self.purpose,
            "destination": self.destination,
            "remote": self.remote,
            "policy": self.policy,
            "mode": self.mode,
            "counts": dict(self.counts),
            "because": list(self.because),
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class Answered:
    """An exchange ended; `milliseconds` by stage, `restored` counts the values put back.

    `key` is the public id of the API key whose daily budget the tokens count against, None for who
    needs no key; `estimated` where the model's server did not tell all of them. Entries of earlier
    versions have none of these, and count for nobody.
    """

    kind: ClassVar[Kind] = Kind.ANSWERED
    exchange: str
    outcome: Outcome
    status: int
    restored: int
    milliseconds: Mapping[str, int] = field(default_factory=dict)
    key: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False

    def payload(self) -> dict[str, Json]:
        return {
            "exchange": self.exchange,
            "outcome": self.outcome.value,
            "status": self.status,
            "restored": self.restored,
            "milliseconds": dict(self.milliseconds),
            "key": self.key,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "estimated": self.estimated,
        }


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A sent exchange whose end was never recorded; added by the sweeper."""

    kind: ClassVar[Kind] = Kind.INTERRUPTED
    exchange: str

    def payload(self) -> dict[str, Json]:
        return {"exchange": self.exchange}


@dataclass(frozen=True, slots=True)
class ConsentChanged:
    """A person's answer for one purpose and recipient changed."""

    kind: ClassVar[Kind] = Kind.CONSENT
    key: ConsentKey
    state: ConsentState
    expires: float | None

    def payload(self) -> dict[str, Json]:
        return {
            "tenant": self.key.tenant,
            "person": self.key.person,
            "purpose": self.key.purpose,
            "recipient": self.key.recipient,
            "state": self.state.value,
            "expires": self.expires,
        }


@dataclass(frozen=True, slots=True)
class PolicyActivated:
    """From this entry on, requests are decided by this policy."""

    kind: ClassVar[Kind] = Kind.POLICY
    digest: str

    def payload(self) -> dict[str, Json]:
        return {"digest": self.digest}


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """An API key was created or revoked; `key` is its public id."""

    kind: ClassVar[Kind] = Kind.KEY
    key: str
    tenant: str
    application: str
    change: str

    def payload(self) -> dict[str, Json]:
        return {
            "key": self.key,
            "tenant": self.tenant,
            "application": self.application,
            "change": self.change,
        }


@dataclass(frozen=True, slots=True)
class HaltChanged:
    """An operator stopped something, or let it go on; `because` is one word."""

    kind: ClassVar[Kind] = Kind.HALT
    what: HaltKind
    name: str
    state: HaltState
    because: str

    def payload(self) -> dict[str, Json]:
        return {
            "what": self.what.value,
            "name": self.name,
            "state": self.state.value,
            "because": self.because,
        }


@dataclass(frozen=True, slots=True)
class ResponseKept:
    """An answer was put into the vault, sealed; `response` is a digest (hex) of its id."""

    kind: ClassVar[Kind] = Kind.RESPONSE
    response: str
    tenant: str
    application: str
    person: str | None
    expires: float

    def payload(self) -> dict[str, Json]:
        return {
            "response": self.response,
            "tenant": self.tenant,
            "application": self.application,
            "person": self.person,
            "expires": self.expires,
        }


@dataclass(frozen=True, slots=True)
class ResponsesForgotten:
    """Kept answers were erased: one by its digest, or all of a person's, their key destroyed."""

    kind: ClassVar[Kind] = Kind.FORGOTTEN
    tenant: str
    person: str | None
    response: str | None

    def payload(self) -> dict[str, Json]:
        return {"tenant": self.tenant, "person": self.person, "response": self.response}


@dataclass(frozen=True, slots=True)
class ResponsesExpired:
    """The sweeper removed all kept answers whose time ended at `before` or earlier."""

    kind: ClassVar[Kind] = Kind.EXPIRED
    before: float

    def payload(self) -> dict[str, Json]:
        return {"before": self.before}


Event: TypeAlias = (
    Sent
    | Answered
    | Interrupted
    | ConsentChanged
    | PolicyActivated
    | KeyChanged
    | HaltChanged
    | ResponseKept
    | ResponsesForgotten
    | ResponsesExpired
)
