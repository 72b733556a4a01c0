"""The one table: every error class has its place in it, and no place shows content."""

from __future__ import annotations

import pytest

from louver.core.errors import LouverError, Tampered, UpstreamFailed
from louver.doors.errors import (
    EXIT_MEANINGS,
    ROWS,
    UNEXPECTED,
    Exit,
    WrongMethod,
    place_of,
    row_of,
)
from louver.doors.http.errors import error_answer, error_body
from louver.doors.http.openapi import all_statuses
from louver.doors.reference.raised import error_classes, raised

CORE = [kind for kind in error_classes().values() if kind.__module__ == "louver.core.errors"]


@pytest.mark.parametrize("kind", CORE, ids=lambda kind: kind.__name__)
def test_every_core_error_has_its_own_row(kind: type[LouverError]) -> None:
    assert kind in ROWS


@pytest.mark.parametrize("kind", error_classes().values(), ids=lambda kind: kind.__name__)
def test_every_error_follows_a_row(kind: type[LouverError]) -> None:
    listed = [base for base in kind.__mro__ if base in ROWS]
    assert listed
    assert listed[0] is not LouverError


def test_codes_are_not_shared_by_unrelated_classes() -> None:
    codes = [kind.code for kind in ROWS]
    assert len(set(codes)) == len(codes)


def test_a_class_without_a_row_is_a_bug() -> None:
    assert row_of(LouverError("nothing is known of it")) is UNEXPECTED


def test_statuses_and_exits_are_of_their_kind() -> None:
    for kind, row in ROWS.items():
        assert 400 <= row.status <= 599, kind
        assert row.exit is not Exit.OK, kind
        assert row.retry <= (row.status in {408, 409, 429} or row.status >= 500), kind
    assert set(EXIT_MEANINGS) == set(Exit)


def test_the_description_declares_every_status() -> None:
    declared = set(all_statuses())
    for kind, row in ROWS.items():
        if kind is not WrongMethod:
            assert row.status in declared


def test_an_error_of_another_house_keeps_its_status() -> None:
    assert error_answer(UpstreamFailed("slow", status=429), error_body).status == 429
    assert error_answer(Tampered("bad"), error_body).status == 500


def test_codes_that_are_given_when_raised_are_words() -> None:
    codes = [one.code for one in raised()]
    assert "repeated_header" in codes
    assert all(code.isidentifier() and code.islower() for code in codes)


def test_a_place_names_a_module_and_a_line() -> None:
    with pytest.raises(ValueError, match="content") as caught:
        raise ValueError("content")
    module, _, line = place_of(caught.value).rpartition(":")
    assert module.endswith("test_errors")
    assert line.isdigit()
    assert place_of(ValueError("never raised")) == "unknown"
