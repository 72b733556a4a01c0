"""JSON stays JSON: parsed, the restored answer is the tree with the values in it."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.sensitive import Sensitive
from louver.minimize.restore import JsonRestorer

P = "PERSON_KXQWRTZPLMBV"
Q = "PERSON_BCDFGHJKLMPQ"
KEY = "API_KEY_ZXWVTRQPMLKJ"
NAMES = [P, Q, KEY]
Tree = object


def restore(source: str, values: dict[str, str], size: int = 0) -> str:
    wrapped = {name: Sensitive(value) for name, value in values.items()}
    restorer = JsonRestorer(wrapped)
    pieces = [source[i : i + size] for i in range(0, len(source), size)] if size else [source]
    return "".join(map(restorer.feed, pieces)) + restorer.finish()


def replaced(tree: Tree, values: dict[str, str]) -> Tree:
    """The structure-wise reference."""
    if isinstance(tree, str):
        for name, value in values.items():
            tree = tree.replace(name, value)
        return tree
    if isinstance(tree, list):
        return [replaced(item, values) for item in tree]
    if isinstance(tree, dict):
        return {replaced(k, values): replaced(v, values) for k, v in tree.items()}
    return tree


_WHOLE = st.characters(exclude_categories=["Cs"])
_VALUE = st.text(_WHOLE, max_size=10) | st.sampled_from(
    ['Carol O"Neil', "a\\b", "line\nline", "\u2028\u2029\x00\x7f", "😀", '"', "\\", P[:-1]]
)
# No placeholder's own letters, so that replacing in the reference finds only what it put there. No
# backslash at the start of a word: in JSON within JSON it could begin a network path, and stays.
_PLAIN = st.text(st.sampled_from('ab \n\t"é😀\u2028,.;!-}]\\ '), max_size=6).map(
    lambda text: re.sub(r"(?<![ab])\\+", "a\\\\", text)
)
_STRING = st.lists(st.tuples(_PLAIN, st.sampled_from([*NAMES, ""])), max_size=3).map(
    lambda parts: "- " + "".join(f"{plain} {name} " for plain, name in parts)
)
_TREE = st.recursive(
    st.none() | st.booleans() | st.integers() | _STRING | st.sampled_from(NAMES),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_STRING | st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    _TREE,
    st.lists(_VALUE, min_size=3, max_size=3, unique=True),
    st.booleans(),
    st.sampled_from([None, 2]),
    st.integers(0, 9),
)
def test_parsed_it_is_the_tree_with_the_values(
    tree: Tree, surfaces: list[str], ascii_only: bool, indent: int | None, size: int
) -> None:
    values = dict(zip(NAMES, surfaces, strict=True))
    source = json.dumps(tree, ensure_ascii=ascii_only, indent=indent)
    restored = restore(source, values, size)
    assert json.loads(restored) == replaced(tree, values)
    if not any(name in source for name in NAMES):
        assert restored == source


@given(_TREE, st.lists(_VALUE, min_size=3, max_size=3, unique=True), st.integers(0, 5))
def test_json_inside_a_string_stays_json(tree: Tree, surfaces: list[str], size: int) -> None:
    values = dict(zip(NAMES, surfaces, strict=True))
    source = json.dumps({"body": json.dumps([tree])})
    body = json.loads(restore(source, values, size))["body"]
    assert json.loads(body) == replaced([tree], values)


@given(st.data())
def test_a_placeholder_may_be_spelled_by_escapes_at_either_level(data: st.DataObject) -> None:
    values = {P: 'Carol "C" O\\Neil\n😀'}
    flips = data.draw(st.lists(st.booleans(), min_size=len(P), max_size=len(P)))
    spelled = "".join(f"\\u{ord(c):04x}" if flip else c for c, flip in zip(P, flips, strict=True))
    size = data.draw(st.integers(0, 7))
    assert json.loads(restore(f'["{spelled}"]', values, size)) == [values[P]]
    inner = json.dumps(f'["{spelled}"]')
    assert json.loads(json.loads(restore(inner, values, size))) == [values[P]]


def test_source_that_is_not_replaced_is_not_touched() -> None:
    source = f'{{ "a\\u0062\\/" :\t[1.50e+1, "\\ud83d\\ude00 {P[:-1]} \\ud83d", true ] }}  '
    assert restore(source, {P: "x"}) == source
    assert restore(source, {P: "x"}, 1) == source


def test_outside_of_a_string_nothing_is_restored() -> None:
    source = f'{{"a": {P}, {P}: "{P}"}} {P}'
    assert restore(source, {P: "Ada"}, 1) == f'{{"a": {P}, {P}: "Ada"}} {P}'


def test_keys_are_restored_too() -> None:
    assert json.loads(restore(f'{{"{P}": 1}}', {P: 'A"B'})) == {'A"B': 1}


@pytest.mark.parametrize(
    "content",
    [
        f'[note] "{P}"', f'{{{P}', f'[1] "{P}"', f'"{P}"', f'{{"a" "{P}"', f'["a",] "{P}"',
        f'[] "{P}"', f'[tru "{P}"', f'[01, "{P}"', f'["\\q {P}"', f'{{"a": 1]["{P}"',
        f'say {{"x": "{P}"}}', f'[\\n"{P}"',
    ],
)  # fmt: skip
def test_what_is_no_json_inside_is_escaped_once(content: str) -> None:
    value = 'Carol O"Neil'
    restored = json.loads(restore(json.dumps({"text": content}), {P: value}, 1))["text"]
    assert restored == content.replace(P, value)


def test_truncated_is_never_completed() -> None:
    source = json.dumps({"name": f"Dear {P}s", "inner": json.dumps({"é": f"{P}"})})
    values = {P: 'Ada "A"'}
    for cut in range(len(source) + 1):
        restored = restore(source[:cut], values, 1)
        complete = source[:cut].upper().count(P)
        assert restored.count("Ada") == complete
        assert restored.replace('Ada \\\\\\"A\\\\\\"', P).replace('Ada \\"A\\"', P) == source[:cut]


@pytest.mark.parametrize(
    "source", ['"\\x" ', '"\\u00"', '"\\u12G4', '"a\nb\x00', '"\\', '"\\u', "\\", '""""']
)
def test_malformed_json_passes_as_it_came(source: str) -> None:
    for size in (0, 1):
        assert restore(source, {P: "x"}, size) == source


def test_surrogate_halves_in_two_chunks() -> None:
    restorer = JsonRestorer({P: Sensitive("Ada")})
    assert restorer.feed('"\ud83d') == '"'
    assert restorer.feed(f'\ude00 {P}"') == '😀 Ada"'
    assert restorer.feed('"\ud83d"') == '"\ufffd"'
    assert restorer.finish() == ""


def test_counts_over_all_strings() -> None:
    restorer = JsonRestorer({P: Sensitive("Ada")})
    restorer.feed(f'["{P} {P}x", "{P}", {P}, "https://a.example {P}", "{P}')
    assert restorer.restored == 2
    restorer.finish()
    assert restorer.restored == 3
    assert JsonRestorer({}).restored == 0
