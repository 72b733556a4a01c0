"""Tokens as the server tells them, within bounds; else as an estimate that says that it is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.exchanges import Minimized, Operation
from louver.gateway.metering import Meter, Tokens, estimate


def meter(operation: Operation = Operation.CHAT) -> Meter:
    return Meter(Minimized("ex-1", b"x" * 41, True, False, {}, {}, operation))


def delta(**said: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": said}]}


def test_what_is_told_counts() -> None:
    one = meter()
    one.follow(delta(content="a long text that is not counted then"))
    one.follow({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 0}})
    assert one.tokens == Tokens(3, 0, estimated=False)


def test_the_last_word_counts() -> None:
    """Some servers tell it with every chunk."""
    one = meter()
    for told in (1, 2, 3):
        one.follow({**delta(content="x"), "usage": {"prompt_tokens": 9, "completion_tokens": told}})
    assert one.tokens == Tokens(9, 3)


def test_what_is_not_told_is_estimated() -> None:
    one = meter()
    one.follow(delta(role="assistant", content=""))
    one.follow(delta(content="12345678", reasoning_content="1234"))
    call = {"index": 0, "function": {"name": "mail", "arguments": '{"to": 1}'}}
    one.follow(delta(tool_calls=[call]))
    assert one.tokens == Tokens(11, estimate(8 + 4 + 4 + 9), estimated=True)
    half = meter()
    half.follow({"usage": {"prompt_tokens": 5}})
    assert half.tokens == Tokens(5, 0, estimated=True)


def test_embeddings_put_nothing_out() -> None:
    one = meter(Operation.EMBEDDINGS)
    one.follow({"data": [{"embedding": [0.1] * 1000}], "usage": {"prompt_tokens": 8}})
    assert one.tokens == Tokens(8, 0, estimated=False)


def test_nothing_was_sent_nothing_is_used() -> None:
    assert Meter().tokens == Tokens(0, 0, estimated=False)


@pytest.mark.parametrize("told", [-1, 10**10, 1.5, "7", None, True, [3], {}])
def test_a_count_that_cannot_be_is_not_believed(told: object) -> None:
    one = meter()
    one.follow({"usage": {"prompt_tokens": told, "completion_tokens": told}})
    assert one.tokens == Tokens(11, 0, estimated=True)


def test_reasons_are_words_of_the_format() -> None:
    one = meter()
    for reason in ("stop", "stop", "alice@example.com", 7, None, "length"):
        one.follow({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    assert one.reasons == ("stop", "other", "length")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "message", "usage", "content", "prompt_tokens"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(event=st.dictionaries(st.sampled_from(["choices", "usage", "data"]), JSON))
def test_whatever_comes_is_followed(event: dict[str, Any]) -> None:
    one = meter()
    one.follow(event)
    assert one.tokens.into >= 0
    assert one.tokens.out >= 0
