"""Law 3: restoring is safe whatever the model does with the placeholders it was given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.houses import settings

from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.gateway.line import Incoming
from louver.gateway.providers.hostile import Attack, Hostile
from louver.house import House, Seams, build

VALUES = ["Alice Martin", 'Carol O"Neil', "bob@example.com", "+44 20 7946 0123"]
TEXT = (
    f"Patients: {VALUES[0]}, {VALUES[1]} ({VALUES[2]}, {VALUES[3]}). Call 'em \\ soon \U0001f600\n"
)
TOOL = {"type": "function", "function": {"name": "book", "parameters": {"type": "object"}}}
CALLER = Caller("default", "tests", "none")
SEEDS = range(3)

# What makes no value appear, and what makes all of them appear.
MUTE = {Attack.TRUNCATE, Attack.NEAR_MISS, Attack.INVENT, Attack.DISGUISE, Attack.UNDECLARED_TOOL}
LOUD = {
    Attack.ECHO,
    Attack.INFLECT,
    Attack.RECASE,
    Attack.ESCAPE_HTML,
    Attack.ESCAPE_JSON,
    Attack.ESCAPE_MARKDOWN,
    Attack.SURROGATES,
    Attack.CONTROLS,
}
CUT_OFF = {Attack.ERROR, Attack.RESET, Attack.EXTRA_CHOICES}


def by_name(attacks: set[Attack]) -> list[Any]:
    return [pytest.param(a, id=a.name) for a in sorted(attacks, key=lambda a: a.name)]


def house(folder: Path, *attacks: Attack, seed: int = 0) -> House:
    chosen = settings(folder)
    home = Hostile(chosen.policy.destinations["home"], attacks=attacks, seed=seed)
    return build(chosen, Seams(providers={"home": home}))


def ask(asked: House, *, stream: bool, **more: Any) -> list[dict[str, Any]]:
    """The events of the answer, parsed; a whole answer is one."""
    body = {"model": "home", "stream": stream, "messages": [{"role": "user", "content": TEXT}]}
    incoming = Incoming(None, {}, Sensitive(json.dumps({**body, **more}).encode()))

    async def run() -> list[bytes]:
        outgoing = await asked.line.answer(incoming, CALLER)
        return [part async for part in outgoing.body]

    parts = [part.removeprefix(b"data: ").strip() for part in asyncio.run(run())]
    return [orjson.loads(part) for part in parts if part != b"[DONE]"]


def content(events: list[dict[str, Any]]) -> str:
    said = ""
    for event in events:
        for choice in event.get("choices", []):
            piece = choice.get("delta") or choice.get("message") or {}
            said += piece.get("content") or ""
    return said


def arguments(events: list[dict[str, Any]]) -> dict[tuple[str, int], str]:
    """Tool-call arguments by tool name and index, put together as a client does."""
    names: dict[int, str] = {}
    texts: dict[int, str] = {}
    for event in events:
        for choice in event.get("choices", []):
            piece = choice.get("delta") or choice.get("message") or {}
            for i, call in enumerate(piece.get("tool_calls") or []):
                index = call.get("index", i)
                names[index] = names.get(index, "") + (call["function"].get("name") or "")
                texts[index] = texts.get(index, "") + (call["function"].get("arguments") or "")
    return {(names[index], index): text for index, text in texts.items()}


def strings(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from strings(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from strings(item)


@pytest.mark.parametrize("attack", by_name(set(Attack) - CUT_OFF))
def test_streamed_to_one_character_or_whole_it_is_the_same(tmp_path: Path, attack: Attack) -> None:
    for seed in SEEDS:
        with house(tmp_path, attack, seed=seed) as asked:
            whole = ask(asked, stream=False, tools=[TOOL])
        with house(tmp_path, attack, Attack.SPLIT, seed=seed) as asked:
            split = ask(asked, stream=True, tools=[TOOL])
        assert content(split) == content(whole)
        assert arguments(split) == arguments(whole)


@pytest.mark.parametrize("attack", by_name(MUTE))
def test_no_value_is_completed_or_guessed(tmp_path: Path, attack: Attack) -> None:
    for seed in SEEDS:
        with house(tmp_path, attack, Attack.SPLIT, seed=seed) as asked:
            said = json.dumps(ask(asked, stream=True, tools=[TOOL]), ensure_ascii=False)
        assert [v for v in VALUES if v in said or json.dumps(v)[1:-1] in said] == []


@pytest.mark.parametrize("attack", by_name(LOUD))
def test_drift_and_escapes_are_restored(tmp_path: Path, attack: Attack) -> None:
    with house(tmp_path, attack, Attack.SPLIT) as asked:
        said = content(ask(asked, stream=True))
    for value in VALUES:
        forms = {value, json.dumps(value)[1:-1], value.replace('"', "&quot;")}
        assert any(form in said for form in forms), (attack, value)


def test_nothing_is_restored_into_foreign_links(tmp_path: Path) -> None:
    for seed in SEEDS:
        with house(tmp_path, Attack.LINKS, Attack.SPLIT, seed=seed) as asked:
            said = content(ask(asked, stream=True))
        links = [line for line in said.splitlines() if "collect.example.net" in line]
        assert len(links) > 30
        parts = ("Alice", "Martin", "Carol", "Neil", "bob", "7946")
        assert [line for line in links if any(part in line for part in parts)] == []


def test_tool_arguments_stay_json_and_get_their_values(tmp_path: Path) -> None:
    for seed in SEEDS:
        with house(tmp_path, Attack.TOOL_ARGUMENTS, Attack.SPLIT, seed=seed) as asked:
            calls = arguments(ask(asked, stream=True, tools=[TOOL]))
        told = [text for (name, _), text in calls.items() if name == "book"]
        assert told
        found = "\n".join(s for text in told for s in strings(json.loads(text)))
        assert 'Carol O"Neil' in found
        assert "Alice Martin" in found


def test_tools_that_nobody_declared_get_placeholders(tmp_path: Path) -> None:
    with house(tmp_path, Attack.UNDECLARED_TOOL) as asked:
        calls = arguments(ask(asked, stream=True, tools=[TOOL]))
    foreign = [text for (name, _), text in calls.items() if name != "book"]
    assert foreign
    assert all(value not in text for value in VALUES for text in foreign)
    assert any("PERSON_" in text for text in foreign)


def test_a_sealed_tool_gets_placeholders_too(tmp_path: Path) -> None:
    sealed = {"type": "function", "function": {"name": "web_search", "parameters": {}}}
    with house(tmp_path, Attack.TOOL_ARGUMENTS) as asked:
        calls = arguments(ask(asked, stream=True, tools=[sealed]))
    assert calls
    assert all("PERSON_" in text and "Alice" not in text for text in calls.values())


@pytest.mark.parametrize("attack", by_name(CUT_OFF))
def test_a_broken_answer_ends_in_an_error_without_values(tmp_path: Path, attack: Attack) -> None:
    with house(tmp_path, Attack.TRUNCATE, attack) as asked:
        events = ask(asked, stream=True)
    assert "error" in events[-1]
    assert [v for v in VALUES if v in json.dumps(events[-1])] == []


def test_log_probabilities_and_unknown_fields_carry_no_values(tmp_path: Path) -> None:
    with house(tmp_path, Attack.LOGPROBS, Attack.EXTRA_FIELDS) as asked:
        events = ask(asked, stream=True)
    choices = [choice for event in events for choice in event["choices"]]
    assert all(choice["logprobs"] is None for choice in choices)
    for choice in choices:  # The model's reasoning is text like its answer; it is restored.
        choice["delta"].pop("reasoning_content", None)
    rest = json.dumps(events, ensure_ascii=False)
    assert "url_citation" in rest
    assert [v for v in VALUES if v in rest or json.dumps(v)[1:-1] in rest] == []
