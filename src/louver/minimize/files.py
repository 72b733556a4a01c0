"""Reads a text file inside of a request like any other text, and packs it up again.

What is packed up is always in one form, so that nothing travels beside the text that was read.
"""

from __future__ import annotations

from louver.minimize.leaves import Path, Treatment, Visitor, rewrite
from louver.text.files import text_file
from louver.text.tables import cells


def rewrite_file(data: str, visitor: Visitor, path: Path, *, as_table: bool = True) -> str | None:
    """`data` with its text as the visitor left it; None where it is not certainly text.

    With `as_table`, each cell of a table is a leaf whose key is its column's name.
    Raises Invalid for a JSON file that is nested too deeply.
    """
    file = text_file(data)
    if file is None:
        return None
    if file.tabular and as_table:
        return file.written(_rewrite_table(file.text, visitor, path))
    treatment = Treatment.JSON if file.structured else Treatment.TEXT
    return file.written(str(rewrite(file.text, lambda _: treatment, visitor, path)))


def spellings(written: str) -> frozenset[str]:
    """`written`, as `rewrite_file` made it, and its payload alone, as some servers want it."""
    return frozenset({written, written.rpartition(",")[2]})


def _rewrite_table(text: str, visitor: Visitor, path: Path) -> str:
    names: list[str] = []
    out: list[str] = []
    for cell in cells(text):
        if cell.row == 0:
            names.append(cell.text)
            place = path
        else:
            place = (*path, names[cell.column]) if cell.column < len(names) else path
        out.append(cell.written(visitor.text(cell.text, Treatment.TEXT, place)))
    return "".join(out)
