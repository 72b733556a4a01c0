"""Check digits of numbers that people are given; each function takes the value as it is written.

All return False for anything malformed and never raise, as they see whatever a pattern let through.
"""

from __future__ import annotations

from datetime import date

_DIGITS = b"0123456789"
_NO_DIGIT = bytes(set(range(256)) - set(_DIGITS))
_NO_CODE = bytes(set(range(256)) - set(_DIGITS + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"))

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
    "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
    "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
    "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
"""Characters of an IBAN by country. Source: SWIFT IBAN Registry."""


def digits(value: str) -> str:
    """The ASCII digits of `value`, in order."""
    return value.encode("ascii", "ignore").translate(None, _NO_DIGIT).decode()


def compact(value: str) -> str:
    """The ASCII letters and digits of `value`, letters in upper case."""
    return value.upper().encode("ascii", "ignore").translate(None, _NO_CODE).decode()


def iban_length(country: str) -> int | None:
    """How long an IBAN of `country` (two letters) is; None for a country without IBANs."""
    return _IBAN_LENGTHS.get(country.upper())


_DOUBLED = bytes.maketrans(_DIGITS, b"0246813579")
"""What a digit counts when it is doubled: the sum of the two digits that this gives."""


def luhn(value: str) -> bool:
    """Source: ISO/IEC 7812-1 annex B."""
    plain = digits(value).encode()
    total = sum(plain[-1::-2]) + sum(plain[-2::-2].translate(_DOUBLED))
    return (total - ord("0") * len(plain)) % 10 == 0


_NUMBERS = {ord(c): str(int(c, 36)) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def iban(value: str) -> bool:
    """Source: ISO 13616-1 §7; ISO/IEC 7064 MOD 97-10."""
    plain = compact(value)
    if len(plain) != _IBAN_LENGTHS.get(plain[:2]):
        return False
    return int((plain[4:] + plain[:4]).translate(_NUMBERS)) % 97 == 1


def us_ssn(value: str) -> bool:
    """Numbers never given out are none. Source: SSA, "SSN randomization" (2011)."""
    plain = digits(value)
    area, group, serial = plain[:3], plain[3:5], plain[5:]
    return (
        len(plain) == 9
        and area not in {"000", "666"}
        and area < "900"
        and group != "00"
        and serial != "0000"
    )


def us_itin(value: str) -> bool:
    """Source: IRS Internal Revenue Manual 3.21.263."""
    plain = digits(value)
    if len(plain) != 9 or plain[0] != "9":
        return False
    group = int(plain[3:5])
    return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99


def uk_nino(value: str) -> bool:
    """Prefixes never given out are none. Source: HMRC NIM39110."""
    return compact(value)[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def uk_nhs(value: str) -> bool:
    """Source: NHS Data Dictionary, NHS NUMBER (modulus 11)."""
    plain = digits(value)
    if len(plain) != 10:
        return False
    check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(plain[:9])) % 11
    return check % 11 == int(plain[9]) and check != 10


def de_tax_id(value: str) -> bool:
    """One of ten digits comes twice or thrice. Source: StIdV §1; ISO/IEC 7064 MOD 11,10."""
    plain = digits(value)
    if len(plain) != 11 or plain[0] == "0":
        return False
    counts = sorted(plain[:10].count(d) for d in set(plain[:10]))
    if counts[-1] not in {2, 3} or counts.count(2) + counts.count(3) != 1:
        return False
    product = 10
    for digit in plain[:10]:
        product = 2 * ((int(digit) + product) % 10 or 10) % 11
    return (11 - product) % 10 == int(plain[10])


def fr_nir(value: str) -> bool:
    """The key is 97 less the number modulo 97. Source: INSEE, "Numéro de sécurité sociale"."""
    plain = compact(value)
    if len(plain) != 15:
        return False
    number = plain[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and plain[13:].isdigit() and 97 - int(number) % 97 == int(plain[13:])


def es_dni(value: str) -> bool:
    """DNI and NIE. Source: Ministerio del Interior, "Cálculo del dígito de control"."""
    plain = compact(value)
    if len(plain) != 9 or not plain[8].isalpha():
        return False
    number = plain[:8].translate(str.maketrans("XYZ", "012", ""))
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == plain[8]


_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11,
         3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
"""What a character in an odd place of a fiscal code counts. Source: D.M. 23/12/1976, annex."""


def it_fiscal_code(value: str) -> bool:
    plain = compact(value)
    if len(plain) != 16:
        return False
    odd = sum(_ODD[c] for c in plain[0:15:2])
    even = sum(int(c) if c.isdigit() else ord(c) - ord("A") for c in plain[1:15:2])
    return chr(ord("A") + (odd + even) % 26) == plain[15]


def nl_bsn(value: str) -> bool:
    """The eleven test. Source: Logisch Ontwerp BSN, "elfproef"."""
    plain = digits(value).zfill(9)
    if len(plain) != 9 or int(plain) == 0:
        return False
    return (sum(int(d) * (9 - i) for i, d in enumerate(plain[:8])) - int(plain[8])) % 11 == 0


def pl_pesel(value: str) -> bool:
    """The month tells the century; a weighted sum. Source: gov.pl, "Co to jest PESEL"."""
    plain = digits(value)
    if len(plain) != 11:
        return False
    month = int(plain[2:4])
    century = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}[month // 20]
    if not is_date(century + int(plain[:2]), month % 20, int(plain[4:6])):
        return False
    total = sum(int(d) * w for d, w in zip(plain[:10], (1, 3, 7, 9) * 3, strict=False))
    return (10 - total % 10) % 10 == int(plain[10])


def br_cpf(value: str) -> bool:
    """Source: Receita Federal, CPF (two digits modulo 11)."""
    plain = digits(value)
    if len(plain) != 11 or len(set(plain)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(d) * (length + 1 - i) for i, d in enumerate(plain[:length]))
        if total * 10 % 11 % 10 != int(plain[length]):
            return False
    return True


_TIMES = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
"""Multiplication in the dihedral group of a pentagon. Source: Verhoeff (1969)."""
_TURN = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def in_aadhaar(value: str) -> bool:
    """Source: UIDAI, "Aadhaar numbering scheme" (Verhoeff)."""
    plain = digits(value)
    check = 0
    for index, digit in enumerate(reversed(plain)):
        check = int(_TIMES[check][int(_TURN[index % 8][int(digit)])])
    return len(plain) == 12 and plain[0] > "1" and check == 0


def ch_ahv(value: str) -> bool:
    """Source: ZAS, "AHV-Nummer" (EAN-13)."""
    plain = digits(value)
    if len(plain) != 13 or not plain.startswith("756"):
        return False
    return sum(int(d) * (1 + 2 * (i % 2)) for i, d in enumerate(plain)) % 10 == 0


def be_national_number(value: str) -> bool:
    """Since 2000 a 2 is set before the number. Source: rijksregister, TI 000."""
    plain = digits(value)
    if len(plain) != 11 or int(plain[2:4]) % 20 > 12 or int(plain[4:6]) > 31:
        return False
    return int(plain[9:]) in {97 - int(plain[:9]) % 97, 97 - int("2" + plain[:9]) % 97}


def se_personal_number(value: str) -> bool:
    """Source: Skatteverket SKV 704 (Luhn); a day over 60 is a coordination number."""
    plain = digits(value)[-10:]
    if len(plain) != 10:
        return False
    day = int(plain[4:6])
    return is_date(2000 + int(plain[:2]), int(plain[2:4]), day - 60 * (day > 60)) and luhn(plain)


def fi_identity_code(value: str) -> bool:
    """Source: Digi- ja väestötietovirasto, "Henkilötunnus" (modulus 31)."""
    number = digits(value[:6]) + digits(value[7:10])
    if len(number) != 9 or not is_date(2000 + int(number[4:6]), int(number[2:4]), int(number[:2])):
        return False
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(number) % 31] == value[-1].upper()


def pt_nif(value: str) -> bool:
    """Source: Autoridade Tributária (modulus 11)."""
    plain = digits(value)
    if len(plain) != 9 or plain[0] not in "123":
        return False
    rest = sum(int(d) * (9 - i) for i, d in enumerate(plain[:8])) % 11
    return (0 if rest < 2 else 11 - rest) == int(plain[8])


def is_date(year: int, month: int, day: int) -> bool:
    """Whether there is such a day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
