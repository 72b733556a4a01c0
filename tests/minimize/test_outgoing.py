"""What leaves holds no value, however a number, a key or an escape dresses it."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest
from support import canaries

from louver.core.exchanges import JsonTree
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.finder import Finder
from louver.minimize.leaves import everything_is_text
from louver.minimize.survey import survey

CARD = canaries.CARD.replace(" ", "")


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder([PatternDetector()], digest=lambda text: hashlib.sha256(text).digest())


def found(finder: Finder, tree: JsonTree) -> set[str]:
    return set(survey(tree, everything_is_text, finder).counts)


@pytest.mark.parametrize(
    ("key", "value", "category"),
    [
        ("date_of_birth", "1980-05-04", "person.birth_date"),
        ("passport_number", "X12345678", "id.passport"),
        ("password", "hunter2xyz!", "secret.password"),
        ("account_number", "12345678", "finance.account_number"),
        ("account_number", 12345678, "finance.account_number"),
        ("accountNumber", 12345678.0, "finance.account_number"),
    ],
)
def test_a_key_is_context_of_its_value(
    finder: Finder, key: str, value: JsonTree, category: str
) -> None:
    assert found(finder, {"metadata": {key: value}}) == {category}
    assert found(finder, {"metadata": {key: {"items": [value]}}}) == {category}
    schema = {"properties": {key: {"type": "string", "examples": [value]}}}
    assert found(finder, {"tools": [schema]}) == {category}
    assert found(finder, {"metadata": {"plain": value}}) == set()


def test_what_describes_a_field_is_no_value_of_it(finder: Finder) -> None:
    about: JsonTree = {
        "password": {"type": "string", "minLength": 12345678, "description": "hunter2xyz!"}
    }
    assert found(finder, {"tools": [{"properties": about}]}) == set()


def test_a_message_costs_one_scan(finder: Finder) -> None:
    text = "nothing to see in this message of ours"
    before = finder.scanned_characters
    survey({"messages": [{"role": "user", "content": text}]}, everything_is_text, finder)
    assert finder.scanned_characters - before == len(text)


@pytest.mark.parametrize("number", [float(CARD), int(CARD)])
def test_a_number_is_a_card_however_it_is_written(finder: Finder, number: float) -> None:
    assert found(finder, {"x": number}) == {"finance.card_number"}


@pytest.mark.parametrize("text", [f'{{"a":{CARD}.0}}', f"card {CARD}.00 paid", f"[{CARD}.0, 1]"])
def test_a_fraction_of_nothing_hides_no_card(finder: Finder, text: str) -> None:
    assert {f.span.of(text) for f in finder.find(text)} == {CARD}


@pytest.mark.parametrize("tail", [".01", ".0.1", ".0a", ".5"])
def test_other_numbers_that_go_on_are_no_cards(finder: Finder, tail: str) -> None:
    assert finder.find(f"see {CARD}{tail} there") == ()


def test_finding_own_placeholders_is_linear() -> None:
    from louver.core.spans import Finding, Span
    from louver.minimize.protect import unseen

    class Own:
        values: dict[str, Any]

    def cost(count: int) -> float:
        name = "EMAIL_BCDFGHJKLMPQ"
        own: Any = Own()
        own.values = {name: None}
        text = f"{name} x@y " * count
        step = len(name) + 5
        findings = [
            Finding(Span(i * step + at, i * step + at + size), "person.name", "r")
            for i in range(count)
            for at, size in ((0, len(name)), (len(name) + 1, 3))
        ]
        start = time.perf_counter()
        missed = unseen(text, findings, own)
        assert [f.span.of(text) for f in missed] == ["x@y"] * count
        return time.perf_counter() - start

    cost(100)
    small = min(cost(2_000) for _ in range(3))
    assert min(cost(20_000) for _ in range(2)) < small * 40  # Quadratic would be a hundred.


def test_escapes_under_escapes(finder: Finder) -> None:
    mail = canaries.EMAIL
    for _ in range(6):
        mail = json.dumps(mail)[1:-1].replace("@", "\\u0040")
    assert len(finder.find(f"mail {mail} now")) == 1
    zeros = canaries.EMAIL.replace("@", "&#0000000064;")
    assert [f.category for f in finder.find(zeros)] == ["contact.email"]
