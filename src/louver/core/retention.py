"""May a conversation be kept? Keeping is a flow like any other: for a purpose, to a recipient.

The purpose is `retention` and the recipient this house; a mode permits it, and the person agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

from louver.core.consent import ConsentKey, Consents, ConsentState
from louver.core.policy import PRESETS, Mode, Policy

PURPOSE = "retention"
RECIPIENT = "this house"


@dataclass(frozen=True, slots=True)
class Retention:
    """The answer, and why; `consent` must still hold when what is kept is committed."""

    allowed: bool
    because: str
    consent: ConsentKey | None = None


def consent_key(tenant: str, person: str) -> ConsentKey:
    """Under which `person` (Louver's id) agrees to be remembered."""
    return ConsentKey(tenant, person, PURPOSE, RECIPIENT)


def may_keep(
    policy: Policy, mode: Mode, consents: Consents, whose: tuple[str, str | None], now: float
) -> Retention:
    """Whether an answer in `mode` may be kept; `whose`: tenant, and person where one is named."""
    if not PRESETS[mode].retention:
        return Retention(False, f"mode {mode.name.lower()} keeps nothing")
    return may_recall(policy, consents, whose, now)


def may_recall(
    policy: Policy, consents: Consents, whose: tuple[str, str | None], now: float
) -> Retention:
    """Whether what was kept earlier may still be used, in whichever mode."""
    tenant, person = whose
    if person is None:
        if policy.keeps_unnamed:
            return Retention(True, "the policy keeps conversations that name no person")
        return Retention(False, "no person is named who could agree to retention")
    key = consent_key(tenant, person)
    state = consents.state(key, now)
    if state is ConsentState.GIVEN:
        return Retention(True, f"given for {PURPOSE} to {RECIPIENT}", key)
    return Retention(False, f"{state.value} for {PURPOSE}")
