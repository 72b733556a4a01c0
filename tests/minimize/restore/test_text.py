"""Only an exact placeholder of this request is restored, however it arrives and is spelled."""

from __future__ import annotations

import html
import json
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from louver.core.sensitive import Sensitive
from louver.minimize.restore import TextRestorer, restore_text

P = "PERSON_KXQWRTZPLMBV"
KEY = "API_KEY_BCDFGHJKLMPQ"
SURFACES = {P: 'Carol "C" O\'Neil <c> 😀\n', KEY: "sk-\\u0041%41&amp;"}
VALUES = {name: Sensitive(value) for name, value in SURFACES.items()}
NAME = SURFACES[P]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""), ("a ", " b"), ("(", ")"), ("*", "*"), ("**", "**"), ("`", "`"), ("|", "|"),
        ("日本", "様"), ("é", "é"), ("-", "-"), ("@", "@"), ("😀", "😀"), ("\x00", "\x00"),
        ("", "s"), ("", "es"), ("", "n"), ("", "en"), ("", "e"), ("", "'s"), ("", "’s"), ("", "S."),
        ("", "\\n"), ("\\n", ""), ("%20", "%20"), ("&amp;", "&amp;"), ("&lt;", "&gt;"),
        ("a.", "."), ("", "\\u0021"), ("a\\\\", ""), ("&", "&"), ("%", "%"), ("5%", "%5"),
    ],
)  # fmt: skip
def test_boundaries(before: str, after: str) -> None:
    for name, value in SURFACES.items():
        text = f"{before}{name}{after}"
        assert restore_text(text, VALUES) == f"{before}{value}{after}"


@pytest.mark.parametrize(
    "text",
    [
        f"x{P}", f"X{P}", f"7{P}", f"_{P}", f"{P}_", f"{P}7", f"{P}x", f"{P}sx", f"{P}ess",
        f"{P}ne", f"{P}ens", f"{P}_{P}", f"{P}{P}", f"&#65;{P}", f"%41{P}", f"\\u0041{P}",
        f"\\_{P}", f"{P}&#65;", f"{P}%5F", f"{P}\\_", P.replace("_", " "), P.replace("_", ""),
        P.replace("_", "__"), P.replace("_", "\\\\_"), P.replace("_", "%255F"),
        P.replace("_", "&amp;#95;"), P.replace("E", "Е"), P.replace("K", "\u212a"),
        P.replace("_", "_\u200b"), P.replace("_", "&#95"), P.replace("_", "\\u05f"),
        P.replace("_", "％5F"), P[:-1], P[1:], P[::-1], f"PERSON_{KEY}", "PERSON_1", "<PERSON_1>",
    ],
)  # fmt: skip
def test_near_misses_stay(text: str) -> None:
    assert restore_text(text, VALUES) == text


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_no_changed_letter_is_guessed(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 2))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"))
    changed = {
        "changed": name[:at] + letter + name[at + 1 :],
        "dropped": name[:at] + name[at + 1 :],
        "doubled": name[: at + 1] + name[at:],
        "swapped": name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        "added": name[: at + 1] + letter + name[at + 1 :],
    }[data.draw(st.sampled_from(["changed", "dropped", "doubled", "swapped", "added"]))]
    text = f"It is {changed}, or {changed.lower()}s."
    assert restore_text(text, VALUES) == (
        text if changed != name else f"It is {SURFACES[name]}, or {SURFACES[name]}s."
    )


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_case_may_drift(name: str, data: st.DataObject) -> None:
    flips = data.draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    drifted = "".join(c.lower() if flip else c for c, flip in zip(name, flips, strict=True))
    assert restore_text(drifted, VALUES) == SURFACES[name]


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_the_value_is_escaped_as_the_placeholder_was(name: str, data: st.DataObject) -> None:
    """Decoding the whole answer gives the value, whichever characters were escaped."""
    spell, read = data.draw(
        st.sampled_from(
            [
                (lambda c: f"\\u{ord(c):04x}", lambda t: json.loads(f'"{t}"')),
                (lambda c: f"\\u{ord(c):04X}", lambda t: json.loads(f'"{t}"')),
                (lambda c: f"&#{ord(c)};", html.unescape),
                (lambda c: f"&#{ord(c):07};", html.unescape),
                (lambda c: f"&#x{ord(c):x};", html.unescape),
                (lambda c: f"&#X{ord(c):06X};", html.unescape),
                (lambda c: f"%{ord(c):02X}", unquote),
                (lambda c: f"%{ord(c):02x}", unquote),
            ]
        )
    )
    places = data.draw(st.sets(st.integers(0, len(name) - 1), min_size=1))
    spelled = "".join(spell(c) if i in places else c for i, c in enumerate(name))
    assert read(restore_text(spelled, VALUES)) == SURFACES[name]


def test_markdown_escapes_need_nothing() -> None:
    assert restore_text(KEY.replace("_", "\\_"), VALUES) == SURFACES[KEY]
    assert restore_text(KEY.replace("_", "&lowbar;"), VALUES) == html.escape(SURFACES[KEY])


def test_inside_json_strings() -> None:
    restorer = TextRestorer(VALUES, json_strings=True)
    text = restorer.feed(f'{{"name": "{P}", "k": "{KEY}"}}') + restorer.finish()
    assert json.loads(text) == {"name": NAME, "k": SURFACES[KEY]}


def test_what_is_restored_is_not_read_again() -> None:
    values = {P: Sensitive(KEY), KEY: Sensitive(P)}
    assert restore_text(f"{P} {KEY} {P}", values) == f"{KEY} {P} {KEY}"


def test_only_this_requests_values() -> None:
    text = f"{P} and {KEY} and LITERAL_{P[-12:]}"
    assert restore_text(text, {P: VALUES[P]}) == text.replace(P, NAME)
    assert restore_text(text, {}) == text


def test_bad_keys_are_refused() -> None:
    for key in ("PERSON_1", "", P.lower(), ".*", f"{P}s"):
        with pytest.raises(ValueError, match="placeholder"):
            TextRestorer({key: Sensitive("x")})


def test_counts_what_was_restored() -> None:
    restorer = TextRestorer(VALUES)
    restorer.feed(f"{P} {P}x {KEY} https://a.example/{P} {P}")
    assert restorer.restored == 2
    restorer.finish()
    assert restorer.restored == 3
    assert TextRestorer({}).restored == 0


@pytest.mark.parametrize("spelling", [P, P.replace("_", "\\_"), P.replace("_", "&#95;"), P.lower()])
def test_truncated_is_never_completed(spelling: str) -> None:
    text = f"Dear {spelling}"
    for cut in range(len(text)):
        assert restore_text(text[:cut], VALUES) == text[:cut]
    assert restore_text(text, VALUES).startswith("Dear Carol")


_PLAIN = st.text(
    st.characters(exclude_characters="\\&%/:?#(=", exclude_categories=["Cs"]), max_size=8
)


@given(
    st.lists(st.tuples(_PLAIN, st.sampled_from(" ,.;!|*-\n—「")), max_size=6),
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=6, max_size=6
    ),
    st.integers(1, 7),
)
@example([("PERSON_KXQ", " "), ("pPERSON", " ")], ["a", "b", "c", "d", "e", "f"], 1)
def test_restoring_what_was_minimized_gives_the_original(
    parts: list[tuple[str, str]], surfaces: list[str], size: int
) -> None:
    names = [f"PERSON_{'BCDFGH'[i] * 12}" for i in range(6)]
    values = {name: Sensitive(value) for name, value in zip(names, surfaces, strict=True)}
    separated = [(end + plain + end, i % 6) for i, (plain, end) in enumerate(parts)]
    original = "".join(plain + surfaces[i] for plain, i in separated)
    minimized = "".join(plain + names[i] for plain, i in separated)
    restorer = TextRestorer(values)
    pieces = [minimized[i : i + size] for i in range(0, len(minimized), size)]
    assert "".join(map(restorer.feed, pieces)) + restorer.finish() == original


def test_surrogate_pairs_are_joined_and_halves_are_not_emitted() -> None:
    for values in (VALUES, {}):
        restorer = TextRestorer(values)
        assert restorer.feed("x\ud83d") == "x"
        assert restorer.feed("\ude00b") == "😀b"
        assert restorer.feed("\ude00 \ud83d") == "\ufffd "
        assert restorer.feed("x") == "\ufffdx"
        assert restorer.feed("\ud83d") == ""
        assert restorer.finish() == "\ufffd"
    assert restore_text(P, {P: Sensitive("\ud83d")}) == "\ufffd"
    assert restore_text(f"\ud83d{P}\ude00", VALUES) == f"\ufffd{NAME}\ufffd"
