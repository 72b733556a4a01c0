"""Decoding what providers send: tolerant where servers are sloppy, bounded everywhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.errors import UpstreamFailed
from louver.gateway.providers.openai_compatible_json import DEPTH, decode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_plain_objects_are_read_as_the_standard_library_reads_them(tree: dict[str, object]) -> None:
    assert decode(json.dumps(tree).encode()) == tree


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u0dE1 ', max_size=60).map(str.encode))
def test_any_bytes_give_an_object_or_upstream_invalid(data: bytes) -> None:
    failure = None
    try:
        assert isinstance(decode(data), dict)
    except UpstreamFailed as caught:
        failure = caught
    assert failure is None or (failure.code, failure.__context__) == ("upstream_invalid", None)


def test_halves_of_a_surrogate_pair_are_kept() -> None:
    assert decode(rb'{"a": "\ud83d", "b": "\ude00"}') == {"a": "\ud83d", "b": "\ude00"}
    assert decode(rb'{"a": "\ud83d\ude00"}') == {"a": "😀"}


def test_sloppy_numbers_are_null_and_the_last_key_counts() -> None:
    assert decode(b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": 1.5, "d": 2.5}') == {
        "a": None, "b": None, "c": None, "d": 2.5,
    }  # fmt: skip


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize("depth", [DEPTH + 1, 900, 1_100, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        decode(nested(depth))
    assert caught.value.code == "upstream_invalid"


def test_wide_is_not_deep() -> None:
    assert decode(nested(DEPTH))
    assert decode(b'{"a":[' + b"[]," * 500 + b"[]]}") == {"a": [[]] * 501}


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b'"x"', b"{", b'{"a": "\xff"}', b"1" * 9_999]
)
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        decode(data)
    assert caught.value.code == "upstream_invalid"
