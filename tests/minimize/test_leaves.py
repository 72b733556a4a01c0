"""A leaf is read with the key that says what it is; nothing nests without a bound."""

from __future__ import annotations

import pytest

from louver.core.errors import Invalid
from louver.minimize.leaves import (
    MAX_NESTING,
    Path,
    Treatment,
    everything_is_text,
    key_of,
    rewrite,
    spellings,
    too_deep,
)


class Untouched:
    def text(self, text: str, treatment: Treatment, path: Path) -> str:
        return text

    def number(self, number: float, path: Path) -> float:
        return number


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (("messages", 0, "content"), None),
        (("messages", 0, "content", 1, "text"), None),
        (("seed",), None),
        (("metadata", "x1"), "x1"),
        (("logit_bias", "50256"), None),
        (("metadata", "password", 0, 3), "password"),
        (("tools", 0, "function", "parameters", "properties", "born", "default"), "born"),
        (("tools", 0, "function", "parameters", "properties", "born", "examples", 2), "born"),
        (("tools", 0, "function", "parameters", "properties", "born", "enum", 1), "born"),
        (("tools", 0, "function", "parameters", "properties", "born", "description"), None),
        (("tools", 0, "function", "parameters", "properties", "password", "minLength"), None),
        (("metadata", "k" * 1000), "k" * 64),
    ],
)
def test_the_key_of_a_leaf_is_the_nearest_that_is_not_the_protocols(
    path: Path, key: str | None
) -> None:
    assert key_of(path) == key


def test_a_whole_number_is_read_as_digits_too() -> None:
    assert spellings(4716082399513071.0) == ("4716082399513071", "4716082399513071.0")
    assert spellings(4.7e17)[0] == "470000000000000000"
    assert spellings(1.5) == ("1.5",)
    assert spellings(12) == ("12",)


def nested(levels: int) -> str:
    return "[" * levels + '"x"' + "]" * levels


def test_json_in_a_string_obeys_the_bound_of_the_request() -> None:
    def as_json(_: Path) -> Treatment:
        return Treatment.JSON

    allowed = {"arguments": nested(MAX_NESTING - 1)}
    assert rewrite(allowed, as_json, Untouched()) == allowed
    with pytest.raises(Invalid, match="arguments is nested deeper than 64 levels"):
        rewrite({"arguments": nested(MAX_NESTING)}, as_json, Untouched())
    with pytest.raises(Invalid):
        rewrite({"arguments": nested(300)}, as_json, Untouched())
    assert rewrite({"arguments": nested(300)}, everything_is_text, Untouched())


def test_depth_is_counted_without_recursion() -> None:
    tree: list[object] = []
    for _ in range(10_000):
        tree = [tree]
    assert too_deep(tree)
    assert not too_deep("x")
    assert not too_deep({"a": [1, {}]})
