"""What looks like a placeholder is seen in every guise, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.categories import LABELS
from louver.crypto.prf import ALPHABET
from louver.minimize.detectors.shapes import placeholder_spans
from louver.minimize.placeholders import CODE_LENGTH

CODE = st.text(ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a EMAIL_KXQWRTZPLMBV b", ["EMAIL_KXQWRTZPLMBV"]),
        ("us_ssn_kxqwrtzplmbv", ["us_ssn_kxqwrtzplmbv"]),
        (r"US\_SSN\_KXQWRTZPLMBV", [r"US\_SSN\_KXQWRTZPLMBV"]),
        ("xEMAIL_KXQWRTZPLMBVx", ["EMAIL_KXQWRTZPLMBV"]),
        ("EMAIL_KXQWRTZPLMBVPHONE_KXQWRTZPLMBV", ["EMAIL_KXQWRTZPLMBV", "PHONE_KXQWRTZPLMBV"]),
        ("EMAIL_KXQWRTZPLMB", []),
        ("EMAIL_KXQWRTZPLMBA", []),
        ("MAILBOX_KXQWRTZPLMBV", []),
        ("_KXQWRTZPLMBV", []),
        ("EMAIL-KXQWRTZPLMBV", []),
    ],
)
def test_sees_the_shape(text: str, values: list[str]) -> None:
    assert [span.of(text) for span in placeholder_spans(text)] == values


@given(st.sampled_from(sorted(LABELS)), CODE, st.text(max_size=8), st.text(max_size=8))
def test_sees_it_whatever_stands_around_it(label: str, code: str, a: str, b: str) -> None:
    text = f"{a}{label}_{code}{b}"
    spans = placeholder_spans(text)
    assert any(s.end == len(a) + len(label) + 1 + CODE_LENGTH for s in spans)
