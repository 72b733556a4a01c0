"""Keyed pseudorandom letters and digests of several parts; equal only for equal keys and parts."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

ALPHABET = "BCDFGHJKLMPQRTVWXZ"
_MOST_LETTERS = 32
_THREE = ["".join((a, b, c)) for c in ALPHABET for b in ALPHABET for a in ALPHABET]
"""What a number below 18**3 is in letters, the lowest place first: three divisions at once."""
_SIZES = [size.to_bytes(8, "big") for size in range(256)]


def join_parts(parts: Sequence[bytes]) -> bytes:
    """Encode `parts` so that no other sequence of parts has the same encoding."""
    out: list[bytes] = []
    for part in parts:
        size = len(part)
        out.append(_SIZES[size] if size < len(_SIZES) else size.to_bytes(8, "big"))
        out.append(part)
    return b"".join(out)


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
    number = int.from_bytes(digest(key, parts), "big") % size**count
    if alphabet != ALPHABET:
        return _one_by_one(number, count, alphabet)
    out = ""
    while len(out) < count:
        number, three = divmod(number, len(_THREE))
        out += _THREE[three]
    return out[:count]


def _one_by_one(number: int, count: int, alphabet: str) -> str:
    out = []
    for _ in range(count):
        number, place = divmod(number, len(alphabet))
        out.append(alphabet[place])
    return "".join(out)
