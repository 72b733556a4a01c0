"""The layered map of answers is a map: whatever is put in, in whatever order, comes out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from store.desk import START

from louver.core.consent import Consent, ConsentKey, ConsentState
from louver.store.facts import Answers

states = st.sampled_from(list(ConsentState))


def answer(person: int, state: ConsentState) -> Consent:
    key = ConsentKey("northwind", f"person-{person}", "assistance", "Elsewhere Inc.")
    return Consent(key, state, START)


@given(
    st.lists(st.tuples(st.integers(0, 30), states), max_size=20),
    st.lists(st.lists(st.tuples(st.integers(0, 30), states), max_size=4), max_size=12),
)
def test_answers_behave_like_a_dictionary(
    first: list[tuple[int, ConsentState]], later: list[list[tuple[int, ConsentState]]]
) -> None:
    expected = {a.key: a for a in (answer(*pair) for pair in first)}
    answers = Answers(dict(expected))
    for group in later:
        before = dict(answers)
        extended = answers.with_answers(*(answer(*pair) for pair in group))
        assert dict(answers) == before  # The older snapshot stays what it was.
        expected |= {a.key: a for a in (answer(*pair) for pair in group)}
        answers = extended
        assert dict(answers) == expected
        assert len(answers) == len(expected)


def test_many_answers_are_merged_and_kept() -> None:
    answers = Answers({})
    for person in range(1000):
        answers = answers.with_answers(answer(person, ConsentState.GIVEN))
    answers = answers.with_answers(answer(7, ConsentState.WITHDRAWN))
    assert len(answers) == len(list(answers)) == 1000
    assert answers[answer(7, ConsentState.GIVEN).key].state is ConsentState.WITHDRAWN
    assert answers[answer(999, ConsentState.GIVEN).key].state is ConsentState.GIVEN
