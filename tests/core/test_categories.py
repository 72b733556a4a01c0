"""The taxonomy: complete, unambiguous, and its labels fit for placeholders."""

from __future__ import annotations

import re

import pytest

from louver.core.categories import LABELS, TAXONOMY, Category, Tier, category

ALL = list(TAXONOMY.values())
REQUIRED = {
    "person.name": "PERSON",
    "person.user_id": "USER",
    "person.birth_date": "BIRTH_DATE",
    "contact.email": "EMAIL",
    "contact.phone": "PHONE",
    "contact.address": "ADDRESS",
    "network.ip_address": "IP",
    "network.mac_address": "MAC",
    "finance.card_number": "CARD",
    "finance.iban": "IBAN",
    "finance.crypto_wallet": "WALLET",
    "health.condition": "CONDITION",
    "health.record_number": "RECORD",
    "secret.api_key": "API_KEY",
    "secret.private_key": "PRIVATE_KEY",
    "secret.jwt": "JWT",
    "secret.password": "PASSWORD",
    "secret.connection_string": "CONNECTION",
    "organization.name": "ORGANIZATION",
    "location.place": "PLACE",
    "custom.term": "TERM",
    "louver.literal": "LITERAL",
}


def test_has_at_least_thirty_codes_and_each_label_once() -> None:
    assert len(TAXONOMY) >= 30
    assert len(LABELS) == len(TAXONOMY)


@pytest.mark.parametrize(("code", "label"), REQUIRED.items())
def test_keeps_the_codes_that_placeholders_were_made_with(code: str, label: str) -> None:
    assert category(code).label == label


@pytest.mark.parametrize("entry", ALL, ids=lambda c: c.code)
def test_each_entry_is_well_formed(entry: Category) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", entry.code)
    assert re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", entry.label)
    assert entry.meaning
    assert not entry.meaning.endswith(".")
    assert entry.source
    assert entry.presidio is None or re.fullmatch(r"[A-Z_]+", entry.presidio)
    assert entry.fideslang is None or entry.fideslang.startswith("user.")
    assert entry.dpv is None or entry.dpv.startswith("pd:")


def test_special_means_article_9() -> None:
    assert {c.code for c in ALL if c.article9} == {c.code for c in ALL if c.tier is Tier.SPECIAL}


def test_secrets_are_of_the_secret_tier_and_nothing_else_is() -> None:
    assert {c.code for c in ALL if c.tier is Tier.SECRET} == {
        c.code for c in ALL if c.code.startswith("secret.")
    }


def test_identity_numbers_are_sensitive() -> None:
    numbers = [c for c in ALL if c.code.startswith("id.")]
    assert len(numbers) >= 12
    assert {c.tier for c in numbers} == {Tier.SENSITIVE}


def test_an_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        category("person.nothing")
