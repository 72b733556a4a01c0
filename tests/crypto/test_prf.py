"""Letters are a function of key and parts, evenly spread, and no two part lists look alike."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.crypto.prf import ALPHABET, digest, join_parts, letters

KEY = bytes(range(32))
_PARTS = st.lists(st.binary(max_size=12), max_size=4)


def slow_letters(key: bytes, parts: list[bytes], count: int, alphabet: str) -> str:
    """The definition, written out: the last `count` digits of the number, the last one first."""
    encoded = b""
    for part in parts:
        encoded += len(part).to_bytes(8, "big") + part
    number = int(hmac.new(key, encoded, hashlib.sha256).hexdigest(), 16)
    return "".join(alphabet[number // len(alphabet) ** i % len(alphabet)] for i in range(count))


@given(_PARTS, st.integers(1, 32), st.sampled_from([ALPHABET, "AB", "BCDFG"]))
def test_equals_the_definition(parts: list[bytes], count: int, alphabet: str) -> None:
    assert letters(KEY, parts, count, alphabet) == slow_letters(KEY, parts, count, alphabet)


@given(_PARTS, _PARTS)
def test_parts_are_never_confused(left: list[bytes], right: list[bytes]) -> None:
    assert (join_parts(left) == join_parts(right)) == (left == right)
    assert (digest(KEY, left) == digest(KEY, right)) == (left == right)


def test_another_key_gives_other_letters() -> None:
    assert letters(KEY, [b"a"], 12) != letters(bytes(32), [b"a"], 12)


def test_no_letter_is_preferred() -> None:
    """Chi-square over 18 letters, 17 degrees of freedom: above 66 has a chance below 1e-6."""
    counts = Counter("".join(letters(KEY, [i.to_bytes(4, "big")], 12) for i in range(6_000)))
    expected = 6_000 * 12 / 18
    assert sum((counts[c] - expected) ** 2 / expected for c in ALPHABET) < 66


def test_the_alphabet_spells_nothing() -> None:
    assert len(set(ALPHABET)) == 18
    assert not set(ALPHABET) & set("AEIOUYSN0123456789")


@pytest.mark.parametrize(("count", "alphabet"), [(0, "AB"), (33, "AB"), (3, "A"), (3, "A" * 19)])
def test_bad_requests_are_refused(count: int, alphabet: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        letters(KEY, [b"a"], count, alphabet)
