"""The page about incidents elsewhere names a test of ours for each, and each of these exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/explanation/peers.md").read_text(encoding="utf-8")
TEST = re.compile(r"`([a-z_/0-9]+\.py)::(test_[a-z_0-9]+)`")

# What we know of; a row that is dropped is noticed.
LETTERS = set("ABCDEFGHIJKLM")
THREADS = {
    8359, 31959, 41600, 31503, 29134, 29135, 23037, 41611, 21949, 14516, 25076, 24291, 30003, 35951,
    32688, 20240, 13705, 12152, 30447, 818, 1094, 898, 1461, 2375, 268, 358, 82, 147,
}  # fmt: skip
GUARDS = {"fuzzy", "pattern", "surrogates", "vault"}


def rows() -> list[list[str]]:
    """The cells of every row below a table's head."""
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in PAGE.splitlines()
        if line.startswith("|")
    ]
    return [row for row in cells if row[-1] != "our test" and set(row[0]) != {"-"}]


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_incident_has_its_row() -> None:
    first = [row[0] for row in rows()]
    assert set(first) >= LETTERS | GUARDS
    assert len(first) == len(set(first)) >= 27
    assert {int(number) for number in re.findall(r"#(\d+)", PAGE)} >= THREADS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:30])
def test_every_row_says_it_all_and_names_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 5
    assert all(row)
    named = TEST.findall(row[-1])
    assert named
    assert TEST.sub("", row[-1]).strip() == ""
    assert [(file, name) for file, name in named if name not in functions(file)] == []
