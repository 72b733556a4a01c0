"""The canonical form: one for all spellings of a value, different for different values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.categories import TAXONOMY
from louver.minimize.canonical import canonical
from louver.minimize.detectors import checksums

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
CODES = st.sampled_from(sorted(TAXONOMY))


@pytest.mark.parametrize(
    ("category", "spellings"),
    [
        ("contact.email", ["Alice@Example.com", "alice@example.com", "alice\u200b@example.com",
                           "ａｌｉｃｅ@example.com", "%20alice%40example.com",
                           r"\nalice@example.com"]),
        ("contact.phone", ["+49 30 1234567", "+49-30-1234567", "0049 30 1234567",
                           "+49301234567"]),
        ("finance.card_number", ["4111 1111 1111 1111", "4111-1111-1111-1111",
                                 "4111111111111111"]),
        ("finance.iban", ["DE89 3704 0044 0532 0130 00", "de89370400440532013000"]),
        ("person.name", ["Anna Weber", "ANNA  WEBER", "anna\nweber", "Anna\u00a0Weber"]),
        ("network.ip_address", ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"]),
        ("network.mac_address", ["00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "001b.4411.3ab7"]),
        ("id.us_ssn", ["219-09-9998", "219 09 9998", "219099998"]),
        ("id.es_dni", ["48123456G", "48.123.456-g"]),
        ("travel.booking_code", ["x7k9ql", "X7K9QL"]),
    ],
)  # fmt: skip
def test_spellings_of_one_value_agree(category: str, spellings: list[str]) -> None:
    assert len({canonical(category, spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("category", "one", "other"),
    [
        ("secret.password", "Hunter2", "hunter2"),
        ("secret.api_key", "ab%41", "abA"),
        ("id.fi_identity_code", "131052-308T", "131052+308T"),
        ("id.fi_identity_code", "131052A308T", "131052-308T"),
        ("health.record_number", "12-3/4", "1-23/4"),
        ("contact.phone", "+49 30 1234567", "030 1234567"),
        ("contact.phone", "+1 212 555 0147 x1", "+1 212 555 0147 x2"),
        ("person.name", "Anna Weber", "Anna Weberin"),
        ("louver.literal", "EMAIL_KXQWRTZPLMBV", "email_kxqwrtzplmbv"),
    ],
)
def test_different_values_differ(category: str, one: str, other: str) -> None:
    assert canonical(category, one) != canonical(category, other)


@given(CODES, TEXT)
def test_is_idempotent(category: str, surface: str) -> None:
    once = canonical(category, surface)
    assert canonical(category, once) == once


NUMBER = st.text("0123456789", min_size=12, max_size=19).filter(checksums.luhn)


@given(NUMBER, NUMBER, st.sampled_from(["finance.card_number", "id.us_ssn", "finance.iban"]))
def test_two_numbers_are_never_one(one: str, other: str, category: str) -> None:
    assert (canonical(category, one) == canonical(category, other)) == (one == other)


@given(TEXT)
def test_secrets_stay_exact(surface: str) -> None:
    assert canonical("secret.api_key", surface) == surface
