"""Sealing bytes under one symmetric key; what was changed or moved elsewhere does not open.

Format: version (1 byte) | nonce (12) | AES-256-GCM ciphertext and tag. Source: NIST SP 800-38D.
Assumes fewer than 2**32 seals per key, because nonces are random.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from louver.core.errors import Tampered
from louver.core.seams import Randomness
from louver.crypto.randomness import SystemRandomness

KEY_LENGTH = 32
_VERSION = b"\x01"
_NONCE_LENGTH = 12
_TAG_LENGTH = 16
_DOMAIN = b"louver/seal/v1\0"


def seal(
    key: bytes, plaintext: bytes, context: bytes, randomness: Randomness | None = None
) -> bytes:
    """Encrypt `plaintext`; only the same key and `context` open it.

    Raises ValueError for a key that has not 32 bytes.
    """
    nonce = (randomness or SystemRandomness()).bytes(_NONCE_LENGTH)
    return _VERSION + nonce + _cipher(key).encrypt(nonce, plaintext, _bound(context))


def open_sealed(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return the plaintext. Raises Tampered if key, context or any byte is not what was sealed."""
    if len(sealed) < 1 + _NONCE_LENGTH + _TAG_LENGTH or sealed[:1] != _VERSION:
        raise Tampered(
            "this is not a sealed file of a known version; use the file as it was written"
        )
    nonce, ciphertext = sealed[1 : 1 + _NONCE_LENGTH], sealed[1 + _NONCE_LENGTH :]
    try:
        return _cipher(key).decrypt(nonce, ciphertext, _bound(context))
    except InvalidTag:
        message = "the sealed file was changed, or was sealed with another key or for another use"
        raise Tampered(message) from None


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_LENGTH:
        raise ValueError("a sealing key has 32 bytes")
    return AESGCM(key)


def _bound(context: bytes) -> bytes:
    return _DOMAIN + _VERSION + context
