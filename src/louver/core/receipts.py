"""What a receipt says: which bytes left, where to, by which policy and consent; without content.

Its payload has one canonical form (RFC 8785), so that reading and writing it are inverse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import TypeVar

from louver.core.errors import Tampered

TYPE = "louver-receipt"
VERSION = 1

T = TypeVar("T")

_LARGEST = 2**53
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BodyDigest:
    """A commitment to the bytes that left; whoever has salt and bytes can check it (both hex).

    The ledger holds the digest without the salt, so that nobody confirms a guess by it.
    """

    salt: str
    digest: str


@dataclass(frozen=True, slots=True)
class ConsentShown:
    """The consent that allowed a remote destination; `version`: the ledger entry it is known by."""

    purpose: str
    recipient: str
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class EntryShown:
    """Where the exchange stands in the ledger: its entry, and the tree that was committed with it.

    `leaf` and `root` are hex (RFC 6962), `seq` counts from 1, `size` is the tree's.
    """

    seq: int
    leaf: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One exchange, as it was recorded before its first byte left; `time` in seconds (UTC).

    `consent` is None where none was needed, because the destination is local.
    """

    exchange: str
    time: int
    policy: str
    mode: str
    purpose: str
    destination: str
    remote: bool
    consent: ConsentShown | None
    body: BodyDigest
    entry: EntryShown

    def payload(self) -> bytes:
        """The canonical bytes that are signed, written out in RFC 8785's order of keys."""
        told, body, entry = encode_basestring, self.body, self.entry
        return (
            f'{{"body":{{"digest":{told(body.digest)},"salt":{told(body.salt)}}},'
            f'"consent":{_shown(self.consent)},'
            f'"destination":{told(self.destination)},'
            f'"entry":{{"leaf":{told(entry.leaf)},"root":{told(entry.root)},'
            f'"seq":{entry.seq},"size":{entry.size}}},'
            f'"exchange":{told(self.exchange)},"iat":{self.time},'
            f'"mode":{told(self.mode)},"policy":{told(self.policy)},'
            f'"purpose":{told(self.purpose)},"remote":{"true" if self.remote else "false"},'
            f'"v":{VERSION}}}'
        ).encode()


def _shown(consent: ConsentShown | None) -> str:
    if consent is None:
        return "null"
    told = encode_basestring
    return (
        f'{{"purpose":{told(consent.purpose)},"recipient":{told(consent.recipient)},'
        f'"state":{told(consent.state)},"version":{consent.version}}}'
    )


def read(payload: bytes) -> Receipt:
    """The receipt that `payload` is. Raises Tampered for what is none, or of another version."""
    try:
        tree = json.loads(payload)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict) or tree.get("v") != VERSION:
        raise Tampered("this is not a receipt of a version that is known here")
    consent, body, entry = tree.get("consent"), _object(tree, "body"), _object(tree, "entry")
    receipt = Receipt(
        exchange=_field(tree, "exchange", str),
        time=_field(tree, "iat", int),
        policy=_field(tree, "policy", str),
        mode=_field(tree, "mode", str),
        purpose=_field(tree, "purpose", str),
        destination=_field(tree, "destination", str),
        remote=_field(tree, "remote", bool),
        consent=None if consent is None else _consent(_object(tree, "consent")),
        body=BodyDigest(_digest(body, "salt"), _digest(body, "digest")),
        entry=EntryShown(
            seq=_field(entry, "seq", int),
            leaf=_digest(entry, "leaf"),
            size=_field(entry, "size", int),
            root=_digest(entry, "root"),
        ),
    )
    if _canonical(receipt) != payload:
        raise Tampered("the receipt says more than a receipt says, or says it in another form")
    return receipt


def _canonical(receipt: Receipt) -> bytes | None:
    try:
        return receipt.payload()
    except ValueError:  # Half a surrogate pair.
        return None


def _consent(tree: Mapping[str, object]) -> ConsentShown:
    return ConsentShown(
        purpose=_field(tree, "purpose", str),
        recipient=_field(tree, "recipient", str),
        state=_field(tree, "state", str),
        version=_field(tree, "version", int),
    )


def _object(tree: Mapping[str, object], name: str) -> Mapping[str, object]:
    return _field(tree, name, dict)


def _digest(tree: Mapping[str, object], name: str) -> str:
    text = _field(tree, name, str)
    if not _DIGEST.fullmatch(text):
        raise Tampered(f"the receipt's {name} is no digest")
    return text


def _field(tree: Mapping[str, object], name: str, kind: type[T]) -> T:
    value = tree.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Tampered(f"the receipt's {name} is missing, or of another kind")
    if isinstance(value, int) and not 0 <= value <= _LARGEST:
        raise Tampered(f"the receipt's {name} is out of range")
    return value
