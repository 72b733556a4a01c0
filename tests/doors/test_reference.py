"""The committed reference pages are what the code says now; `make docs` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from louver.core.categories import TAXONOMY
from louver.doors.errors import ROWS
from louver.doors.reference.pages import pages
from louver.doors.settings.catalog import settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted(pages()))
def test_a_page_is_up_to_date(path: str) -> None:
    file = ROOT / path
    assert file.exists(), "run `make docs`"
    assert file.read_text(encoding="utf-8") == pages()[path], "run `make docs`"


def test_the_pages_are_complete() -> None:
    written = pages()
    for code in TAXONOMY:
        assert f"`{code}`" in written["docs/reference/categories.md"]
    for setting in settings():
        assert f"`{setting.path}`" in written["docs/reference/settings.md"]
    for kind in ROWS:
        assert f"`{kind.code}`" in written["docs/reference/errors.md"]
    for kind_of_event in ("sent", "answered", "interrupted", "consent", "policy", "key"):
        assert f"## {kind_of_event}\n" in written["docs/reference/events.md"]
    assert "## louver ledger verify\n" in written["docs/reference/commands.md"]


def test_the_same_code_gives_the_same_pages() -> None:
    assert pages() == pages()
