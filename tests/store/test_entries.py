"""The fast encoder writes what the careful one writes, or leaves it to that one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from store.desk import answered, sent

from louver.core.encoding import canonical_json
from louver.core.errors import Invalid
from louver.core.events import Event
from louver.store.entries import encode

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
TIMES = st.floats(0.001, 2.0**60) | st.integers(0, 2**40).map(float)
# Wider than the annotations say: types are not checked where the program runs.
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | st.booleans()
COUNTS = st.dictionaries(TEXT, NUMBERS, max_size=4)


def careful(event: Event, time: float) -> bytes:
    return canonical_json({"kind": event.kind.value, "time": time, **event.payload()})


@given(TEXT, COUNTS, TIMES)
@example("x", {"\ue000": 1, "\U00010000": 2}, 1.5)  # In UTF-16 these sort the other way round.
@example('\x00\x1f\x7f\u2028"\\/', {}, 1_800_000_000.0)
@example("x", {"a": 2.0}, 1e16)
@example("x", {"a": True}, 1e22)
def test_sent_is_canonical(text: str, counts: dict[str, int], time: float) -> None:
    event = replace(sent(text), purpose=text, counts=counts, because=(text, "+local"), body=text)
    assert encode(event, time) == careful(event, time)


@given(TEXT, COUNTS, TIMES, NUMBERS, NUMBERS)
def test_answered_is_canonical(
    text: str, milliseconds: dict[str, int], time: float, status: int, tokens: int
) -> None:
    event = replace(answered(text, text, tokens), milliseconds=milliseconds, status=status)
    assert encode(event, time) == careful(event, time)


@pytest.mark.parametrize("count", [2**53 + 1, -(2**53) - 1, 2**70])
def test_what_has_no_canonical_form_is_refused(count: int) -> None:
    with pytest.raises(Invalid):
        encode(replace(sent("x"), counts={"a": count}), 1.5)
    with pytest.raises(Invalid):
        encode(sent("\ud800"), 1.5)
    assert encode(replace(sent("x"), counts={"a": 2**53}), 1.5)
