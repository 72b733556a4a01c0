"""Every promise names tests that exist; a claim that nothing can refute is no claim."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from louver.core.claims import CLAIMS, Claim

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
def test_the_named_tests_exist(claim: Claim) -> None:
    assert claim.refuted_by
    for named in claim.refuted_by:
        file, _, test = named.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert test in names, named


def test_names_are_unique() -> None:
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS) >= 9
