"""Embeddings: texts only, vectors in the spelling that was asked for, and none too many."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from louver.core.errors import Invalid, LouverError, NeverSupported, UpstreamFailed
from louver.core.exchanges import Exchange, Operation
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.gateway.wire.embeddings import numbers, written
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.openai_embeddings import OpenAIEmbeddings
from louver.gateway.wire.restoring import Vectors

FORMAT = OpenAIEmbeddings(lambda error: json.dumps({"error": {"message": error.message}}).encode())
ASKED = Asked("ex", Caller("t", "a", "k"))


def parse(**body: Any) -> Exchange:
    return FORMAT.parse(json.dumps({"model": "home", "input": "x", **body}).encode(), ASKED)


def test_texts_are_taken_alone_or_together() -> None:
    one = parse(input="hello there", user="u-1", dimensions=8)
    assert one.operation is Operation.EMBEDDINGS
    assert (one.choices, one.stream, one.tools) == (1, False, frozenset())
    assert one.caller.person == Sensitive("u-1")
    assert one.needs.embeddings
    many = parse(input=["a" * 400, "b" * 4000, ""])
    assert many.choices == 3
    assert many.needs.context == 1000  # A model takes in one text at a time.
    assert many.size > 4400


@pytest.mark.parametrize(
    ("field", "value", "kind", "param"),
    [
        ("input", None, Invalid, "input"),
        ("input", "", Invalid, "input"),
        ("input", [], Invalid, "input"),
        ("input", {}, Invalid, "input"),
        ("input", 5, Invalid, "input"),
        ("input", ["a", None], Invalid, "input[1]"),
        ("input", [1, 2], NeverSupported, "input"),
        ("input", [[1, 2], [3]], NeverSupported, "input"),
        ("input", ["x"] * 5000, Invalid, "input"),
        ("model", None, Invalid, "model"),
        ("dimensions", 0, Invalid, "dimensions"),
        ("dimensions", 1.5, Invalid, "dimensions"),
        ("dimensions", "8", Invalid, "dimensions"),
        ("encoding_format", "hex", Invalid, "encoding_format"),
        ("encoding_format", ["float"], Invalid, "encoding_format"),
        ("stream", True, Invalid, "stream"),
        ("user", 5, Invalid, "user"),
    ],
)
def test_what_is_no_text_is_refused_by_name(
    field: str, value: object, kind: type[LouverError], param: str
) -> None:
    with pytest.raises(kind) as refused:
        parse(**{field: value})
    assert type(refused.value) is kind
    assert refused.value.param == param


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_both_spellings_are_the_same_vector(vector: list[float]) -> None:
    assert numbers(written(vector)) == vector
    assert written(written(vector)) == written(vector)
    assert numbers(vector) == vector


def test_base64_is_little_endian_floats() -> None:
    assert base64.b64decode(written([1.0, -2.5])) == struct.pack("<2f", 1.0, -2.5)


@pytest.mark.parametrize("broken", ["AAAA", "A", "====", "AADAfw==", "AACAfw==", "äöü="])
def test_broken_base64_is_named(broken: str) -> None:
    """Three bytes, no base64, NaN, infinity."""
    with pytest.raises(UpstreamFailed, match="no list of numbers"):
        numbers(broken)


@pytest.mark.parametrize("large", [[1e39], [-1e300]])
def test_a_number_that_no_32_bit_float_holds_is_named(large: list[float]) -> None:
    with pytest.raises(UpstreamFailed, match="no list of numbers"):
        written(large)


@pytest.mark.parametrize(("asked", "kind"), [(None, list), ("float", list), ("base64", str)])
@pytest.mark.parametrize("given", [[0.5, 1.0], "AAAAPwAAgD8="])
def test_the_client_gets_the_spelling_that_it_asked_for(
    asked: str | None, kind: type, given: object
) -> None:
    writer = FORMAT.writer(parse(**({} if asked is None else {"encoding_format": asked})))
    event: dict[str, Any] = {
        "object": "list",
        "data": [{"index": 0, "embedding": given}],
        "usage": {},
    }
    vector = json.loads(writer.whole(event))["data"][0]["embedding"]
    assert isinstance(vector, kind)
    assert numbers(vector) == [0.5, 1.0]


def vectors(*data: Any, count: int = 2, **more: Any) -> dict[str, Any]:
    return Vectors("home", count).whole({"data": list(data), **more})


def test_vectors_are_put_in_the_order_of_the_texts_and_all_else_is_dropped() -> None:
    second = {"index": 1, "embedding": [2], "text": "PERSON_KXQWRTZPLMBV"}
    answer = vectors(second, {"index": 0, "embedding": [1.0]}, model="m", debug="PERSON")
    assert answer == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [1.0]},
            {"object": "embedding", "index": 1, "embedding": [2]},
        ],
        "model": "home",
        "usage": {},
    }
    unnumbered = vectors({"embedding": [1]}, {"embedding": [2]})
    assert [item["embedding"] for item in unnumbered["data"]] == [[1], [2]]


VECTOR = {"embedding": [1.0]}


@pytest.mark.parametrize(
    "data",
    [
        [],
        [VECTOR],
        [VECTOR, VECTOR, VECTOR],
        [{**VECTOR, "index": 0}, {**VECTOR, "index": 0}],
        [{**VECTOR, "index": 0}, {**VECTOR, "index": 2}],
        [{**VECTOR, "index": -1}, VECTOR],
        [{**VECTOR, "index": True}, {**VECTOR, "index": 0}],
        [{**VECTOR, "index": "0"}, VECTOR],
        [VECTOR, {}],
        [VECTOR, {"embedding": []}],
        [VECTOR, {"embedding": ["1.0"]}],
        [VECTOR, {"embedding": [True]}],
        [VECTOR, {"embedding": [None]}],
        [VECTOR, {"embedding": [10**30]}],
        [VECTOR, {"embedding": "PERSON_KXQWRTZPLMBV"}],
        [VECTOR, {"embedding": {"a": 1.0}}],
        [VECTOR, "x"],
    ],
)
def test_a_server_that_lies_is_named(data: list[Any]) -> None:
    with pytest.raises(UpstreamFailed) as failed:
        vectors(*data)
    assert failed.value.code == "upstream_invalid"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=10), t, max_size=4),
    max_leaves=15,
)
fields = st.sampled_from(["model", "input", "dimensions", "encoding_format", "user", "stream"])


@hypothesis_settings(max_examples=400)
@given(st.dictionaries(fields, json_values, max_size=6))
def test_any_json_is_answered_or_refused(tree: dict[str, object]) -> None:
    for body in (tree, {"model": "home", "input": "x", **tree}):
        try:
            exchange = FORMAT.parse(json.dumps(body).encode(), ASKED)
        except LouverError:
            continue
        assert exchange.model == body["model"]
