"""The example conversations: well-formed, made up, and able to show what they promise."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from louver.core.errors import Invalid
from louver.examples import Conversation, load

ALL = load()
BY_ID = {conversation.id: conversation for conversation in ALL}
RAW = [
    json.dumps(
        [
            [dict(turn.message.reveal()) for turn in conversation.turns],
            [text.reveal() for text in conversation.tool_results.values()],
        ],
        ensure_ascii=False,
    )
    for conversation in ALL
]


def asked(conversation: Conversation) -> int:
    return sum(turn.asked for turn in conversation.turns)


def test_there_are_enough_and_each_is_asked_something() -> None:
    assert len(ALL) >= 13
    assert all(asked(conversation) >= 1 for conversation in ALL)
    assert asked(BY_ID["long-chat"]) == 20
    assert BY_ID["travel-booking"].tools.reveal()
    assert BY_ID["structured-intake"].response_format is not None


def test_three_need_the_remote_model_and_differ_in_consent_and_health() -> None:
    experts = [conversation for conversation in ALL if conversation.task == "expert_review"]
    kinds = {
        (c.consent, any(term.category.startswith("health.") for term in c.terms)) for c in experts
    }
    assert kinds == {(True, False), (False, False), (True, True)}
    assert all(conversation.person is not None for conversation in ALL)


def test_every_term_is_said() -> None:
    for conversation, raw in zip(ALL, RAW, strict=True):
        for term in conversation.terms:
            assert json.dumps(term.text.reveal(), ensure_ascii=False)[1:-1] in raw


@pytest.mark.parametrize("raw", RAW)
def test_addresses_and_numbers_belong_to_nobody(raw: str) -> None:
    hosts = re.findall(r"@([\w.-]+\.\w+)", raw) + re.findall(r"https?://([\w.-]+)", raw)
    assert all(re.search(r"(^|\.)example\.(com|org|net)$", host) for host in hosts)
    for number in re.findall(r"\(\d{3}\) [\d-]+|\+1 [\d ]+\d", raw):
        assert re.search(r"555[- ]01\d\d$", number)
    for address in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", raw):
        assert address.startswith(("192.0.2.", "198.51.100.", "203.0.113."))


def luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def test_check_digits_hold_so_that_detectors_can_find_them() -> None:
    text = "\n".join(RAW)
    cards = re.findall(r"(?<!\d )(?<![A-Z]\d\d )\b\d{4} \d{4} \d{4} \d{4}\b", text)
    assert len(cards) >= 2
    assert all(luhn(card.replace(" ", "")) for card in cards)
    ibans = re.findall(r"\b[A-Z]{2}\d\d(?: [A-Z0-9]{2,4})+\b", text)
    assert len(ibans) >= 5
    for iban in ibans:
        plain = iban.replace(" ", "")
        assert int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def test_a_plain_request_is_a_conversation(tmp_path: Path) -> None:
    file = tmp_path / "chats.jsonl"
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "answered"},
        {"role": "user", "content": [{"type": "text", "text": "two"}]},
        {"role": "user", "content": "three"},
    ]
    file.write_text(json.dumps({"model": "m", "messages": messages}) + "\n\n", encoding="utf-8")
    (conversation,) = load(file)
    assert [turn.asked for turn in conversation.turns] == [False, False, False, True, True]
    assert (conversation.id, conversation.consent, conversation.person) == ("line-1", False, None)


def test_content_never_shows_in_a_repr() -> None:
    for conversation in ALL:
        shown = repr(conversation)
        assert all(term.text.reveal() not in shown for term in conversation.terms)
        assert "example" not in shown


GOOD = '{"id": "a", "turns": [{"role": "user", "content": "x"}]}'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: is not valid JSON"),
        ("\ud83d", "line 2: is not valid JSON"),
        ("[" * 100_000, "line 2: is not valid JSON"),
        ("[]", "line 2: is not a JSON object"),
        ("{}", "neither 'turns' nor 'messages'"),
        ('{"turns": []}', "no user message"),
        ('{"turns": "hunter2"}', "'turns' is not a list of objects"),
        ('{"turns": [{"role": "hunter2"}]}', "turns[0].role"),
        ('{"turns": [{"role": "user"}]}', "turns[0].content"),
        (GOOD.replace('"id": "a"', '"hunter2": 1'), "a field other than"),
        (GOOD.replace('"id": "a"', '"consent": "hunter2"'), "'consent' is neither"),
        (GOOD.replace('"id": "a"', '"person": 7'), "'person' is not text"),
        (GOOD.replace('"id": "a"', '"tool_results": {"a": 1}'), "'tool_results'"),
        (GOOD.replace('"id": "a"', '"response_format": 1'), "'response_format'"),
        (GOOD.replace('"id": "a"', '"terms": [{"term": ""}]'), "terms[0].term"),
        (GOOD.replace('"id": "a"', '"terms": [{"term": "x", "category": "y"}]'), "taxonomy"),
        (GOOD, "its own id"),
    ],
)
def test_a_wrong_line_is_named_and_never_quoted(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "chats.jsonl"
    file.write_bytes(f"{GOOD}\n{line}\n".encode("utf-8", "surrogatepass"))
    with pytest.raises(Invalid) as caught:
        load(file)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    file = tmp_path / "chats.jsonl"
    file.write_text("{}\n[]\n" + GOOD + "\n{\n", encoding="utf-8")
    with pytest.raises(Invalid, match=r"line 1.*line 2.*line 4"):
        load(file)


def test_a_missing_or_empty_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        load(tmp_path / "missing.jsonl")
    (tmp_path / "empty.jsonl").write_bytes(b"\n")
    with pytest.raises(Invalid, match="no conversation"):
        load(tmp_path / "empty.jsonl")
