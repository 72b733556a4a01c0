"""Who may ask and by which policy: API keys and policies, each change with its ledger entry."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import bindparam, insert, select, update

from louver.core.errors import Invalid, Unauthenticated
from louver.core.events import KeyChanged, PolicyActivated
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.crypto.api_keys import digest, key_id, matches, new_key
from louver.store.batch import Batch
from louver.store.facts import ActivePolicy, Facts, KeyRecord
from louver.store.schema import api_keys, policies

_ADD_KEY = insert(api_keys)
_REVOKE = update(api_keys).where(api_keys.c.id == bindparam("of_key"))
_FIND_POLICY = select(policies.c.document).where(policies.c.digest == bindparam("of_digest"))
_ADD_POLICY = insert(policies)
_ACTIVATE = update(policies).where(policies.c.digest == bindparam("of_digest"))

# What an unknown key is compared with, so that it costs as much as a known one.
_NOBODY = bytes(32)


def create_key(batch: Batch, tenant: str, application: str) -> Sensitive[str]:
    """Add a key; its text is returned this once and kept nowhere."""
    made = new_key(batch.randomness)
    seq = batch.append(KeyChanged(made.id, tenant, application, "created"))
    record = KeyRecord(made.id, digest(made.secret), tenant, application, batch.time, None)
    batch.connection.execute(
        _ADD_KEY,
        {
            "id": record.id,
            "digest": record.digest,
            "tenant": tenant,
            "application": application,
            "created": record.created,
        },
    )
    batch.facts = batch.facts.with_key(seq, record)
    return made.secret


def revoke_key(batch: Batch, id_: str) -> int:
    """Raises Invalid for a key that does not exist or is revoked already."""
    record = batch.facts.keys.get(id_)
    if record is None or record.revoked is not None:
        raise Invalid("no valid key has this id; see `louver keys`", code="unknown_key")
    seq = batch.append(KeyChanged(id_, record.tenant, record.application, "revoked"))
    batch.connection.execute(_REVOKE, {"of_key": id_, "revoked": batch.time})
    batch.facts = batch.facts.with_key(seq, replace(record, revoked=batch.time))
    return seq


def authenticate(facts: Facts, secret: Sensitive[str]) -> Caller:
    """The caller that `secret` belongs to. Raises Unauthenticated, the same for every reason."""
    record = facts.keys.get(key_id(secret))
    right = matches(secret, _NOBODY if record is None else record.digest)
    if record is None or not right or record.revoked is not None:
        raise Unauthenticated("this API key is not valid; make one with `louver keys create`")
    return Caller(record.tenant, record.application, record.id)


def activate_policy(batch: Batch, digest_: str, document: bytes) -> int:
    """Put a policy in force and return its entry's seq; of the one in force already, that of old.

    Raises Invalid if another document went by the same digest.
    """
    active = batch.facts.policy
    known = batch.connection.scalar(_FIND_POLICY, {"of_digest": digest_})
    if known is not None and known != document:
        raise Invalid("another policy document has this digest", code="policy_digest")
    if active is not None and active.digest == digest_:
        return active.seq
    seq = batch.append(PolicyActivated(digest_))
    row = {"activated": batch.time, "seq": seq}
    if known is None:
        batch.connection.execute(_ADD_POLICY, {"digest": digest_, "document": document, **row})
    else:
        batch.connection.execute(_ACTIVATE, {"of_digest": digest_, **row})
    batch.facts = replace(batch.facts, policy=ActivePolicy(digest_, document, batch.time, seq))
    return seq
