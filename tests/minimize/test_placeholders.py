"""The form is found in any case and spelling, and nothing that only resembles it is."""

from __future__ import annotations

import pytest

from louver.core.categories import LABELS
from louver.minimize.placeholders import FORM, SHAPE, compose, is_placeholder, labels

CODE = "KXQWRTZPLMBV"
PERSON = f"PERSON_{CODE}"


def test_every_label_makes_placeholders() -> None:
    assert labels() == frozenset(LABELS)
    for label in labels():
        text = compose(label, CODE)
        assert is_placeholder(text)
        assert FORM.fullmatch(text)
        assert SHAPE.fullmatch(text)
        assert SHAPE.fullmatch(text.lower())


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
def test_shapes_that_a_restorer_would_read(text: str) -> None:
    found = SHAPE.search(text)
    assert found is not None
    assert found.group().upper().endswith(CODE)


@pytest.mark.parametrize(
    "text",
    [
        f"PERSON_{CODE}B",
        f"PERSON_{CODE[:-1]}",
        f"PERSON_{CODE[:-1]}A",
        f"PERSON_{CODE}_B",
        f"PERSON_{CODE}7",
        f"xPERSON_{CODE}",
        f"NOBODY_{CODE}",
        f"PERSON{CODE}",
        f"PERSON {CODE}",
        "PERSON_1",
    ],
)
def test_what_only_resembles_one(text: str) -> None:
    assert SHAPE.search(text) is None
    assert not is_placeholder(text)


def test_only_the_upper_case_form_is_one() -> None:
    assert not is_placeholder(PERSON.lower())
    assert not is_placeholder(f" {PERSON}")
    assert not is_placeholder(f"{PERSON}\n")


@pytest.mark.parametrize(("label", "code"), [("person", CODE), ("PERSON", CODE[1:]), ("", CODE)])
def test_bad_halves_are_not_joined(label: str, code: str) -> None:
    with pytest.raises(ValueError, match="form"):
        compose(label, code)
