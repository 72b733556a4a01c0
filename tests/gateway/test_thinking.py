"""Thinking goes back to where it came from word for word, or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.houses import running
from support.http import post
from support.models import Body, Scripted, chunk, whole

from louver.core.errors import Invalid
from louver.core.exchanges import Exchange
from louver.core.identity import Caller
from louver.core.policy import Destination, Location
from louver.crypto.keys import Keys
from louver.crypto.randomness import SystemRandomness
from louver.gateway.thinking import Seals, bound_to
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import Asked

KEYS = Keys(bytes(range(32)))
SEALS = Seals(KEYS, SystemRandomness())
CLOUD = Destination("cloud", "anthropic", Location.REMOTE, "Example AI Ltd.", "m")
BLOCK = {"type": "thinking", "thinking": "EMAIL_KXQWRTZPLMBV is new.", "signature": "c2ln"}
HIDDEN = {"type": "redacted_thinking", "data": "aGlkZGVu"}
USER = {"role": "user", "content": "Hi"}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "4"}


def envelope(block: Body, destination: Destination = CLOUD, tenant: str = "t") -> str:
    return SEALS.of(tenant, destination)(block)


def returned(block: Body = BLOCK, **sealed: Any) -> Body:
    """What a client sends back for `block`: its envelope, and its text with values in it."""
    name = "signature" if block["type"] == "thinking" else "data"
    return {**block, "thinking": "bob@example.com is new.", name: envelope(block, **sealed)}


def asking(*blocks: Body, after: Sequence[Body] = (RESULT,)) -> Exchange:
    calls = [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]
    said = {"role": "assistant", "tool_calls": calls, "thinking_blocks": list(blocks)}
    body = {"model": "m", "messages": [USER, said, *after]}
    return exchange_of(body, Asked("ex", Caller("t", "a", "k")), size=1)


def history(exchange: Exchange) -> list[Body]:
    messages: Any = exchange.body.reveal()["messages"]
    return list(messages[1].get("thinking_blocks", []))


@given(st.text(), st.text(min_size=1), st.text(min_size=1))
def test_what_was_sealed_comes_back_word_for_word(text: str, signature: str, data: str) -> None:
    block: Body = {"type": "thinking", "thinking": text, "signature": signature}
    hidden: Body = {"type": "redacted_thinking", "data": data}
    opened = SEALS.opened(asking(returned(block), returned(hidden)))
    assert history(opened) == [block, hidden]
    assert history(bound_to(opened, CLOUD)) == [block, hidden]
    assert {(r.message, r.block) for r in opened.returned} == {(1, 0), (1, 1)}


def test_the_envelope_shows_nothing() -> None:
    sealed = envelope(BLOCK)
    assert "EMAIL" not in sealed
    assert sealed != envelope(BLOCK)
    assert sealed.replace("-", "").replace("_", "").rstrip("=").isalnum()


ELSEWHERE = Seals(Keys(bytes(32)), SystemRandomness()).of("t", CLOUD)(BLOCK)
FORGED = {
    "a provider's own": "ErUBCkYIBRgCIkDYmluZw==",
    "another tenant's": envelope(BLOCK, tenant="other"),
    "another key's": ELSEWHERE,
    "cut off": envelope(BLOCK)[:-4],
    "changed": envelope(BLOCK)[:-4] + "AAAA",
    "of another kind": envelope(HIDDEN),
    "only the mark": "louver-1-",
    "not base64": "louver-1-!!!",
    "not ascii": "louver-1-é",
    "of a later form": "louver-2-AAAA",
}


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED.keys())
def test_what_cannot_be_opened_never_leaves(signature: str) -> None:
    forged = {**BLOCK, "signature": signature}
    with pytest.raises(Invalid) as refused:
        SEALS.opened(asking(forged))
    assert refused.value.param == "messages[1].thinking_blocks[0]"
    assert refused.value.code == "invalid_thinking"
    earlier = SEALS.opened(asking(forged, returned(HIDDEN), after=(RESULT, USER)))
    assert history(earlier) == [HIDDEN]
    assert [r.block for r in earlier.returned] == [0]


def test_thinking_that_nobody_signed_is_left_out() -> None:
    for unsigned in ({"type": "thinking", "thinking": "x"}, {**BLOCK, "signature": ""}, {}):
        opened = SEALS.opened(asking(unsigned))
        assert history(opened) == []
        assert "thinking_blocks" not in json.dumps(dict(opened.body.reveal()))


@pytest.mark.parametrize(
    "other",
    [
        Destination("home", "anthropic", Location.LOCAL, "us", "m"),
        Destination("cloud", "openai", Location.REMOTE, "Example AI Ltd.", "m"),
        Destination("cloud", "anthropic", Location.REMOTE, "x", "m", base_url="https://x.example"),
    ],
    ids=["name", "kind", "base_url"],
)
def test_another_destination_does_not_get_it(other: Destination) -> None:
    opened = SEALS.opened(asking(returned(), returned(HIDDEN, destination=other)))
    assert history(bound_to(opened, CLOUD)) == [BLOCK]
    assert history(bound_to(opened, other)) == [HIDDEN]
    assert [r.block for r in bound_to(opened, other).returned] == [0]


@pytest.mark.parametrize("blocks", ["x", {"a": 1}, ["x"], [[]]])
def test_blocks_of_the_wrong_type_are_refused(blocks: Any) -> None:
    body = {"model": "m", "messages": [{"role": "assistant", "thinking_blocks": blocks}]}
    with pytest.raises(Invalid, match="must be an array of objects"):
        SEALS.opened(exchange_of(body, Asked("ex", Caller("t", "a", "k")), size=1))


VALUE = "alice.martin@example.com"
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {}}}]


def think(body: Body) -> list[Body]:
    """Thinks about the last word, signs that, and calls a tool; then says what it got back."""
    history = [m for m in body["messages"] if m.get("thinking_blocks")]
    if history:
        return [whole({"content": json.dumps(history[0]["thinking_blocks"])})]
    word = body["messages"][-1]["content"].split()[-1]
    block = {"type": "thinking", "thinking": f"About {word}.", "signature": f"signed:{word}"}
    function = {"name": "add", "arguments": "{}"}
    calls = [{"id": "c1", "type": "function", "function": function}]
    if not body.get("stream"):
        message = {"content": None, "thinking_blocks": [block], "tool_calls": calls}
        return [whole({"reasoning_content": block["thinking"], **message}, finish="tool_calls")]
    thought = [chunk({"reasoning_content": c}) for c in str(block["thinking"])]
    signed = chunk({"thinking_signature": block["signature"]})
    return [*thought, signed, chunk({"tool_calls": calls}, finish="tool_calls")]


def first_answer(body: bytes, *, stream: bool) -> tuple[str, Body]:
    """The thinking as the client reads it, and the block that it sends back."""
    if not stream:
        message = orjson.loads(body)["choices"][0]["message"]
        block = message["thinking_blocks"][0]
        assert message["reasoning_content"] == block["thinking"]
        return block["thinking"], block
    lines = [line[6:] for line in body.split(b"\n\n") if line.startswith(b"data: {")]
    deltas = [orjson.loads(line)["choices"][0]["delta"] for line in lines]
    said = "".join(d.get("reasoning_content") or "" for d in deltas)
    signed = next(d["thinking_signature"] for d in deltas if "thinking_signature" in d)
    return said, {"type": "thinking", "thinking": said, "signature": signed}


@pytest.mark.parametrize("stream", [False, True])
def test_through_the_house_and_back(tmp_path: Path, stream: bool) -> None:
    model = Scripted(think)
    asked: Body = {"model": "home", "tools": TOOLS, "messages": [{**USER, "content": VALUE}]}
    with running(tmp_path, providers={"home": model}) as watched:
        got = post(watched, json.dumps({**asked, "stream": stream}).encode())
        assert got.status == 200, got.body
        said, block = first_answer(got.body, stream=stream)
        assert said == f"About {VALUE}."
        assert "signed" not in block["signature"]
        calls = [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]
        answer = {"role": "assistant", "tool_calls": calls, "thinking_blocks": [block]}
        asked["messages"] += [answer, RESULT]
        got = post(watched, json.dumps(asked).encode())
        word = model.asked[0]["messages"][0]["content"]
        assert model.asked[1]["messages"][1]["thinking_blocks"] == [
            {"type": "thinking", "thinking": f"About {word}.", "signature": f"signed:{word}"}
        ]
        forged = {**block, "signature": "c2lnbmVkIGVsc2V3aGVyZQ=="}
        asked["messages"][1]["thinking_blocks"] = [forged]
        got = post(watched, json.dumps(asked).encode())
        assert (got.status, got.error["code"]) == (400, "invalid_thinking")
        assert VALUE.encode() not in watched.bytes_that_left
        assert len(watched.left) == 2
