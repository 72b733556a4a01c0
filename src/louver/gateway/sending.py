"""What is told of a request that is about to leave: to ledger, receipt and client."""

from __future__ import annotations

from louver.core.consent import Consents
from louver.core.decision import Decision, Question
from louver.core.events import Sent
from louver.core.exchanges import Exchange, Minimized
from louver.core.halts import Halt, HaltKind
from louver.core.policy import Destination, Location, Mode, Policy
from louver.core.receipts import ConsentShown
from louver.gateway.vault import Keeping


def sent_event(
    exchange: Exchange,
    question: Question,
    decision: Decision,
    minimized: Minimized,
    policy: Policy,
) -> Sent:
    """What goes on record before anything leaves."""
    destination = decision.require()
    unlinked = exchange.no_store or decision.mode is Mode.STRICT
    return Sent(
        exchange=exchange.id,
        tenant=question.tenant,
        application=question.application,
        person=None if unlinked else question.person,
        purpose=question.purpose,
        destination=destination.name,
        remote=destination.location is Location.REMOTE,
        policy=policy.digest,
        mode=decision.mode.name.lower(),
        counts=minimized.counts,
        because=decision.because,
    )


def depends_on(exchange: Exchange, destination: Destination) -> tuple[Halt, ...]:
    """What must not be halted when this is recorded, nor while its answer comes."""
    return (
        Halt(HaltKind.TENANT, exchange.caller.tenant),
        Halt(HaltKind.ROUTE, exchange.model),
        Halt(HaltKind.MODEL, destination.name),
        *(Halt(HaltKind.TOOL, name) for name in exchange.tools),
    )


def consent_shown(decision: Decision, consents: Consents, now: float) -> ConsentShown | None:
    """The consent that decided, as the receipt shows it."""
    key = decision.consent
    if key is None:
        return None
    state = consents.state(key, now)
    return ConsentShown(key.purpose, key.recipient, state.value, consents.version)


def because(decision: Decision, keeping: Keeping | None) -> str:
    """Every rule that was looked at, and what became of the answer where it may be kept."""
    explained = decision.explanation
    return explained if keeping is None else f"{explained}; retention: {keeping.because}"
