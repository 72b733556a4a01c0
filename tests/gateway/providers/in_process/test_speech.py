"""A stop sequence ends a text, however it comes in pieces, and no part of it is ever told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from louver.gateway.providers.in_process.speech import Speech

LETTERS = st.text("ab.", max_size=30)


def reference(text: str, stops: list[str]) -> str:
    """The obvious way, with the whole text at hand."""
    return text[: min([text.index(s) for s in stops if s and s in text], default=len(text))]


@given(st.lists(LETTERS, max_size=12), st.lists(st.text("ab.", max_size=4), max_size=4))
def test_any_pieces_say_what_the_whole_would(pieces: list[str], stops: list[str]) -> None:
    told: list[str] = []
    speech = Speech(stops, told.append, lambda: False)
    so_far = ""
    for piece in pieces:
        speech.add(piece)
        so_far += piece
        assert reference(so_far, stops).startswith("".join(told))
        longest = max((len(stop) for stop in stops), default=1)
        assert len(reference(so_far, stops)) - len("".join(told)) < max(longest, 1)
        assert speech.over is any(stop in so_far for stop in stops if stop)
    speech.finish()
    assert "".join(told) == reference("".join(pieces), stops)
    assert "" not in told


def test_nobody_listening_is_over_too() -> None:
    assert Speech([], lambda _: None, lambda: True).over
