"""Cells say what a table's reader would see, and written again they are the same bytes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.text.tables import cells

WORDS = st.text(st.sampled_from('ab,;\t|"\r\n 1'))


@given(WORDS)
def test_cells_written_one_after_the_other_are_the_text(text: str) -> None:
    assert "".join(cell.written(cell.text) for cell in cells(text)) == text


@given(st.lists(st.lists(WORDS, min_size=2, max_size=4), min_size=1, max_size=4))
def test_cells_are_what_a_reader_sees(rows: list[list[str]]) -> None:
    rows = [["a,b", "c"], *rows]  # The first line tells the separator.
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    seen: dict[int, list[str]] = {}
    for cell in cells(out.getvalue().replace('"a,b"', "ab")):
        seen.setdefault(cell.row, []).append(cell.text)
    assert list(seen.values()) == [["ab", "c"], *rows[1:]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", []),
        ("a", ["a"]),
        ("a,", ["a", ""]),
        ("a,b\n", ["a", "b"]),
        ('a,"b\nc",d', ["a", "b\nc", "d"]),
        ('a,"b"c,d', ["a", '"b"c', "d"]),
        ('a,"b,c', ["a", '"b', "c"]),
        ("a\tb\r\nc\td", ["a", "b", "c", "d"]),
        ("a|b", ["a", "b"]),
    ],
)
def test_nothing_hides_behind_a_misplaced_quote(text: str, said: list[str]) -> None:
    assert [cell.text for cell in cells(text)] == said


def test_a_changed_cell_keeps_its_quotes_or_gets_them_where_it_needs_them() -> None:
    plain, quoted = cells('a,"b"')
    assert plain.written("x") == "x,"
    assert plain.written("x,y") == '"x,y",'
    assert quoted.written('x"y') == '"x""y"'
