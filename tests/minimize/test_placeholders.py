"""The form is found in any case and spelling, and nothing that only resembles it is."""

from __future__ import annotations

import pytest

from louver.core.categories import LABELS
from louver.minimize.finder import Finder
from louver.minimize.merging import LITERAL
from louver.minimize.placeholders import FORM, compose, labels

CODE = "KXQWRTZPLMBV"
PERSON = f"PERSON_{CODE}"


def literals(text: str) -> list[str]:
    found = Finder([], digest=lambda data: data).find(text)
    return [f.span.of(text) for f in found if f.category == LITERAL]


def test_every_label_makes_placeholders() -> None:
    assert labels() == frozenset(LABELS)
    for label in labels():
        text = compose(label, CODE)
        assert FORM.fullmatch(text)
        assert len(literals(text)) == len(literals(text.lower())) == 1


def test_no_label_can_be_mistaken_for_another_with_a_code() -> None:
    assert not any(FORM.fullmatch(label) for label in labels())


@pytest.mark.parametrize(
    "text",
    [
        PERSON,
        PERSON.lower(),
        f"({PERSON})",
        f"{PERSON}s",
        f"{PERSON}en",
        f"{PERSON}'s",
        f"日本{PERSON}様",
        f"Person_{CODE.title()}",
        rf"PERSON\_{CODE}",
        f"PERSON%5f{CODE}",
        f"PERSON&#95;{CODE}",
        f"PERSON&#x5F;{CODE}",
        f"PERSON&lowbar;{CODE}",
        rf"PERSON\u005f{CODE}",
        rf"a\n{PERSON}",
        f"?q=%20{PERSON}",
        rf"API\_KEY\_{CODE}",
    ],
)
def test_whatever_a_restorer_would_read_is_replaced_when_it_comes_in(text: str) -> None:
    (found,) = literals(text)
    assert CODE in found.upper()


@pytest.mark.parametrize(
    "text",
    [
        f"PERSON_{CODE[:-1]}",
        f"PERSON_{CODE[:-1]}A",
        f"NOBODY_{CODE}",
        f"PERSON{CODE}",
        f"PERSON {CODE}",
        "PERSON_1",
    ],
)
def test_what_only_resembles_one_is_left(text: str) -> None:
    assert literals(text) == []


@pytest.mark.parametrize(("label", "code"), [("person", CODE), ("PERSON", CODE[1:]), ("", CODE)])
def test_bad_halves_are_not_joined(label: str, code: str) -> None:
    with pytest.raises(ValueError, match="form"):
        compose(label, code)
