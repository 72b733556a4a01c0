"""API keys: `lv_<id>_<secret>`, of which only a digest is kept.

The secret has 256 bits of entropy, so plain SHA-256 is right: there is no dictionary to try, and a
slow password hash would only slow every request down.
"""

from __future__ import annotations

import hmac
from base64 import b32encode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256

from louver.core.errors import Unauthenticated
from louver.core.seams import Randomness
from louver.core.sensitive import Sensitive

_PREFIX = "lv_"
_ID = slice(3, 11)
_LENGTH = 3 + 8 + 1 + 43
_DOMAIN = b"louver/api-key/v1\x00"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A new key: `id` is public and may be shown; `secret` is the whole key text, shown once."""

    id: str
    secret: Sensitive[str]


def new_key(randomness: Randomness) -> ApiKey:
    """Make a key with a fresh 256-bit secret."""
    # Base32 for the id: no underscore in it, so that people can tell the three parts apart.
    name = b32encode(randomness.bytes(5)).decode("ascii").lower()
    secret = urlsafe_b64encode(randomness.bytes(32)).rstrip(b"=").decode("ascii")
    return ApiKey(name, Sensitive(f"{_PREFIX}{name}_{secret}"))


def key_id(secret: Sensitive[str]) -> str:
    """The public id inside a key text. Raises Unauthenticated where there is none."""
    text = secret.reveal()
    if len(text) != _LENGTH or not text.startswith(_PREFIX) or text[11] != "_":
        raise Unauthenticated("this is not a Louver API key; it starts with `lv_`")
    return text[_ID]


def digest(secret: Sensitive[str]) -> bytes:
    """What is kept of a key; the id is inside, so a digest fits one id only."""
    return sha256(_DOMAIN + secret.reveal().encode("utf-8", "surrogatepass")).digest()


def matches(secret: Sensitive[str], expected: bytes) -> bool:
    """Whether `expected` is the digest of `secret`; takes as long wherever they differ."""
    return hmac.compare_digest(digest(secret), expected)
