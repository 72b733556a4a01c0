"""Consent as a value: a person's answer for one purpose and one recipient, after the DPV states.

Source: W3C DPV 2.3, consent status; only `GIVEN`, not yet expired, is valid for processing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class ConsentState(Enum):
    """DPV consent status terms (`dpv:Consent*`)."""

    UNKNOWN = "ConsentUnknown"
    REQUESTED = "ConsentRequested"
    GIVEN = "ConsentGiven"
    REFUSED = "ConsentRefused"
    WITHDRAWN = "ConsentWithdrawn"
    EXPIRED = "ConsentExpired"


@dataclass(frozen=True, slots=True)
class ConsentKey:
    """`person` is Louver's own random id, never the application's."""

    tenant: str
    person: str
    purpose: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The latest answer; `expires` in seconds since the epoch, None for no end."""

    key: ConsentKey
    state: ConsentState
    since: float
    expires: float | None = None

    def at(self, now: float) -> ConsentState:
        """The state that counts at `now`: a given consent ends by itself."""
        expired = self.expires is not None and now >= self.expires
        return ConsentState.EXPIRED if self.state is ConsentState.GIVEN and expired else self.state


@dataclass(frozen=True, slots=True)
class Consents:
    """A snapshot of all known answers, with the version (ledger size) that it was true at."""

    version: int
    answers: Mapping[ConsentKey, Consent]

    def state(self, key: ConsentKey, now: float) -> ConsentState:
        answer = self.answers.get(key)
        return ConsentState.UNKNOWN if answer is None else answer.at(now)
