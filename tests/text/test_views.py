"""Views: disguises are undone, and every character still knows where it came from."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.text.views import View, normalized, original

PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\&%"))
ANY = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\\&%u0041x;#n\u200b\u00ad\u2011аеοＡ１\u0301"),
    ),
    max_size=60,
)
SECRET = "alice.martin@example.com"


def view_of(text: str) -> View:
    return normalized(text) or original(text)


@pytest.mark.parametrize(
    "disguised",
    [
        "alice.martin\u200b@example.com",
        "alice\u00ad.martin@example\u2060.com",
        "ａｌｉｃｅ．ｍａｒｔｉｎ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        r"alice.martin\u0040example.com",
        r"alice.martin\x40example.com",
        "alice.martin&#64;example.com",
        "alice.martin&#x40;example&period;com",
        "alice.martin&commat;example.com",
        "alice.martin&amp;#64;example.com",
        "alice.martin%40example.com",
        "alice.martin%2540example.com",
        "alicе.mаrtin@еxаmple.com",
        "alice.martin@exαmple.com",
        "\u202ealice.martin@example.com\u202c",
    ],
)
def test_undoes_a_disguise_and_maps_back_to_all_of_it(disguised: str) -> None:
    text = f"to {disguised} now"
    view = view_of(text)
    start = view.text.index(SECRET)
    first, last = view.back(start, start + len(SECRET))
    assert text[first:last].strip("\u202e\u202c") == disguised.strip("\u202e\u202c")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("٤١١١ १२", "4111 12"),
        ("555‑0147", "555-0147"),
        ("e\u0301te\u0301", "été"),
        ("ﬁn", "fin"),
        ("a\u00a0b\u2028c", "a b c"),
        (r"a\nb\t\"c\\d", 'a\nb\t"c\\d'),
        (r"\ud83d\ude00", "😀"),
        (r"\u{1F600}", "😀"),
        ("%E2%82%AC", "€"),
        (r"EMAIL\_KXQWRTZPLMBV", "EMAIL_KXQWRTZPLMBV"),
    ],
)
def test_reads_as_what_it_means(written: str, read: str) -> None:
    assert view_of(written).text == read


@pytest.mark.parametrize(
    "text",
    [
        "Müller, Groß und Söhne",
        "Привет, как дела?",
        "日本語のテキスト",
        "100% sure & more",
        "&nosuchentity; %zz \\q \\u12",
        r"\ud800 alone",
        "&#xD800; &#9999999;",
        "%ff%c3",
        "😀 👍",
        "",
    ],
)
def test_leaves_alone_what_is_no_disguise(text: str) -> None:
    assert normalized(text) is None


@given(PLAIN)
def test_plain_text_has_no_other_view(text: str) -> None:
    assert normalized(text) is None


@given(ANY)
def test_the_map_never_goes_back_and_stays_within_the_text(text: str) -> None:
    view = view_of(text)
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(view.starts, view.ends, strict=True))
    assert list(view.starts) == sorted(view.starts)
    assert list(view.ends) == sorted(view.ends)


@given(ANY)
def test_a_character_that_was_not_changed_maps_to_itself(text: str) -> None:
    view = view_of(text)
    for index, character in enumerate(view.text):
        start, end = view.back(index, index + 1)
        if end - start == 1 and character.isascii() and text[start].isascii():
            assert text[start] == character


@given(ANY, PLAIN.filter(bool), ANY)
def test_plain_text_is_found_again_between_anything(before: str, plain: str, after: str) -> None:
    # Spaces keep the parts from joining into an escape or a word with look-alikes.
    text = f"{before} \n{plain}\n {after}"
    view = view_of(text)
    place = len(before) + 2
    at = list(view.starts).index(place)
    assert view.text[at : at + len(plain)] == plain
    assert view.back(at, at + len(plain)) == (place, place + len(plain))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_what_json_html_and_urls_escape_reads_as_the_text_itself(text: str) -> None:
    wanted = view_of(text).text
    if any(c in text for c in "\\&%"):
        return  # Two readings of one text need not agree where the text has escapes itself.
    assert view_of(json.dumps(text)[1:-1]).text == wanted
    assert view_of(html.escape(text)).text == wanted
    assert view_of(quote(text, safe="")).text == wanted


@given(ANY)
def test_the_original_view_is_the_identity(text: str) -> None:
    view = original(text)
    assert view.text == text
    assert all(view.back(i, i + 1) == (i, i + 1) for i in range(len(text)))


@pytest.mark.parametrize(
    ("text", "position", "unit"),
    [
        ("a%20b", 2, "%20"),
        ("a%20b", 0, "a"),
        (r"\u0041x", 3, r"\u0041"),
        ("\u200bx&lt;", 0, "\u200b"),
    ],
)
def test_a_unit_is_what_is_read_together(text: str, position: int, unit: str) -> None:
    start, end = view_of(text).unit(position)
    assert text[start:end] == unit
