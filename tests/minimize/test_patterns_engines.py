"""RE2 and Python's `re` give identical findings, and scanning stays linear."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.scan import documents
from louver.minimize.detectors.catalog import RULES
from louver.minimize.detectors.engines.portable import Re2Engine
from louver.minimize.detectors.engines.reference import ReEngine
from louver.minimize.detectors.opened import OpenedText
from louver.minimize.detectors.patterns import PatternDetector

FAST = PatternDetector()
SLOW = PatternDetector(engine=ReEngine(RULES))
EXAMPLES = [
    example.replace("⟦", "").replace("⟧", "")
    for rule in RULES
    for example in (*rule.positive, *rule.negative)
]
PIECES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.sampled_from(EXAMPLES).flatmap(lambda e: st.integers(1, len(e)).map(lambda n: e[:n])),
    st.text("0123456789 .-/()+_@:aZé", max_size=20),
    st.text(max_size=8),
    st.sampled_from(["phone ", "born ", "né ", "😀", "\u212a", "\ud800", "BORN_", "\n"]),
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)


@given(TEXTS)
@settings(max_examples=300)
def test_the_engines_agree_on_anything(text: str) -> None:
    assert sorted(FAST.find(text)) == sorted(SLOW.find(text))


@pytest.mark.parametrize("text", documents(20))
def test_the_engines_agree_on_chat(text: str) -> None:
    found = sorted(FAST.find(text))
    assert found
    assert found == sorted(SLOW.find(text))


def test_the_engines_agree_on_all_examples_at_once() -> None:
    text = "\n".join(EXAMPLES)
    assert sorted(FAST.find(text)) == sorted(SLOW.find(text))


@given(TEXTS)
def test_offsets_are_code_points(text: str) -> None:
    shifted = [(f.span.start - 1, f.span.end - 1, f.rule) for f in FAST.find("\u00fc" + text)]
    direct = [(f.span.start, f.span.end, f.rule) for f in SLOW.find("\u00fc" + text)]
    assert sorted(shifted) == sorted((a - 1, b - 1, rule) for a, b, rule in direct)


SIZE = 400_000
HOSTILE = [
    "1" * SIZE,
    "1 " * (SIZE // 2),
    "a@" * (SIZE // 2),
    "a." * (SIZE // 2),
    "-----BEGIN" * (SIZE // 10),
    ("-----BEGIN PRIVATE" + " KEY-----") * (SIZE // 27),
    "phone " + "1-" * (SIZE // 2),
    "(" * SIZE,
    ":" * SIZE,
    "password=" * (SIZE // 9),
    "eyJ" * (SIZE // 3),
    "A " * (SIZE // 2),
    "é" * (SIZE // 2),
    "_" * SIZE,
    "4111111111111111_" * (SIZE // 17),
]
SLOWEST = 20.0  # seconds; a quadratic rule would take hours


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:12])
def test_a_hostile_text_costs_no_more_than_its_quarters(text: str) -> None:
    quarter = max(_seconds(text[: len(text) // 4]) for _ in range(2))
    whole = _seconds(text)
    # Linear is 4 times, quadratic 16 times; in between for noise, and a floor for what is quick.
    assert whole <= 8 * quarter + 0.25
    assert whole <= SLOWEST


def _seconds(text: str) -> float:
    start = time.process_time()
    FAST.find(text)
    return time.process_time() - start


def test_the_gate_lets_every_rule_with_a_match_pass() -> None:
    engine = Re2Engine(RULES)
    for index, rule in enumerate(RULES):
        for example in rule.positive:
            text = example.replace("⟦", "").replace("⟧", "")
            subject = engine.open(OpenedText(text))
            assert subject is not None
            assert index in {*subject.strong, *subject.weak}, rule.name
