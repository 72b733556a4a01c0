"""Checks the parsed file against the schema, in plain words; a message never shows a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from louver.doors.settings.catalog import known_keys
from louver.doors.settings.marks import Document
from louver.doors.settings.problems import did_you_mean
from louver.doors.settings.schema import File

_EMPTY = "nothing is written here; give it a value, or remove the line"

_WORDS: Mapping[str, str] = {
    "bool_type": "write true or false",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a time such as 10s or 15min",
    "string_type": "write text; put it in quotes if it looks like a number",
    "list_type": "write a list: [a, b], or lines that begin with `- `",
    "dict_type": "write keys below this one, each with its value",
    "model_type": "write keys below this one, each with its value",
    "missing": "this key is required; add it",
    "too_short": "write at least one entry",
    "string_too_long": "this text is too long",
}

_NUMBERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than": lambda c: f"must be more than {c['gt']:g}",
    "greater_than_equal": lambda c: f"must be at least {c['ge']:g}",
    "less_than_equal": lambda c: f"must be at most {c['le']:g}",
    "literal_error": lambda c: "write one of: " + str(c["expected"]).replace("'", ""),
}


def check(document: Document) -> File | None:
    """The file as the schema sees it; None, with the problems noted, where it does not fit."""
    try:
        return File.model_validate(document.tree)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=True):
            _report(document, one["type"], one["loc"], one)
        return None


def _report(
    document: Document, kind: str, place: tuple[int | str, ...], error: Mapping[str, Any]
) -> None:
    bad_name = "[key]" in place
    path = tuple(step for step in place if step != "[key]")
    if kind == "extra_forbidden":
        hint = did_you_mean(path[-1], known_keys(path[:-1]))
        document.report(path, f"there is no such setting{hint}", at_key=True)
    elif error.get("input") is None and kind != "missing":
        document.report(path, _EMPTY)
    else:
        document.report(path, _plain_words(kind, error), at_key=bad_name)


def _plain_words(kind: str, error: Mapping[str, Any]) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind in _NUMBERS:
        hint = did_you_mean(error.get("input"), _expected(context))
        return _NUMBERS[kind](context) + hint
    if kind.startswith("louver"):  # our own constants
        return str(error["msg"])
    return _WORDS.get(kind, "this is not valid here; see docs/reference/settings.md")


def _expected(context: Mapping[str, Any]) -> list[str]:
    written = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "")
    return [word.strip() for word in written.split(",") if word.strip()]
