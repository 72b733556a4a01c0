"""Commitments: fixed to their bytes, different for every salt."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.crypto.commitments import SALT_BYTES, commit, commit_body, committed_leaf

salts = st.binary(min_size=32, max_size=32)


def test_a_body_is_committed_to_apart_from_entries() -> None:
    salt = bytes(range(32))
    assert commit_body(salt, b"{}") == sha256(b"louver/body/v1\x00" + salt + b"{}").digest()
    assert commit_body(salt, b"{}") != commit(salt, b"{}")


def test_a_commitment_is_the_documented_hash() -> None:
    salt = bytes(range(32))
    expected = sha256(b"louver/commitment/v1\x00" + salt + b"{}").digest()
    assert commit(salt, b"{}") == expected
    assert committed_leaf(salt, b"{}") == sha256(b"\x00" + expected).digest()


@given(salts, salts, st.binary(), st.binary())
def test_only_the_same_salt_and_payload_commit_the_same(
    salt: bytes, other: bytes, payload: bytes, another: bytes
) -> None:
    same = (salt, payload) == (other, another)
    assert (commit(salt, payload) == commit(other, another)) is same
    assert (committed_leaf(salt, payload) == committed_leaf(other, another)) is same


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    """Otherwise the end of a salt could pass for the start of a payload."""
    assert length != SALT_BYTES
    with pytest.raises(ValueError, match="32 bytes"):
        commit(bytes(length), b"")
    with pytest.raises(ValueError, match="32 bytes"):
        commit_body(bytes(length), b"")
