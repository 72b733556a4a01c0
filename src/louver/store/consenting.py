"""How a person's answer may change: a small state machine after the DPV consent states.

    from (none), requested, refused, withdrawn, expired -> requested, given
    from given                                          -> given (renewed)
    from any state                                      -> refused, withdrawn

A no can always be recorded, whatever was said before; a no to retention also erases what was kept.
Nobody sets `expired`: a given consent expires by itself, when its time has come.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sqlalchemy import and_, bindparam, insert, select, update

from louver.core import retention
from louver.core.consent import Consent, ConsentKey, ConsentState
from louver.core.errors import Invalid
from louver.core.events import ConsentChanged
from louver.store import vault
from louver.store.batch import Batch
from louver.store.schema import consents, persons

_REQUESTED, _GIVEN = ConsentState.REQUESTED, ConsentState.GIVEN
_REFUSED, _WITHDRAWN = ConsentState.REFUSED, ConsentState.WITHDRAWN

_NO = frozenset({_REFUSED, _WITHDRAWN})
_LONGEST_SECONDS = 100 * 366 * 86_400

TRANSITIONS: Mapping[ConsentState, frozenset[ConsentState]] = {
    state: _NO | ({_GIVEN} if state is _GIVEN else {_REQUESTED, _GIVEN}) for state in ConsentState
}

_PERSON = select(persons.c.id).where(
    persons.c.id == bindparam("person"), persons.c.tenant == bindparam("tenant")
)
_ADD = insert(consents)
_CHANGE = update(consents).where(
    and_(
        consents.c.tenant == bindparam("of_tenant"),
        consents.c.person == bindparam("of_person"),
        consents.c.purpose == bindparam("of_purpose"),
        consents.c.recipient == bindparam("of_recipient"),
    )
)


def set_consent(batch: Batch, key: ConsentKey, state: ConsentState, expires: float | None) -> int:
    """Change the fact and add its entry. Raises Invalid for a step that the states do not have."""
    _require_sensible(batch.time, state, expires)
    _require_person(batch, key)
    before = batch.facts.consents.state(key, batch.time)
    if state not in TRANSITIONS[before]:
        raise Invalid(
            f"a consent that is {before.value} cannot become {state.value}", code="consent_state"
        )
    known = key in batch.facts.answers
    seq = batch.append(ConsentChanged(key, state, expires))
    row = {"state": state.value, "since": batch.time, "expires": expires, "seq": seq}
    if known:
        where = {
            "of_tenant": key.tenant,
            "of_person": key.person,
            "of_purpose": key.purpose,
            "of_recipient": key.recipient,
        }
        batch.connection.execute(_CHANGE, {**row, **where})
    else:
        names = {
            "tenant": key.tenant,
            "person": key.person,
            "purpose": key.purpose,
            "recipient": key.recipient,
        }
        batch.connection.execute(_ADD, {**row, **names})
    batch.facts = batch.facts.with_answers(seq, Consent(key, state, batch.time, expires))
    if state in _NO and key.purpose == retention.PURPOSE:
        # What was kept goes in the same commit, whichever door the no came through.
        vault.forget_person(batch, key.tenant, key.person)
    return seq


def _require_sensible(now: float, state: ConsentState, expires: float | None) -> None:
    if expires is None:
        return
    if state is not ConsentState.GIVEN:
        raise Invalid("only a given consent has an end", code="consent_state")
    if not math.isfinite(expires) or not now < expires <= now + _LONGEST_SECONDS:
        message = "a consent ends in the future, and within a hundred years"
        raise Invalid(message, code="consent_state")


def _require_person(batch: Batch, key: ConsentKey) -> None:
    names = {"person": key.person, "tenant": key.tenant}
    if batch.connection.execute(_PERSON, names).one_or_none() is None:
        raise Invalid("this tenant has no such person", code="unknown_person")
