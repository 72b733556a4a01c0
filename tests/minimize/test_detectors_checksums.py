"""Check digits against published examples, and against every single wrong digit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.minimize.detectors import checksums as c
from louver.minimize.detectors.wallets import base58_shape, bech32

Check = Callable[[str], bool]

# Values that the issuers, standards or their documentation print as examples.
PUBLISHED: list[tuple[Check, str]] = [
    (c.luhn, "4111 1111 1111 1111"),
    (c.luhn, "378282246310005"),
    (c.iban, "GB29 NWBK 6016 1331 9268 19"),
    (c.iban, "DE89 3704 0044 0532 0130 00"),
    (c.iban, "NO93 8601 1117 947"),
    (c.iban, "MT84MALT011000012345MTLCAST001S"),
    (c.us_ssn, "219-09-9999"),
    (c.us_itin, "912-78-1234"),
    (c.uk_nhs, "943 476 5919"),
    (c.de_tax_id, "86095742719"),
    (c.de_tax_id, "65929970489"),
    (c.fr_nir, "255081416802538"),
    (c.es_dni, "12345678Z"),
    (c.es_dni, "X1234567L"),
    (c.it_fiscal_code, "RSSMRA85T10A562S"),
    (c.nl_bsn, "111222333"),
    (c.pl_pesel, "44051401359"),
    (c.br_cpf, "111.444.777-35"),
    (c.in_aadhaar, "2341 2341 2346"),
    (c.ch_ahv, "756.9217.0769.85"),
    (c.be_national_number, "85.07.30-033.28"),
    (c.se_personal_number, "811228-9874"),
    (c.fi_identity_code, "131052-308T"),
    (c.pt_nif, "123456789"),
    (c.luhn, "046 454 286"),
    (bech32, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    (bech32, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"),
    (bech32, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
]
CATCH_ONE_DIGIT = [
    (check, value)
    for check, value in PUBLISHED
    if check not in {c.us_ssn, c.us_itin, c.be_national_number, bech32}
]
ALL: list[Check] = sorted({check for check, _ in PUBLISHED}, key=lambda f: f.__name__)


@pytest.mark.parametrize(("check", "value"), PUBLISHED)
def test_accepts_published_examples(check: Check, value: str) -> None:
    assert check(value)


@pytest.mark.parametrize(("check", "value"), CATCH_ONE_DIGIT)
def test_refuses_every_other_last_digit_or_letter(check: Check, value: str) -> None:
    last = "0123456789" if value[-1].isdigit() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    others = [value[:-1] + other for other in last if other != value[-1]]
    assert [other for other in others if check(other)] == []


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (c.us_ssn, "000-12-3456"),
        (c.us_ssn, "666-12-3456"),
        (c.us_ssn, "900-12-3456"),
        (c.us_ssn, "123-00-3456"),
        (c.us_ssn, "123-45-0000"),
        (c.uk_nino, "BG123456A"),
        (c.br_cpf, "111.111.111-11"),
        (c.nl_bsn, "000000000"),
        (c.pl_pesel, "44133101359"),
        (c.iban, "ZZ29NWBK60161331926819"),
        (c.de_tax_id, "12345678901"),
        (bech32, "bc1Qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
        (bech32, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp"),
        (base58_shape, "1111111111111111111111111111"),
    ],
)
def test_refuses_what_is_never_given_out(check: Check, value: str) -> None:
    assert not check(value)


@pytest.mark.parametrize("check", ALL, ids=lambda f: f.__name__)
@given(text=st.text("0123456789ABCXYZ-. +", max_size=20))
def test_never_raises_on_what_patterns_may_let_through(check: Check, text: str) -> None:
    assert check(text) in {True, False}
