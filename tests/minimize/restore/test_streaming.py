"""Nothing is held that could not become a placeholder, and the work grows with the text alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.sensitive import Sensitive
from louver.minimize.restore import JsonRestorer, TextRestorer

P = "PERSON_KXQWRTZPLMBV"
KEY = "API_KEY_BCDFGHJKLMPQ"
VALUES = {P: Sensitive("Ada"), KEY: Sensitive("k")}
_PIECES = ["PERSON", "Per", "P", "_", "KXQ", "a", "API_KEY_", "B", "x", " ", ".", "é", "9", "pe"]


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_held_is_exactly_what_could_become_a_placeholder(text: str) -> None:
    restorer = TextRestorer(VALUES)
    emitted = ""
    for end, char in enumerate(text, start=1):
        emitted += restorer.feed(char)
        assert text.startswith(emitted)
        word = re.search(r"(?<![A-Za-z0-9_])[A-Za-z0-9_]+\Z", text[:end], re.ASCII)
        possible = word is not None and any(n.startswith(word.group().upper()) for n in VALUES)
        assert text[len(emitted) : end] == (word.group() if word and possible else "")


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Hello P", "P"), ("Hello p", "p"), ("Hello x", ""), ("xP", ""), ("PERSONA", ""),
        (f"{P}", P), (f"{P}e", f"{P}e"), (f"{P}es", f"{P}es"), (f"{P}!", None), (f"{P}x", ""),
        ("AT&", ""), ("AT&T", ""), ("a &", "&"), ("a &#8", "&#8"), ("a &nb", "&nb"), ("a &x", ""),
        ("50%", ""), ("a \\", "\\"), ("a \\u00", "\\u00"), ("x\\", ""), ("PERSON\\", "PERSON\\"),
        ("PERSON&#9", "PERSON&#9"), ("PERSON&#9x", ""), ("PERSON%5", "PERSON%5"), ("PERSON%5z", ""),
        ("https://a.example/P", "P"), ("\ud83d", "\ud83d"),
    ],
)  # fmt: skip
def test_what_is_held(text: str, held: str | None) -> None:
    emitted = TextRestorer(VALUES).feed(text)
    assert emitted == ("Ada!" if held is None else text[: len(text) - len(held)])


def test_without_values_nothing_is_held() -> None:
    for restorer in (TextRestorer({}), JsonRestorer({})):
        for char in f'{P} \\u005 &#9 %5 "{P}':
            assert restorer.feed(char) == char


@pytest.mark.parametrize("restorer", [TextRestorer(VALUES), JsonRestorer(VALUES)])
def test_the_bound_holds_and_is_reached_in_order_of_magnitude(
    restorer: TextRestorer | JsonRestorer,
) -> None:
    """The longest spelling of the longest placeholder, cut before its end."""
    spelled = "".join(f"&#{ord(c):07};" for c in KEY) + "&#0000101;&#0000115;&#000011"
    if isinstance(restorer, JsonRestorer):
        spelled = '"' + "".join(f"\\u{ord(c):04x}" for c in spelled)
    emitted = most = 0
    for fed, char in enumerate(spelled, start=1):
        emitted += len(restorer.feed(char))
        most = max(most, fed - emitted)
    assert restorer.most_held / 2 < most <= restorer.most_held


@given(
    st.lists(st.sampled_from([*_PIECES, "&#80;", "&#", "\\", "\\u0050", "%50", '"']), max_size=20)
)
def test_the_bound_holds(pieces: list[str]) -> None:
    for restorer in (TextRestorer(VALUES), JsonRestorer(VALUES)):
        emitted = 0
        for fed, char in enumerate("".join(pieces), start=1):
            emitted += len(restorer.feed(char))
            assert fed - emitted <= restorer.most_held


def test_a_stream_keeps_its_rhythm() -> None:
    """The issue's law 4 for this part: of 200 chunks at least 190 bring something at once."""
    words = ("Please tell the people in Paris that", P, "arrives at ten & leaves, see API docs.\n")
    text = " ".join(words) * 12
    chunks = [text[i : i + 5] for i in range(0, 1000, 5)]
    assert len(chunks) == 200
    restorer = TextRestorer(VALUES)
    prose = restorer.feed
    quiet = sum(not prose(chunk) for chunk in chunks)
    inside = sum(P.startswith(chunk.strip()) or chunk in P for chunk in chunks)
    assert quiet <= inside + 1
    tokens = re.findall(r"\S+\s*|\s+", text)[:200]
    restorer = TextRestorer(VALUES)
    assert sum(bool(restorer.feed(token)) for token in tokens) >= 190


def _calls(work: Callable[[], object]) -> int:
    count = 0

    def tick(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(tick)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


HOSTILE = {
    "prose": "The people of Paris met. ",
    "prefixes": "PERSON_KXQWRTZPLMB PERSON_ P ",
    "placeholders": f"{P} ",
    "run of placeholders": f"{P}/",
    "escapes": "\\u0050&#80;%50&\\",
    "openers": '](<a href="url( [x]: ',
    "URL": "https://a.example/?q=",
    "questions": "aaaaaaaa?",
    "quotes": '\\"{[',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("kind", [TextRestorer, JsonRestorer])
def test_the_work_is_linear(text: str, kind: type[TextRestorer | JsonRestorer]) -> None:
    """Function calls for four times the text, by single characters; no clock, so no noise."""

    def run(size: int) -> int:
        restorer = kind(VALUES)
        restorer.feed('"')
        whole = (text * (size // len(text) + 1))[:size]
        return _calls(lambda: [restorer.feed(char) for char in whole])

    assert run(8_000) < 4.3 * run(2_000)
