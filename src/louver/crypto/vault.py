"""The recipe for content that is kept: sealed under a key that dies with one stored salt.

The key comes from the master secret and the salt of whoever the content is about (a person; where
there is none, the application). Destroying the salt's row destroys the key, wherever copies of the
sealed bytes may lie. Sealed bytes open only in the place that they were sealed for.
"""

from __future__ import annotations

from dataclasses import dataclass

from louver.core.seams import Randomness
from louver.crypto.keys import Keys
from louver.crypto.prf import join_parts
from louver.crypto.sealing import open_sealed, seal

SALT_BYTES = 32
_DOMAIN = b"louver/vault/v1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where content lies: whose it is, and under which name (see `Keys.response_digest`)."""

    tenant: str
    application: str
    person: str | None
    name: bytes


class Vault:
    """Seals and opens; holds no content and no salt."""

    def __init__(self, keys: Keys, randomness: Randomness) -> None:
        self._keys = keys
        self._randomness = randomness

    def name(self, tenant: str, response: str) -> bytes:
        """What a response's id is stored as (32 bytes); without the master secret, no way back."""
        return self._keys.response_digest(tenant, response)

    def seal(self, content: bytes, place: Place, salt: bytes) -> bytes:
        return seal(self._key(place, salt), content, _context(place), self._randomness)

    def open(self, sealed: bytes, place: Place, salt: bytes) -> bytes:
        """The reverse of `seal`. Raises Tampered."""
        return open_sealed(self._key(place, salt), sealed, _context(place))

    def _key(self, place: Place, salt: bytes) -> bytes:
        owner = place.application if place.person is None else place.person
        return self._keys.vault_key(place.tenant, owner, salt)


def _context(place: Place) -> bytes:
    person = "" if place.person is None else place.person
    texts = (place.tenant, place.application, person)
    return _DOMAIN + join_parts([*(t.encode("utf-8", "surrogatepass") for t in texts), place.name])
