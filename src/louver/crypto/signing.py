"""Ed25519 signatures as compact JWS, which anybody checks offline who has the public key.

Source: RFC 8032 §5.1 (Ed25519), RFC 7515 §7.1 (compact JWS), RFC 8037 (OKP keys, EdDSA), RFC 7638
(a key's id is its thumbprint). There is one way to write a signed payload and no other passes: one
algorithm, one header for a key, no padding, no spare bits.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from louver.core.encoding import Json, canonical_json
from louver.core.errors import Invalid, Tampered

KEY_LENGTH = 32
_CURVE = {"crv": "Ed25519", "kty": "OKP"}


class PublicKey:
    """Checks signatures; `id` is the RFC 7638 thumbprint, `typ` says what is signed."""

    __slots__ = ("_header", "_key", "_x", "id")

    def __init__(self, raw: bytes, typ: str) -> None:
        """`raw`: the 32 bytes of RFC 8032 §5.1.5. Raises Invalid."""
        if len(raw) != KEY_LENGTH:
            raise Invalid("a public key has 32 bytes", code="invalid_public_key")
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self._x = _encode(raw)
        self.id = _encode(sha256(canonical_json({**_CURVE, "x": self._x})).digest())
        self._header = _encode(canonical_json({"alg": "EdDSA", "kid": self.id, "typ": typ}))

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object], typ: str) -> PublicKey:
        """The key that `jwk` describes. Raises Invalid."""
        x = jwk.get("x")
        if any(jwk.get(name) != value for name, value in _CURVE.items()) or not isinstance(x, str):
            message = "this is no public key of kind OKP, curve Ed25519"
            raise Invalid(message, code="invalid_public_key")
        try:
            key = cls(_decode(x), typ)
        except Tampered:
            raise Invalid("the key's x is not base64url", code="invalid_public_key") from None
        if jwk.get("kid", key.id) != key.id:
            raise Invalid("the key's kid is not its thumbprint", code="invalid_public_key")
        return key

    @property
    def header(self) -> str:
        """The first part of everything that this key's owner signs."""
        return self._header

    def jwk(self) -> dict[str, Json]:
        """The public key as a JWK (RFC 8037 §2)."""
        return {**_CURVE, "x": self._x, "kid": self.id, "alg": "EdDSA", "use": "sig"}

    def verify(self, token: str) -> bytes:
        """The payload that `token` holds. Raises Tampered."""
        # 1. Three parts, and a header that allows no choice.
        parts = token.split(".")
        if len(parts) != 3:
            raise Tampered("this is not a compact JWS of three parts")
        header, payload, signature = parts
        if header != self._header:
            raise Tampered("it was signed by another key, or says another algorithm or purpose")
        # 2. Nothing is decoded in two ways.
        signed, raw = _decode(payload), _decode(signature)
        # 3. The signature is over the text as it stands.
        self.require_signature(raw, f"{header}.{payload}".encode("ascii"))
        return signed

    def require_signature(self, signature: bytes, message: bytes) -> None:
        """Check a signature of RFC 8032 §5.1.7. Raises Tampered."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            told = "the signature does not fit: what was signed has been changed"
            raise Tampered(told) from None


class SigningKey:
    """Signs; derived from the master secret, so that it needs no file of its own."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes, typ: str) -> None:
        """`seed`: 32 secret bytes (see `Keys.receipt_seed`). Raises ValueError."""
        if len(seed) != KEY_LENGTH:
            raise ValueError("a signing key's seed has 32 bytes")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw(), typ)

    def __repr__(self) -> str:
        return f"<signing key {self.public.id}>"

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")

    def sign(self, payload: bytes) -> str:
        """`payload` and its signature as a compact JWS."""
        text = f"{self.public.header}.{_encode(payload)}"
        return f"{text}.{_encode(self.signature(text.encode('ascii')))}"

    def signature(self, message: bytes) -> bytes:
        """The one signature of `message` (64 bytes, RFC 8032 §5.1.6)."""
        return self._key.sign(message)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """The bytes of unpadded base64url, which is written in one way only. Raises Tampered."""
    try:
        data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    if _encode(data) != text:
        raise Tampered("a part of it is not base64url as it must be written")
    return data
