"""Sealed content opens in its place with its salt, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.errors import Tampered
from louver.crypto.keys import Keys
from louver.crypto.randomness import SystemRandomness
from louver.crypto.vault import Place, Vault

VAULT = Vault(Keys(bytes(32)), SystemRandomness())
SALT = bytes(range(32))
PLACE = Place("northwind", "helpdesk", "5f" * 16, bytes(32))


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_what_was_sealed_opens(content: bytes, tenant: str, application: str) -> None:
    place = replace(PLACE, tenant=tenant, application=application)
    sealed = VAULT.seal(content, place, SALT)
    assert content not in sealed or len(content) < 4
    assert VAULT.open(sealed, place, SALT) == content


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PLACE, tenant="southwind"),
        replace(PLACE, application="other"),
        replace(PLACE, person="5e" * 16),
        replace(PLACE, person=None),
        replace(PLACE, name=bytes(31) + b"\1"),
        replace(PLACE, tenant="northwindh", application="elpdesk"),
    ],
)
def test_it_opens_in_no_other_place(wrong: Place) -> None:
    sealed = VAULT.seal(b"content", PLACE, SALT)
    with pytest.raises(Tampered):
        VAULT.open(sealed, wrong, SALT)


def test_it_opens_with_no_other_salt_and_no_other_master() -> None:
    sealed = VAULT.seal(b"content", PLACE, SALT)
    with pytest.raises(Tampered):
        VAULT.open(sealed, PLACE, bytes(32))
    with pytest.raises(Tampered):
        Vault(Keys(b"\1" * 32), SystemRandomness()).open(sealed, PLACE, SALT)
    with pytest.raises(ValueError, match="32 bytes"):
        VAULT.seal(b"content", PLACE, b"")


def test_names_are_keyed_and_per_tenant() -> None:
    name = VAULT.name("northwind", "resp_1")
    assert len(name) == 32
    others = [
        VAULT.name("southwind", "resp_1"),
        VAULT.name("northwind", "resp_2"),
        Vault(Keys(b"\1" * 32), SystemRandomness()).name("northwind", "resp_1"),
    ]
    assert name not in others
    assert VAULT.name("northwind", "resp_1") == name
