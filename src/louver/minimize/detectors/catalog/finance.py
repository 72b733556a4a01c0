"""Money: cards, bank accounts, wallets."""

from __future__ import annotations

from louver.minimize.detectors import checksums
from louver.minimize.detectors.rules import EDGE, Context, Rule
from louver.minimize.detectors.surroundings import is_whole, stands_alone
from louver.minimize.detectors.wallets import base58_shape, bech32

_LENGTHS = {
    "4": (19, 16, 13), "51": (16,), "52": (16,), "53": (16,), "54": (16,), "55": (16,),
    "22": (16,), "23": (16,), "24": (16,), "25": (16,), "26": (16,), "27": (16,),
    "34": (15,), "37": (15,), "30": (14,), "36": (19, 14), "38": (16, 14), "39": (16, 14),
    "35": (19, 16), "21": (15,), "18": (15,), "62": (19, 18, 17, 16), "60": (19, 16),
    "64": (19, 16), "65": (19, 16), "81": (19, 16),
    "50": (19, 18, 17, 16, 15, 14, 13, 12), "56": (19, 18, 17, 16, 15, 14, 13, 12),
    "57": (19, 16, 12), "58": (19, 18, 17, 16, 15, 14, 13, 12), "63": (19, 18, 17, 16, 13, 12),
    "67": (19, 18, 17, 16, 15, 14, 13, 12), "69": (19, 16),
}  # fmt: skip
"""Digits of a card number by its beginning, longest first. Source: the networks' ranges."""


def _card(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The longest run of whole groups that has a length of its network and a Luhn digit."""
    number = checksums.digits(text[start:end])
    lengths = _LENGTHS.get(number[:1]) or _LENGTHS.get(number[:2], ())
    for length in lengths:
        if length > len(number) or not checksums.luhn(number[:length]):
            continue
        stop = _after_digits(text, start, length)
        # Digits of a next group may follow after a space, never directly.
        after = text[stop : stop + 2]
        joined = after[:1].isalnum() or (after[:1] in "-./" and after[1:].isdigit())
        if (not joined or is_whole(text, stop)) and not _continues(text, start):
            return start, stop
    return None


def _after_digits(text: str, start: int, count: int) -> int:
    """Where the last of the next `count` digits ends; there are as many."""
    place = start
    while count:
        count -= text[place] in "0123456789"
        place += 1
    return place


def _continues(text: str, start: int) -> bool:
    """Whether the number began before `start`."""
    near, far = text[start - 1 : start], text[start - 2 : start - 1]
    return near.isalnum() or (near in {".", ",", "-", "/"} and far.isdigit())


def _iban(text: str, start: int, end: int) -> tuple[int, int] | None:
    """As many characters as the country's IBANs have; what follows is not part of it."""
    length = checksums.iban_length(text[start : start + 2])
    if length is None:
        return None
    count = 0
    for place in range(start, end):
        count += text[place].isalnum()
        if count == length:
            whole = not text[place + 1 : place + 2].isalnum()
            return (start, place + 1) if whole and checksums.iban(text[start : place + 1]) else None
    return None


RULES = (
    Rule(
        name="card",
        category="finance.card_number",
        # Only numbers of the networks that begin with 5 or 6 may have twelve digits.
        pattern=rf"{EDGE}(?:[1-48]\d(?:[ -]?\d){{11,17}}|[56]\d(?:[ -]?\d){{10,17}})" + EDGE,
        source="ISO/IEC 7812-1",
        positive=(
            "card ⟦4111 1111 1111 1111⟧ exp 12/27",
            "⟦5500-0055-5555-5559⟧",
            "pan=⟦378282246310005⟧;",
            "⟦6011000990139424⟧",
            "⟦4111 1111 1111 1111⟧ 12/27",
            '"card_⟦4111111111111111⟧"',
        ),
        negative=(
            "4111 1111 1111 1112",
            "1700000000000",
            "order 1234567890123456",
            "41111111111111111111111",
            "3.1415926535897932",
        ),
        reshape=_card,
        retry=True,
    ),
    Rule(
        name="iban",
        category="finance.iban",
        pattern=rf"{EDGE}(?:[A-Za-z]{{2}}\d{{2}}(?:[ -]?[A-Za-z0-9]){{11,30}})" + EDGE,
        source="ISO 13616-1, SWIFT IBAN Registry",
        positive=(
            "IBAN ⟦DE89 3704 0044 0532 0130 00⟧ and",
            "⟦GB29NWBK60161331926819⟧",
            "iban:⟦fr1420041010050500013m02606⟧",
            "⟦NL91 ABNA 0417 1643 00⟧.",
        ),
        negative=("DE89 3704 0044 0532 0130 01", "AB12 3456 7890 1234", "ZZ99 is not a country"),
        reshape=_iban,
        retry=True,
    ),
    Rule(
        name="account",
        category="finance.account_number",
        pattern=rf"{EDGE}(?:\d(?:[ \-]?\d){{5,16}})" + EDGE,
        source="GDPR Art. 4(1)",
        positive=(
            "account number: ⟦12345678⟧",
            "Kontonummer ⟦532 013 000⟧",
            "numéro de compte ⟦00012345678⟧",
            '"account_number": "⟦000123456789⟧"',
        ),
        negative=("account 12345678", "number 12345678", "account number is 12"),
        reshape=stands_alone,
        context=Context(
            words=(
                "account number", "account no", "acct no", "bank account", "account nr",
                "kontonummer", "konto nr", "kontonr", "numéro de compte", "numero de compte",
                "número de cuenta", "numero de cuenta", "cuenta bancaria", "compte bancaire",
                "routing number", "sort code",
            ),
            reach=4,
        ),
        retry=True,
    ),
    Rule(
        name="wallet.bech32",
        category="finance.crypto_wallet",
        pattern=r"\b(?:bc1|BC1|tb1|ltc1)[02-9A-HJ-NP-Za-hj-np-z]{20,87}\b",
        source="BIP 173, BIP 350",
        positive=("to ⟦bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4⟧ now",),
        negative=("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "bc1short"),
        valid=bech32,
    ),
    Rule(
        name="wallet.base58",
        category="finance.crypto_wallet",
        pattern=r"\b[13][1-9A-HJ-NP-Za-km-z]{25,34}\b",
        source="Bitcoin developer guide, Base58Check",
        positive=("pay ⟦1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2⟧",),
        negative=("1234567890123456789012345678", "1abcdefghijkmnopqrstuvwxyzab"),
        valid=base58_shape,
    ),
    Rule(
        name="wallet.ethereum",
        category="finance.crypto_wallet",
        pattern=r"\b0x[0-9A-Fa-f]{40}\b",
        source="Ethereum Yellow Paper §4.1, EIP-55",
        positive=("⟦0x52908400098527886E0F7030069857D2E4169EE7⟧.",),
        negative=("0x1234", "0x52908400098527886E0F7030069857D2E4169EE712"),
    ),
)  # fmt: skip
