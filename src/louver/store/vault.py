"""The vault: answers that are kept for a later turn, sealed by the caller, until they expire.

What is a person's is sealed under a key that derives from that person's salt. Forgetting a person
destroys salt and answers in one commit; whoever sealed under the old salt must seal anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import Engine, and_, bindparam, delete, insert, select

from louver.core.errors import Invalid, Unavailable
from louver.core.events import ResponseKept, ResponsesExpired, ResponsesForgotten
from louver.store.batch import Batch
from louver.store.database import reading
from louver.store.entries import Placed
from louver.store.schema import content_keys, persons, responses

SALT_BYTES = 32
EXPIRED_AT_ONCE = 256
_LONGEST_SECONDS = 100 * 366 * 86_400


class OwnerKind(Enum):
    PERSON = "person"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose content it is: a person's, or an application's where there is no person."""

    tenant: str
    kind: OwnerKind
    name: str


def owner_of(tenant: str, application: str, person: str | None) -> Owner:
    if person is None:
        return Owner(tenant, OwnerKind.APPLICATION, application)
    return Owner(tenant, OwnerKind.PERSON, person)


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """What is kept: `id` is a digest, times in seconds since the epoch, `sealed` under `salt`."""

    id: bytes
    tenant: str
    application: str
    person: str | None
    expires: float
    sealed: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    @property
    def owner(self) -> Owner:
        return owner_of(self.tenant, self.application, self.person)


class KeyDestroyed(Unavailable):
    """The person was forgotten since this was sealed: seal it under a new salt, or not at all."""

    code = "content_key_destroyed"


_SALT = select(content_keys.c.salt).where(
    content_keys.c.tenant == bindparam("of_tenant"),
    content_keys.c.owner == bindparam("of_owner"),
    content_keys.c.kind == bindparam("of_kind"),
)
_ADD_SALT = insert(content_keys)
_DESTROY = delete(content_keys).where(
    content_keys.c.tenant == bindparam("of_tenant"),
    content_keys.c.owner == bindparam("of_owner"),
    content_keys.c.kind == bindparam("of_kind"),
)
_PERSON = select(persons.c.id).where(
    persons.c.id == bindparam("of_person"), persons.c.tenant == bindparam("of_tenant")
)
_KNOWN = select(responses.c.id).where(responses.c.id == bindparam("of_id"))
_ADD = insert(responses)
_IN_PLACE = and_(
    responses.c.id == bindparam("of_id"),
    responses.c.tenant == bindparam("of_tenant"),
    responses.c.application == bindparam("of_application"),
)
_FIND = select(responses).where(_IN_PLACE, responses.c.expires > bindparam("now"))
_REMOVE = delete(responses).where(_IN_PLACE)
_REMOVE_PERSONS = delete(responses).where(
    responses.c.tenant == bindparam("of_tenant"), responses.c.person == bindparam("of_person")
)
_EXPIRED = (
    select(responses.c.expires)
    .where(responses.c.expires <= bindparam("now"))
    .order_by(responses.c.expires)
    .limit(EXPIRED_AT_ONCE)
)
_REMOVE_EXPIRED = delete(responses).where(responses.c.expires <= bindparam("before"))


def salt(batch: Batch, owner: Owner) -> bytes:
    """The owner's salt, made at first sight. Raises Invalid for an unknown person."""
    known = batch.connection.scalar(_SALT, _names(owner))
    if known is not None:
        return bytes(known)
    if owner.kind is OwnerKind.PERSON:
        names = {"of_person": owner.name, "of_tenant": owner.tenant}
        if batch.connection.execute(_PERSON, names).one_or_none() is None:
            raise Invalid("this tenant has no such person", code="unknown_person")
    new = batch.randomness.bytes(SALT_BYTES)
    row = {"tenant": owner.tenant, "owner": owner.name, "kind": owner.kind.value}
    batch.connection.execute(_ADD_SALT, {**row, "salt": new, "created": batch.time})
    return new


def keep(batch: Batch, kept: KeptResponse) -> Placed:
    """Raises KeyDestroyed, or Invalid for an id that is taken or an end that is not ahead."""
    if not batch.time < kept.expires <= batch.time + _LONGEST_SECONDS:
        raise Invalid("a kept response ends in the future, within a hundred years", code="expires")
    if batch.connection.scalar(_SALT, _names(kept.owner)) != kept.salt:
        raise KeyDestroyed("what was kept about this person was erased; nothing is kept")
    if batch.connection.execute(_KNOWN, {"of_id": kept.id}).one_or_none() is not None:
        raise Invalid("a response is kept under this id already", code="response")
    placed = batch.append_placed(
        ResponseKept(kept.id.hex(), kept.tenant, kept.application, kept.person, kept.expires)
    )
    row = {
        "id": kept.id,
        "tenant": kept.tenant,
        "application": kept.application,
        "person": kept.person,
        "created": batch.time,
        "expires": kept.expires,
        "sealed": kept.sealed,
    }
    batch.connection.execute(_ADD, row)
    return placed


def find(
    engine: Engine, id_: bytes, tenant: str, application: str, now: float
) -> KeptResponse | None:
    """What is kept under `id_` for this application, unless it has expired."""
    names = {"of_id": id_, "of_tenant": tenant, "of_application": application, "now": now}
    with reading(engine) as connection:
        row = connection.execute(_FIND, names).one_or_none()
        if row is None:
            return None
        owner = owner_of(row.tenant, row.application, row.person)
        known = connection.scalar(_SALT, _names(owner))
    if known is None:
        return None
    return KeptResponse(
        bytes(row.id),
        row.tenant,
        row.application,
        row.person,
        row.expires,
        bytes(row.sealed),
        bytes(known),
    )


def forget(batch: Batch, id_: bytes, tenant: str, application: str) -> bool:
    """Erase one; False if there is none of this application."""
    names = {"of_id": id_, "of_tenant": tenant, "of_application": application}
    if batch.connection.execute(_REMOVE, names).rowcount == 0:
        return False
    batch.append(ResponsesForgotten(tenant, None, id_.hex()))
    return True


def forget_person(batch: Batch, tenant: str, person: str) -> int:
    """Erase all that is a person's and destroy its key; the number of answers erased.

    On record even where nothing was kept: it was asked for.
    """
    names = {"of_tenant": tenant, "of_person": person}
    erased = batch.connection.execute(_REMOVE_PERSONS, names).rowcount
    batch.connection.execute(_DESTROY, _names(Owner(tenant, OwnerKind.PERSON, person)))
    batch.append(ResponsesForgotten(tenant, person, None))
    return erased


def expire(batch: Batch) -> int:
    """Remove what has expired, the oldest `EXPIRED_AT_ONCE` or a few more; their number."""
    ends = batch.connection.scalars(_EXPIRED, {"now": batch.time}).all()
    if not ends:
        return 0
    before = ends[-1]
    removed = batch.connection.execute(_REMOVE_EXPIRED, {"before": before}).rowcount
    batch.append(ResponsesExpired(before))
    return removed


def _names(owner: Owner) -> dict[str, str]:
    return {"of_tenant": owner.tenant, "of_owner": owner.name, "of_kind": owner.kind.value}
