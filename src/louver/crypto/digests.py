"""Plain SHA-256, for naming public things such as a policy; nothing secret is hashed with it."""

from __future__ import annotations

import hashlib


def sha256(data: bytes) -> bytes:
    """The 32-byte digest of `data`. Source: FIPS 180-4.

    >>> sha256(b"abc").hex()
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    """
    return hashlib.sha256(data).digest()
