"""Canonical JSON against RFC 8785's own examples, and as a law."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.encoding import Json, canonical_json

# RFC 8785, appendix B: IEEE 754 bits and the text they serialize to.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_as_the_rfc_lists_them(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_json(value) == text.encode()


def test_keys_are_sorted_by_utf16_code_units() -> None:
    value: Json = {
        "\u20ac": 1,
        "\r": 2,
        "\ufb33": 3,
        "1": 4,
        "\U0001f600": 5,
        "\u0080": 6,
        "\u00f6": 7,
    }
    order = [pair[1] for pair in json.loads(canonical_json(value), object_pairs_hook=list)]
    assert order == [2, 4, 6, 7, 1, 5, 3]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, "\ud800"])
def test_what_has_no_canonical_form_is_refused(value: Json) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.floats(-(2**53), 2**53)
)
trees = st.recursive(leaves, lambda t: st.lists(t) | st.dictionaries(st.text(), t), max_leaves=12)


@given(trees)
def test_it_is_json_and_a_fixed_point(tree: Json) -> None:
    once = canonical_json(tree)
    again = json.loads(once)
    assert again == tree
    assert canonical_json(json.loads(json.dumps(again))) == once
