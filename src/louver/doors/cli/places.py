"""Where a finding stands, for people: path, line, column; the value only when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from louver.core.spans import Finding
from louver.minimize.leaves import Path, show

if TYPE_CHECKING:
    from louver.minimize.survey import Place


@dataclass(frozen=True, slots=True)
class Located:
    """One finding; `line` and `column` count from 1 inside the text at `path`."""

    path: str
    line: int
    column: int
    finding: Finding
    text: str

    def __repr__(self) -> str:
        return f"<located {self.finding.category} at {self.path}>"

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


def located(place: Place, tree: object) -> Iterator[Located]:
    """The findings of one leaf of `tree`, the parsed request."""
    leaf = _leaf(tree, place.path)
    for finding in place.findings:
        span = finding.span
        # A finding that reaches past the value stands in the key before it.
        text = leaf if leaf is not None and span.end <= len(leaf) else str(place.path[-1])
        before = text[: span.start]
        line = before.count("\n") + 1
        column = span.start - (before.rfind("\n") + 1) + 1
        yield Located(show(place.path), line, column, finding, span.of(text))


def _leaf(tree: object, path: Path) -> str | None:
    """The text at `path`; JSON inside of text (tool-call arguments) is looked into."""
    for step in path:
        if isinstance(tree, str):
            try:
                tree = orjson.loads(tree)
            except orjson.JSONDecodeError:
                return None
        inside = dict(enumerate(tree)) if isinstance(tree, list) else tree
        if not isinstance(inside, dict) or step not in inside:
            return None
        tree = inside[step]
    if isinstance(tree, str):
        return tree
    return repr(tree) if isinstance(tree, int | float) else None
