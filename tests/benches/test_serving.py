"""The benches measure what they say: new prompts full of values, and growth where there is some."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

from bench.serving import prompts
from bench.serving.figures import row
from bench.serving.plot import Panel, draw
from bench.soak import growth
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.finder import Finder

NUMBERS = (0, 1, 63, 4_711, 1_000_000)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_prompt_of_1_kb_holds_seven_values_of_six_kinds(number: int) -> None:
    text = prompts.text(number)
    finder = Finder([PatternDetector()], digest=lambda data: data)
    found = finder.find(text)
    kinds = Counter(finding.category for finding in found)
    assert len(text) == prompts.SIZE
    assert (len(found), len(kinds)) == (7, 6)
    assert prompts.email(number) in {text[f.span.start : f.span.end] for f in found}


def test_no_two_prompts_share_a_text() -> None:
    texts = {prompts.text(number) for number in range(2_000)}
    assert len(texts) == 2_000


def test_a_body_is_a_chat_completion_request() -> None:
    body = orjson.loads(prompts.body(7, model="chat", stream=True))
    assert (body["model"], body["stream"]) == ("chat", True)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_growth_is_seen_through_noise_and_spikes() -> None:
    flat = [(float(minute), 100.0 + minute % 3) for minute in range(12)]
    flat[5] = (5.0, 900.0)
    rising = [(at, value + 2 * at) for at, value in flat]
    assert abs(growth(flat)) < 1.0
    assert growth(rising) == pytest.approx(22.0, abs=1.0)


@pytest.mark.parametrize(("value", "holds"), [(1.3, True), (1.31, False)])
def test_a_bar_holds_up_to_its_number(value: float, *, holds: bool) -> None:
    assert row("ratio", value, ("<=", 1.3))["holds"] is holds


def test_a_plot_has_a_line_for_each_series() -> None:
    plot = draw([0.5, 1.0], [Panel("memory", [[1.0, 2.0]]), Panel("ms", [[1.0, 2.0], [3.0, 4.0]])])
    assert plot.count("<polyline") == 3
