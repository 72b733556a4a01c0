"""Numbers that states outside Europe give to people."""

from __future__ import annotations

from louver.minimize.detectors import checksums
from louver.minimize.detectors.rules import EDGE, Context, Rule
from louver.minimize.detectors.surroundings import stands_alone


def _aadhaar(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Three groups of four, and no fourth."""
    if text[end : end + 1] in {" ", "-"} and text[end + 1 : end + 5].isdigit():
        return None
    return stands_alone(text, start, end)


RULES = (
    Rule(
        name="us.ssn",
        category="id.us_ssn",
        pattern=rf"{EDGE}(?:\d{{3}}-\d{{2}}-\d{{4}}|\d{{3}} \d{{2}} \d{{4}})" + EDGE,
        source="SSA, SSN randomization (2011)",
        positive=("SSN ⟦219-09-9998⟧", "⟦536 22 8726⟧;"),
        negative=("000-12-3456", "666-12-3456", "219-00-9999", "912-12-3456", "219-09-99999"),
        valid=checksums.us_ssn,
        reshape=stands_alone,
        retry=True,
    ),
    Rule(
        name="us.ssn.plain",
        category="id.us_ssn",
        pattern=rf"{EDGE}(?:\d{{9}})" + EDGE,
        source="SSA, SSN randomization (2011)",
        positive=("social security number: ⟦219099998⟧", '"ssn":"⟦536228726⟧"'),
        negative=("219099998", "ssn 000123456"),
        valid=checksums.us_ssn,
        reshape=stands_alone,
        context=Context(words=("ssn", "social security"), reach=4),
        retry=True,
    ),
    Rule(
        name="us.itin",
        category="id.us_itin",
        pattern=rf"{EDGE}(?:9\d{{2}}[- ]\d{{2}}[- ]\d{{4}})" + EDGE,
        source="IRS Internal Revenue Manual 3.21.263",
        positive=("ITIN ⟦912-78-1234⟧",),
        negative=("912-12-3456", "812-78-1234"),
        valid=checksums.us_itin,
        reshape=stands_alone,
        retry=True,
    ),
    Rule(
        name="br.cpf",
        category="id.br_cpf",
        pattern=rf"{EDGE}(?:\d{{3}}\.\d{{3}}\.\d{{3}}-\d{{2}}|\d{{11}})" + EDGE,
        source="Receita Federal, CPF",
        positive=("CPF ⟦123.456.780-62⟧", "cpf=⟦12345678062⟧"),
        negative=("123.456.780-63", "111.111.111-11"),
        valid=checksums.br_cpf,
        reshape=stands_alone,
        retry=True,
    ),
    Rule(
        name="in.aadhaar",
        category="id.in_aadhaar",
        pattern=rf"{EDGE}(?:[2-9]\d{{3}} \d{{4}} \d{{4}}|[2-9]\d{{3}}-\d{{4}}-\d{{4}})" + EDGE,
        source="UIDAI, Aadhaar numbering scheme",
        positive=("Aadhaar ⟦4123 5678 9014⟧",),
        negative=("4123 5678 9015", "1123 5678 9014", "4123 5678 9014 1234"),
        valid=checksums.in_aadhaar,
        reshape=_aadhaar,
        context=Context(barred=("order", "card", "invoice", "serial")),
        retry=True,
    ),
    Rule(
        name="in.aadhaar.plain",
        category="id.in_aadhaar",
        pattern=rf"{EDGE}(?:[2-9]\d{{11}})" + EDGE,
        source="UIDAI, Aadhaar numbering scheme",
        positive=("aadhaar_no: ⟦412356789014⟧",),
        negative=("412356789014", "aadhaar 412356789015"),
        valid=checksums.in_aadhaar,
        reshape=stands_alone,
        context=Context(words=("aadhaar", "aadhar", "uidai", "uid"), reach=4),
        retry=True,
    ),
    Rule(
        name="ca.sin",
        category="id.ca_sin",
        pattern=rf"{EDGE}(?:\d{{3}}[ -]?\d{{3}}[ -]?\d{{3}})" + EDGE,
        source="Service Canada, SIN Code of Practice",
        positive=("SIN: ⟦412 345 670⟧", "social insurance number ⟦412-345-670⟧"),
        negative=("SIN 412 345 671", "total 412 345 670"),
        valid=checksums.luhn,
        reshape=stands_alone,
        context=Context(words=("sin", "social insurance", "nas", "assurance sociale"), reach=3),
        retry=True,
    ),
)
