"""Issues receipts and checks them: signed statements of what left, once that is on record.

The rule: a receipt is issued for what has been recorded, and says nothing that its entry does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from louver.core.encoding import Json
from louver.core.errors import Tampered
from louver.core.events import Sent
from louver.core.receipts import BodyDigest, ConsentShown, EntryShown, Receipt, read
from louver.core.seams import Clock, Randomness
from louver.crypto.commitments import SALT_BYTES, commit_body
from louver.crypto.signing import PublicKey, SigningKey
from louver.store.entries import Position

_SALTS_AT_ONCE = 128


def verified(token: str, keys: Sequence[PublicKey]) -> Receipt:
    """The receipt that `token` is, signed by one of `keys`. Raises Tampered; offline."""
    header = token.partition(".")[0]
    signer = next((key for key in keys if key.header == header), keys[0])
    return read(signer.verify(token))


def require_body(receipt: Receipt, body: bytes) -> None:
    """Check that `body` is what left. Raises Tampered."""
    salt = bytes.fromhex(receipt.body.salt)
    if commit_body(salt, body).hex() != receipt.body.digest:
        raise Tampered("these are not the bytes that left; the receipt is for others")


class Receipts:
    """The receipts of one installation; one instance serves all requests."""

    def __init__(self, key: SigningKey, clock: Clock, randomness: Randomness) -> None:
        self._key = key
        self._clock = clock
        self._randomness = randomness
        self._salts = b""

    def keys(self) -> Mapping[str, Json]:
        """What receipts are checked with, as a JWK set (RFC 7517 §5)."""
        return {"keys": [self._key.public.jwk()]}

    def commit(self, body: bytes) -> BodyDigest:
        """What the ledger and the receipt say of the bytes that are about to leave."""
        # Drawn many at once: each draw lets go of the interpreter, and other threads jump in.
        if not self._salts:
            self._salts = self._randomness.bytes(SALT_BYTES * _SALTS_AT_ONCE)
        salt, self._salts = self._salts[:SALT_BYTES], self._salts[SALT_BYTES:]
        return BodyDigest(salt.hex(), commit_body(salt, body).hex())

    def issue(
        self, sent: Sent, body: BodyDigest, consent: ConsentShown | None, position: Position
    ) -> str:
        """The receipt for `sent`, which stands at `position` in the ledger."""
        receipt = Receipt(
            exchange=sent.exchange,
            time=int(self._clock.now()),
            policy=sent.policy,
            mode=sent.mode,
            purpose=sent.purpose,
            destination=sent.destination,
            remote=sent.remote,
            consent=consent,
            body=body,
            entry=EntryShown(position.seq, position.leaf.hex(), position.size, position.root.hex()),
        )
        return self._key.sign(receipt.payload())
