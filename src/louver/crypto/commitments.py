"""Salted commitments: a ledger leaf says nothing about its entry once the salt is gone."""

from __future__ import annotations

from hashlib import sha256

from louver.crypto.merkle import leaf_hash

SALT_BYTES = 32
_DOMAIN = b"louver/commitment/v1\x00"
_BODY_DOMAIN = b"louver/body/v1\x00"


def commit(salt: bytes, payload: bytes) -> bytes:
    """Commit to `payload`. Raises ValueError unless the salt has its fixed length.

    Binding by SHA-256's collision resistance; hiding because the 32 random bytes cannot be guessed,
    however few values the payload may have. A fixed length keeps salt and payload apart.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a commitment's salt is 32 bytes")
    return sha256(_DOMAIN + salt + payload).digest()


def commit_body(salt: bytes, body: bytes) -> bytes:
    """Commit to bytes that left, as `commit` does to an entry; neither passes for the other."""
    if len(salt) != SALT_BYTES:
        raise ValueError("a commitment's salt is 32 bytes")
    return sha256(_BODY_DOMAIN + salt + body).digest()


def committed_leaf(salt: bytes, payload: bytes) -> bytes:
    """The leaf hash that stands for `payload` in the ledger's tree."""
    return leaf_hash(commit(salt, payload))
