"""The dictionary: whole words, longest first, any white space, and it never tells its terms."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.sensitive import Sensitive
from louver.minimize.detectors.dictionary import DictionaryDetector, DictionaryEntry
from louver.minimize.detectors.health_terms import TERMS, HealthTermsDetector
from louver.minimize.finder import Finder

WORD = st.text("abcdeéßЖ", min_size=1, max_size=6)


def detector(*terms: str, ignore_case: bool = True) -> DictionaryDetector:
    entries = [DictionaryEntry(Sensitive(t), "custom.term", ignore_case) for t in terms]
    return DictionaryDetector(entries)


def found(finder: DictionaryDetector, text: str) -> list[str]:
    return [finding.span.of(text) for finding in finder.find(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Anna went home", ["Anna"]),
        ("ANNA, anna and Anna's", ["ANNA", "anna", "Anna"]),
        ("Annabel and Johanna", []),
        ("anna_weber anna7 (anna)", ["anna", "anna", "anna"]),
        ("Annä Ännа", []),
        ("Anna Weber and Anna", ["Anna Weber", "Anna"]),
        ("Anna \n\t Weber", ["Anna \n\t Weber"]),
        ("AnnaWeber", []),
        ("Anna-Weber", ["Anna"]),
        ("Müller-Lüdenscheidt", ["Müller-Lüdenscheidt"]),
        ("Müller - Lüdenscheidt", []),
        ("O'Neil oneil", ["O'Neil"]),
    ],
)
def test_matches_whole_words_longest_first(text: str, values: list[str]) -> None:
    known = detector("Anna", "Anna Weber", "Müller-Lüdenscheidt", "O'Neil")
    assert found(known, text) == values


def test_case_counts_where_it_is_told_to() -> None:
    exact = detector("Kestrel", ignore_case=False)
    assert found(exact, "Kestrel kestrel KESTREL") == ["Kestrel"]


def test_case_is_folded_as_unicode_does() -> None:
    assert found(detector("Groß"), "GROSS groß") == ["GROSS", "groß"]


def test_the_category_is_the_entry_s() -> None:
    entries = [
        DictionaryEntry(Sensitive("Anna"), "person.name"),
        DictionaryEntry(Sensitive("Acme"), "organization.name"),
    ]
    known = DictionaryDetector(entries)
    assert {f.category for f in known.find("Anna of Acme")} == known.categories


def test_tells_no_term() -> None:
    known = detector("Anna Weber")
    assert "nna" not in repr(known) + known.version + known.name
    assert "nna" not in repr(DictionaryEntry(Sensitive("Anna"), "person.name"))


def test_the_version_follows_the_settings() -> None:
    entry = DictionaryEntry(Sensitive("Anna"), "person.name")
    versions = {
        DictionaryDetector([entry], version="1").version,
        DictionaryDetector([entry], version="2").version,
        DictionaryDetector([entry, entry], version="1").version,
    }
    assert len(versions) == 3


@pytest.mark.parametrize("term", ["", "  ", "\n"])
def test_refuses_an_empty_term(term: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        detector(term)


def test_refuses_an_unknown_category_without_naming_the_term() -> None:
    with pytest.raises(ValueError, match="does not exist") as caught:
        DictionaryDetector([DictionaryEntry(Sensitive("Anna"), "no.such")])
    assert "Anna" not in str(caught.value)


@given(st.lists(WORD, min_size=1, max_size=8, unique=True), st.data())
def test_finds_every_term_that_stands_alone(terms: list[str], data: st.DataObject) -> None:
    known = detector(*terms)
    chosen = data.draw(st.lists(st.sampled_from(terms), min_size=1))
    text = ", ".join(chosen)
    assert found(known, text) == chosen


def test_is_linear_in_text_and_indifferent_to_the_number_of_terms() -> None:
    few, many = detector("zz a"), detector(*(f"name{i} x" for i in range(20_000)))
    text = "some words of a text " * 2_000
    assert _seconds(many, text) <= 6 * _seconds(few, text) + 0.2


def _seconds(known: DictionaryDetector, text: str) -> float:
    start = time.process_time()
    known.find(text)
    return time.process_time() - start


def test_the_built_in_list_has_illnesses_of_four_languages_each_once() -> None:
    assert len(TERMS) >= 120
    assert len({term.casefold() for term in TERMS}) == len(TERMS)
    known = HealthTermsDetector()
    for text in ("has asthma", "an Krebs erkrankt", "tiene neumonía", "souffre de dépression"):
        assert known.find(text)
    assert not known.find("first aids and a cold shock")


def test_an_empty_dictionary_finds_nothing() -> None:
    assert list(DictionaryDetector([]).find("Anna")) == []


def test_the_gate_and_the_way_without_it_agree() -> None:
    terms = ["Groß", "Anna Weber", "C-4", "Ünal"]
    gated = detector(*terms)
    # So many terms that no gate is built.
    many = ("".join(letters) + "q" for letters in product("abcdefghij", repeat=4))
    open_ = detector(*terms, *many)
    for text in ("GROSS", "anna  weber", "the C-4, c-4", "ÜNAL ünal", "nothing", "\ud800 Groß"):
        assert found(gated, text) == found(open_, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("Jo\u0308rg", "mit J\u00f6rg heute"),
        ("J\u00f6rg", "mit Jo\u0308rg heute"),
        ("O'Brien", "ask O\u2019Brien"),
        ("O\u2019Brien", "ask O'Brien"),
        (
            "\u7530\u4e2d\u592a\u90ce",
            "\u7530\u4e2d\u592a\u90ce\u3055\u3093\u306f\u6765\u307e\u3059",
        ),
    ],
)
def test_one_name_as_other_keyboards_write_it(term: str, text: str) -> None:
    detector = DictionaryDetector([DictionaryEntry(Sensitive(term), "person.name")])
    finder = Finder([detector], digest=lambda data: data)
    assert [finding.category for finding in finder.find(text)] == ["person.name"]
