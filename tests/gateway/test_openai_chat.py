"""What the chat parser refuses, and how it reads the paths of what it takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from louver.core.errors import Invalid, NotYetSupported
from louver.core.exchanges import Exchange
from louver.core.identity import Caller
from louver.core.policy import PartKind
from louver.core.sensitive import Sensitive
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.reading import read_object
from louver.gateway.wire.treatments import Reading
from louver.minimize.leaves import Treatment

ASKED = Asked("ex", Caller("t", "a", "k", Sensitive("somebody")))
SAYS: list[Any] = [{"role": "user", "content": "x"}]


def parse(body: bytes, asked: Asked) -> Exchange:
    return exchange_of(read_object(body), asked, size=len(body))


def body(messages: list[Any] = SAYS, **more: Any) -> bytes:
    return json.dumps({"model": "home", "messages": messages, **more}).encode()


@pytest.mark.parametrize("field", ["user", "safety_identifier", "prompt_cache_key"])
@pytest.mark.parametrize("value", [5, 1.5, True, {"id": "x"}, ["x"]])
def test_who_somebody_is_must_be_a_string_even_with_a_person_in_the_header(
    field: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        parse(body(**{field: value}), ASKED)
    assert refused.value.param == field


@pytest.mark.parametrize("role", ["user", "assistant", "tool"])
def test_a_name_must_be_a_string(role: str) -> None:
    with pytest.raises(Invalid, match=r"messages\[0\].name must be a string"):
        parse(body([{"role": role, "content": "x", "name": {"a": 1}}]), ASKED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", {}),
        ("functions", {}),
        ("stop", 5),
        ("stop", [5]),
        ("stop", {}),
        ("tool_choice", 5),
        ("tool_choice", []),
        ("function_call", 5),
        ("seed", "x"),
        ("prediction", "x"),
    ],
)
def test_wrong_types_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        parse(body(**{field: value}), ASKED)
    assert str(refused.value.param).startswith(field)


@pytest.mark.parametrize(
    ("field", "value"),
    [("stop", "END"), ("stop", ["END"]), ("tool_choice", "auto"), ("seed", 5), ("tools", None)],
)
def test_right_types_are_taken(field: str, value: Any) -> None:
    assert parse(body(**{field: value}), ASKED).model == "home"


@pytest.mark.parametrize("role", ["user", "system", "developer", "tool", "function"])
def test_only_the_assistant_may_say_nothing(role: str) -> None:
    for message in ({"role": role}, {"role": role, "content": None}):
        with pytest.raises(Invalid, match="content must be"):
            parse(body([message]), ASKED)
    assert parse(body([{"role": "assistant", "content": None}]), ASKED).uninspectable == ()


@pytest.mark.parametrize("part", [{"type": "text", "text": 5}, {"type": "text"}, {"text": "x"}])
def test_a_text_part_holds_text(part: Any) -> None:
    with pytest.raises(Invalid, match=r"content\[0\]"):
        parse(body([{"role": "user", "content": [part]}]), ASKED)


def test_parts_that_cannot_be_inspected_are_seen_wherever_they_hide() -> None:
    image = {"type": "image_url", "image_url": {"url": "x"}}
    hidden = {"type": "text", "text": "x", "input_audio": {"data": "AAAA"}}
    exchange = parse(
        body([{"role": "user", "content": [hidden]}], prediction={"content": [image]}), ASKED
    )
    assert [(p.kind, p.path) for p in exchange.uninspectable] == [
        (PartKind.AUDIO, "messages[0].content[0]"),
        (PartKind.IMAGE, "prediction.content[0]"),
    ]


def test_text_beside_an_allowed_image_is_read_all_the_same() -> None:
    reading = Reading(frozenset(), frozenset({"messages[0].content[0]", "prediction.content[1]"}))
    at = ("messages", 0, "content", 0)
    assert reading((*at, "image_url", "url")) is Treatment.OPAQUE
    assert reading((*at, "text")) is Treatment.TEXT
    assert reading((*at[:3], 1, "image_url", "url")) is Treatment.TEXT
    assert reading(("prediction", "content", 1, "file", "file_data")) is Treatment.OPAQUE
    assert reading(("prediction", "content", 0, "file", "file_data")) is Treatment.FILE


def test_earlier_audio_is_refused() -> None:
    with pytest.raises(NotYetSupported):
        parse(body([{"role": "assistant", "audio": {"id": "a"}}]), ASKED)
