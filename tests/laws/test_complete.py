"""Law 1: a canary in any leaf of the request, key or value, never leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support import canaries
from support.houses import Watched, running
from support.http import chat, post
from support.models import Echo
from support.planting import leaves, planted

# One request that uses every field of the format, with no personal data of its own.
FULL: dict[str, Any] = {
    "model": "home",
    "messages": [
        {"role": "system", "content": "be kind", "name": "setup"},
        {"role": "developer", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "content": "hello", "name": "somebody"},
        {
            "role": "assistant",
            "content": None,
            "refusal": "no",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"a": {"b": ["c", 1]}}'},
                },
                {"id": "call_2", "type": "custom", "custom": {"name": "run", "input": "x"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "found it"},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "ok"}]},
        {"role": "assistant", "function_call": {"name": "old", "arguments": '{"q": "w"}'}},
        {"role": "function", "name": "old", "content": "result"},
        {"role": "user", "content": [{"type": "text", "text": "and now?"}], "extra": {"k": "v"}},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "look",
                "description": "looks",
                "strict": True,
                "parameters": {
                    "type": "object",
                    "title": "Look",
                    "properties": {
                        "a": {"type": "string", "enum": ["one", "two"], "default": "one"},
                        "b": {"type": "integer", "minimum": 1, "const": 7, "examples": ["x"]},
                        "c": {"anyOf": [{"pattern": "p"}, {"$ref": "#/$defs/d"}]},
                    },
                    "required": ["a"],
                    "$defs": {"d": {"description": "deep"}},
                },
            },
        },
        {
            "type": "custom",
            "custom": {
                "name": "run",
                "description": "runs",
                "format": {"type": "grammar", "grammar": {"definition": "start: X"}},
            },
        },
    ],
    "functions": [{"name": "old", "description": "older", "parameters": {"properties": {"q": {}}}}],
    "tool_choice": {"type": "function", "function": {"name": "look"}},
    "function_call": {"name": "old"},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "shape", "description": "d", "schema": {"properties": {"x": {}}}},
    },
    "metadata": {"ticket": "T1"},
    "user": "u-1",
    "safety_identifier": "s-1",
    "prompt_cache_key": "p-1",
    "stop": ["END"],
    "logit_bias": {"50256": -100},
    "prediction": {"type": "content", "content": "maybe"},
    "web_search_options": {"user_location": {"approximate": {"city": "Town"}}},
    "seed": 7,
    "max_tokens": 50,
    "temperature": 0.5,
    "reasoning_effort": "low",
    "vendor_extension": {"nested": [{"deep": "text"}]},
}


PLACES = [*leaves(FULL)]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with running(tmp_path_factory.mktemp("complete"), providers={"home": Echo()}) as house:
        yield house


def test_the_full_request_is_answered(watched: Watched) -> None:
    got = post(watched, json.dumps(FULL).encode())
    assert got.status == 200, got.body
    assert len(PLACES) > 150


@pytest.mark.parametrize("canary", [canaries.EMAIL, canaries.KEY, canaries.IBAN])
def test_no_leaf_lets_a_canary_out(watched: Watched, canary: str) -> None:
    escaped = json.dumps(canary).strip('"').encode()
    leaks, answered = [], 0
    for path, kind in PLACES:
        before = len(watched.left)
        got = post(watched, planted(FULL, path, kind, canary))
        sent = b"".join(body for _, body in watched.left[before:])
        answered += got.status == 200
        if canary.encode() in sent or escaped in sent:
            leaks.append((path, kind))
        if got.status != 200:
            assert 400 <= got.status < 500, (path, kind, got.body)
            assert canary.encode() not in got.body, (path, kind)
            assert not sent
    assert leaks == []
    assert answered > len(PLACES) * 0.6  # Most places take a placeholder; the rest is refused.


@pytest.mark.parametrize("field", ["seed", "max_tokens", "logit_bias", "metadata"])
def test_a_number_can_be_a_canary_too(watched: Watched, field: str) -> None:
    card = int(canaries.CARD.replace(" ", ""))
    body = {**FULL, field: {"x": card} if field in {"metadata", "logit_bias"} else card}
    before = len(watched.left)
    post(watched, json.dumps(body).encode())
    assert str(card).encode() not in b"".join(sent for _, sent in watched.left[before:])


@pytest.mark.parametrize("field", ["seed", "max_tokens", "metadata", "vendor", "arguments"])
def test_a_fraction_of_nothing_hides_no_number(watched: Watched, field: str) -> None:
    card = canaries.CARD.replace(" ", "")
    call = {"type": "function", "function": {"name": "f", "arguments": f'{{"a": {card}.0}}'}}
    more: dict[str, dict[str, Any]] = {
        "metadata": {"metadata": {"x": float(card)}},
        "vendor": {"vendor": {"x": [float(card)]}},
        "arguments": {"messages": [*FULL["messages"], {"role": "assistant", "tool_calls": [call]}]},
    }
    body = {**FULL, **more.get(field, {field: float(card)})}
    before = len(watched.left)
    got = post(watched, json.dumps(body).encode())
    assert got.status in {200, 400}
    assert card.encode() not in b"".join(sent for _, sent in watched.left[before:])


KEYED = {
    "date_of_birth": "1980-05-04",
    "passport_number": "X12345678",
    "password": "hunter2xyz!",
    "account_number": "12345678",
}


@pytest.mark.parametrize("place", ["metadata", "arguments", "vendor", "schema"])
@pytest.mark.parametrize(("key", "value"), KEYED.items())
def test_a_key_says_what_its_value_is(watched: Watched, place: str, key: str, value: str) -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": json.dumps({key: value})}}
    shape = {key: {"default": value, "const": value, "enum": [value], "examples": [value]}}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"properties": shape}}}
    more: dict[str, dict[str, Any]] = {
        "metadata": {"metadata": {key: value}},
        "arguments": {"messages": [*FULL["messages"], {"role": "assistant", "tool_calls": [call]}]},
        "vendor": {"vendor": [{key: value}]},
        "schema": {"tools": [tool]},
    }
    before = len(watched.left)
    assert post(watched, json.dumps({**FULL, **more[place]}).encode()).status == 200
    sent = b"".join(body for _, body in watched.left[before:])
    assert value.encode() not in sent
    assert key.encode() in sent


def test_a_value_in_escaped_json_comes_back_as_it_is_meant(watched: Watched) -> None:
    source = json.dumps({"password": "hünter2xyz!", "note": "über"})
    untouched = json.dumps({"k": "über"}, indent=2)
    for content in (source, untouched):
        assert "\\u00fc" in content
        before = len(watched.left)
        got = post(watched, chat(content))
        said = json.loads(got.body)["choices"][0]["message"]["content"]
        sent = json.loads(watched.left[before][1])["messages"][0]["content"]
        assert json.loads(said) == json.loads(content)
        assert "nter2xyz" not in sent
        assert (sent == content) is (content is untouched)
        assert ("hünter2xyz!" in said) is (content is source)


def test_parts_that_cannot_be_inspected_are_refused_by_name(watched: Watched) -> None:
    for kind in ("image_url", "input_audio", "file", "video", "hologram"):
        part = {"type": kind, kind: {"url": "x", "data": "AAAA"}}
        body = {"model": "home", "messages": [{"role": "user", "content": [part]}]}
        before = len(watched.left)
        got = post(watched, json.dumps(body).encode())
        assert (got.status, got.error["code"]) == (400, "uninspectable_part")
        assert got.error["param"] == "messages[0].content[0]"
        assert ": allow" in got.error["message"]
        assert len(watched.left) == before


def test_an_allowed_image_passes_as_it_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("allowed")
    url = "data:image/png;base64," + "QUFB" * 10
    with running(folder, providers={"home": Echo()}, parts="{image: allow}") as house:
        parts = [
            {"type": "text", "text": f"mail {canaries.EMAIL}"},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        body = {"model": "home", "messages": [{"role": "user", "content": parts}]}
        assert post(house, json.dumps(body).encode()).status == 200
        sent = json.loads(house.left[0][1])["messages"][0]["content"]
    assert sent[1]["image_url"]["url"] == url
    assert canaries.EMAIL not in sent[0]["text"]
