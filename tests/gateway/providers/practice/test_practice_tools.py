"""Tools and structured output: called where asked for, filled by the schema, always valid."""

from __future__ import annotations

import json
from collections.abc import Mapping

import jsonschema_rs
import pytest
from gateway.providers.requests import (
    EMAIL,
    OTHER,
    PERSON,
    PHONE,
    PLACE,
    called,
    chat,
    said,
    whole,
)
from hypothesis import given
from hypothesis import strategies as st

from louver.gateway.providers.practice import Practice
from louver.gateway.providers.practice.evidence import Evidence
from louver.gateway.providers.practice.schema import Filler

MODEL = Practice(PLACE, delay=0)
BOOK: dict[str, object] = {
    "type": "object",
    "properties": {
        "passenger": {"type": "string", "description": "Name of the passenger"},
        "email": {"type": "string", "format": "email"},
        "origin": {"type": "string"},
        "destination": {"type": "string"},
        "date": {"type": "string", "format": "date"},
        "cabin": {"type": "string", "enum": ["economy", "business"]},
        "seats": {"type": "integer", "minimum": 1, "maximum": 9},
        "refundable": {"type": "boolean"},
        "voucher": {"type": "string"},
    },
    "required": ["passenger", "origin", "destination", "date", "seats"],
    "additionalProperties": False,
}
SEND = {"type": "object", "properties": {"to": {"type": "string"}, "body": {"type": "string"}}}


def tool(name: str, about: str, parameters: Mapping[str, object]) -> dict[str, object]:
    function = {"name": name, "description": about, "parameters": parameters}
    return {"type": "function", "function": function}


TOOLS = [tool("book_flight", "Book a flight", BOOK), tool("send_email", "Send an e-mail", SEND)]
TRIP = (
    f"Please book a flight from Lisbon to Oslo on 12 March 2027 for {PERSON}, two seats in "
    f"business, not refundable, and confirm to {EMAIL}."
)


def test_a_tool_that_is_spoken_of_is_called_with_what_was_said() -> None:
    assert called(MODEL, chat(TRIP, tools=TOOLS)) == [
        (
            "book_flight",
            {
                "passenger": PERSON,
                "email": EMAIL,
                "origin": "Lisbon",
                "destination": "Oslo",
                "date": "2027-03-12",
                "cabin": "business",
                "seats": 2,
                "refundable": False,
            },
        )
    ]


def test_places_that_became_placeholders_keep_their_roles() -> None:
    a, b = "PLACE_KXQWRTZPLMBV", "PLACE_BCDFGHJKLMPQ"
    text = f"Book a flight to {a} from {b} for {PERSON} on 2027-01-02."
    arguments = called(MODEL, chat(text, tools=TOOLS))[0][1]
    assert (arguments["origin"], arguments["destination"]) == (b, a)


def test_required_arguments_are_filled_even_from_nothing() -> None:
    ((name, arguments),) = called(MODEL, chat("hm", tools=TOOLS, tool_choice="required"))
    assert name == "book_flight"
    assert arguments.keys() == {"passenger", "origin", "destination", "date", "seats"}
    jsonschema_rs.validate(BOOK, arguments)


def test_tool_choice() -> None:
    forced = {"type": "function", "function": {"name": "send_email"}}
    assert [name for name, _ in called(MODEL, chat("hm", tools=TOOLS, tool_choice=forced))] == [
        "send_email"
    ]
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [forced]}}
    assert called(MODEL, chat("hm", tools=TOOLS, tool_choice=allowed)) == []
    assert called(MODEL, chat(TRIP, tools=TOOLS, tool_choice="none")) == []
    assert called(MODEL, chat("What a nice day", tools=TOOLS)) == []
    assert called(MODEL, chat(TRIP)) == []


def test_parallel_calls_only_where_they_are_wanted() -> None:
    text = f"Book a flight to Oslo, and send an email to {EMAIL}."
    both = chat(text, tools=TOOLS)
    assert {name for name, _ in called(MODEL, both)} == {"book_flight", "send_email"}
    one = chat(text, tools=TOOLS, parallel_tool_calls=False)
    assert len(called(MODEL, one)) == 1


def test_call_ids_differ_between_turns_and_calls() -> None:
    text = f"Book a flight to Oslo, and send an email to {EMAIL}."
    ids = []
    for body in (chat(text, tools=TOOLS), chat("Hi", "Hello", text, tools=TOOLS)):
        ids += [call.id for call in whole(MODEL, body).choices[0].message.tool_calls or []]
    assert len(ids) == len(set(ids)) == 4


def schema_format(schema: Mapping[str, object]) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "s", "strict": True, "schema": schema}}


def test_structured_output_follows_the_schema_and_the_text() -> None:
    contact = {
        "type": "object",
        "properties": {
            "people": {"type": "array", "items": {"type": "string"}},
            "email": {"anyOf": [{"type": "null"}, {"type": "string"}]},
            "phone": {"type": ["string", "null"]},
            "urgent": {"type": "boolean"},
            "priority": {"$ref": "#/$defs/priority"},
        },
        "required": ["people", "email", "phone", "urgent", "priority"],
        "$defs": {"priority": {"enum": ["low", "high"]}},
    }
    text = f"{PERSON} and {OTHER} wait. It is urgent, priority high. {EMAIL}, {PHONE}."
    answer = json.loads(said(MODEL, chat(text, response_format=schema_format(contact))))
    assert answer == {
        "people": [PERSON, OTHER],
        "email": EMAIL,
        "phone": PHONE,
        "urgent": True,
        "priority": "high",
    }


def test_json_mode_gives_an_object() -> None:
    answer = json.loads(said(MODEL, chat(f"{PERSON}", response_format={"type": "json_object"})))
    assert answer["mentioned"] == {"person": [PERSON]}


NAMES = st.sampled_from(["name", "email", "date", "count", "isUrgent", "items", "note", "to"])
BOUND = st.integers(0, 6)
SCALARS = st.one_of(
    st.builds(lambda n: {"type": "string", "maxLength": n + 3, "minLength": n}, BOUND),
    st.builds(lambda n: {"type": "integer", "minimum": n, "maximum": n + 2}, BOUND),
    st.builds(lambda n: {"type": "number", "exclusiveMinimum": n}, BOUND),
    st.builds(lambda n: {"type": "integer", "multipleOf": n + 1, "maximum": 40}, BOUND),
    st.just({"type": "boolean"}),
    st.just({"enum": ["red", "blue", None]}),
    st.just({"const": 7}),
    st.just({"type": ["null", "integer"]}),
    st.just({"type": "string", "format": "date"}),
    st.just({"$ref": "#/$defs/node"}),
)


def composed(inner: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
    return st.one_of(
        st.dictionaries(NAMES, inner, max_size=4).flatmap(
            lambda properties: st.builds(
                lambda needed: {
                    "type": "object", "properties": properties, "required": needed,
                    "additionalProperties": False,
                },
                st.lists(st.sampled_from(sorted(properties)), unique=True)
                if properties
                else st.just([]),
            )
        ),
        st.builds(
            lambda items, n: {"type": "array", "items": items, "minItems": n, "maxItems": n + 1},
            inner,
            st.integers(0, 3),
        ),
        st.builds(lambda inner: {"anyOf": [{"type": "null"}, inner]}, inner),
        st.builds(lambda a: {"allOf": [a, {"description": "x"}]}, inner),
    )  # fmt: skip


NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}},
    "required": ["name"],
    "additionalProperties": False,
}
TEXTS = st.lists(
    st.sampled_from(["to Oslo", "count 12 or 3.5", PERSON, EMAIL, "not urgent", "2027-02-03", ""]),
    max_size=4,
)


@given(st.recursive(SCALARS, composed, max_leaves=12), TEXTS, st.booleans())
def test_what_is_filled_is_valid(
    schema: dict[str, object], texts: list[str], complete: bool
) -> None:
    root = {**schema, "$defs": {"node": NODE}}
    value = Filler(root, Evidence(texts), complete=complete).fill()
    jsonschema_rs.validate(root, json.loads(json.dumps(value)))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/a"},
        {"$ref": "https://example.com/schema"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": []},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 3},
        {"type": "array", "items": {"type": "string"}, "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": 7, "required": 7, "properties": 7, "enum": 7, "maxItems": "x"},
    ],
)
def test_schemas_that_nobody_can_follow_end(schema: dict[str, object]) -> None:
    for complete in (True, False):
        value = Filler(schema, Evidence(["some text"]), complete=complete).fill()
        assert len(json.dumps(value)) < 1_000_000
