"""What was sealed opens with the same key and context, and in no other way."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from louver.core.errors import Tampered
from louver.crypto.sealing import open_sealed, seal

KEY = bytes(range(32))


class Counting:
    """Randomness that a test can foresee."""

    def bytes(self, length: int) -> bytes:
        return bytes(range(length))


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_opening_reverses_sealing(plaintext: bytes, context: bytes) -> None:
    assert open_sealed(KEY, seal(KEY, plaintext, context), context) == plaintext


def test_two_seals_of_the_same_differ() -> None:
    assert seal(KEY, b"x", b"") != seal(KEY, b"x", b"")


def test_the_format_is_version_nonce_ciphertext() -> None:
    sealed = seal(KEY, b"Ada", b"map", Counting())
    nonce = bytes(range(12))
    expected = AESGCM(KEY).encrypt(nonce, b"Ada", b"louver/seal/v1\0\x01map")
    assert sealed == b"\x01" + nonce + expected


@given(st.data())
def test_bad_byte_anywhere(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, b"Ada Example", b"map", Counting()))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Tampered):
        open_sealed(KEY, bytes(sealed), b"map")


@pytest.mark.parametrize("size", range(29))
def test_bad_truncated(size: int) -> None:
    with pytest.raises(Tampered):
        open_sealed(KEY, seal(KEY, b"", b"map", Counting())[:size], b"map")


def test_bad_key_or_context() -> None:
    sealed = seal(KEY, b"Ada", b"map")
    with pytest.raises(Tampered) as caught:
        open_sealed(KEY, sealed, b"other")
    assert "Ada" not in str(caught.value)
    with pytest.raises(Tampered):
        open_sealed(bytes(32), sealed, b"map")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_bad_key_length(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(bytes(size), b"", b"")
