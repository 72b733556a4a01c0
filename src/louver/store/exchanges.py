"""What happens to an exchange in a batch: sent, answered, interrupted; in that order, each once.

`record_sent` is the point of truth: nothing goes to a remote destination before it is durable.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from louver.core.consent import ConsentKey, ConsentState
from louver.core.errors import ConsentNeeded, ConsentRequired, Invalid, Unavailable
from louver.core.events import Answered, Interrupted, Sent
from louver.core.halts import Halt
from louver.store.batch import Batch
from louver.store.entries import Placed
from louver.store.lane import Phase
from louver.store.schema import pending

SWEPT_AT_ONCE = 256
_MOST_TOKENS = 2**40

_OVERDUE = (
    select(pending.c.exchange)
    .where(pending.c.sent_at < bindparam("before"))
    .order_by(pending.c.sent_at, pending.c.exchange)
    .limit(SWEPT_AT_ONCE)
)


class Stale(Unavailable):
    """The policy changed between the decision and its record; decide again by the new one."""

    code = "policy_changed"


def record_sent(
    batch: Batch,
    event: Sent,
    policy: str,
    consent: ConsentKey | None,
    halts: tuple[Halt, ...] = (),
) -> Placed:
    """`halts` are those that this exchange depends on not being in force.

    Raises Stale, Halted, ConsentRequired, or Invalid for an event that contradicts itself.
    """
    _require_whole(event, policy, consent)
    active = batch.facts.policy
    if active is None or active.digest != policy:
        raise Stale("the policy has just changed; ask again")
    batch.facts.halts.require_none(halts)
    if consent is not None:
        require_given(batch, consent)
    if batch.phase(event.exchange) is not Phase.UNKNOWN:
        raise Invalid("this exchange was sent before; each has an id of its own", code="exchange")
    return batch.append_placed(event)


def record_answered(batch: Batch, event: Answered) -> int:
    """Raises Invalid unless the exchange was sent and has not ended, and its tokens can be so many.

    Sums are kept in 64 bits: what a lying upstream tells must not end a key's every batch.
    """
    if not (0 <= event.tokens_in <= _MOST_TOKENS and 0 <= event.tokens_out <= _MOST_TOKENS):
        raise Invalid("nothing uses so many tokens", code="invalid_event")
    phase = batch.phase(event.exchange)
    if phase is Phase.UNKNOWN:
        raise Invalid("this exchange was never sent, so it cannot end", code="exchange")
    if phase is Phase.ENDED:
        raise Invalid("this exchange has ended, or the sweeper gave it up", code="exchange_ended")
    seq = batch.append(event)
    batch.count_usage(event, seq)
    return seq


def sweep(batch: Batch, older_than: float) -> int:
    """Give up sent exchanges without an end after `older_than` seconds; at most `SWEPT_AT_ONCE`."""
    # What this very batch opened is not in the table yet, and too young anyway.
    before = batch.time - older_than
    overdue = batch.connection.scalars(_OVERDUE, {"before": before}).all()
    # An answer earlier in this batch has ended its exchange, though its row is still there.
    given_up = [exchange for exchange in overdue if batch.phase(exchange) is not Phase.ENDED]
    for exchange in given_up:
        batch.append(Interrupted(exchange))
    return len(given_up)


def _require_whole(event: Sent, policy: str, consent: ConsentKey | None) -> None:
    if event.policy != policy:
        raise Invalid("the event names another policy than the decision", code="invalid_event")
    if event.remote and consent is None:
        raise Invalid("a remote destination is sent nothing without a consent", code="exchange")
    if consent is None:
        return
    same = (event.tenant, event.purpose) == (consent.tenant, consent.purpose)
    if not same or event.person not in (None, consent.person):
        raise Invalid("the consent belongs to another exchange", code="invalid_event")


def require_given(batch: Batch, consent: ConsentKey) -> None:
    """Raises ConsentRequired unless the person's consent stands in this very commit."""
    state = batch.facts.consents.state(consent, batch.time)
    if state is not ConsentState.GIVEN:
        raise ConsentRequired(
            f"the person's consent for purpose '{consent.purpose}' no longer stands; ask again",
            ConsentNeeded(consent.purpose, consent.recipient, True, state.value),
        )
