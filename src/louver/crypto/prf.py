"""Keyed pseudorandom letters and digests of several parts; equal only for equal keys and parts."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

ALPHABET = "BCDFGHJKLMPQRTVWXZ"
_MOST_LETTERS = 32


def join_parts(parts: Sequence[bytes]) -> bytes:
    """Encode `parts` so that no other sequence of parts has the same encoding."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def digest(key: bytes, parts: Sequence[bytes]) -> bytes:
    """HMAC-SHA256 of the unambiguous encoding of `parts` (32 bytes)."""
    return hmac.digest(key, join_parts(parts), hashlib.sha256)


def letters(key: bytes, parts: Sequence[bytes], count: int, alphabet: str = ALPHABET) -> str:
    """Return `count` letters, a pseudorandom function of `key` and `parts`.

    A 256-bit number is written in base `len(alphabet)` and its last `count` digits are taken: their
    distance from uniform is below len(alphabet)**count / 2**256, under 2**-123 for the default.
    Raises ValueError unless `count` is within 1 to 32 and the alphabet has 2 to 18 letters.
    """
    size = len(alphabet)
    if not 1 <= count <= _MOST_LETTERS:
        raise ValueError("ask for 1 to 32 letters")
    if not 2 <= size <= len(ALPHABET):
        raise ValueError("an alphabet has 2 to 18 letters")
    number = int.from_bytes(digest(key, parts), "big")
    out = []
    for _ in range(count):
        number, place = divmod(number, size)
        out.append(alphabet[place])
    return "".join(out)
