"""RE2's own binding: its wrapper makes match objects in Python, which costs more than the search.

Rule: every pattern gets memory for its automaton; RE2's own default is too little for large ones.
"""

from __future__ import annotations

from collections.abc import Callable

import re2
from re2._re2 import RE2

MEMORY = 64 << 20  # bytes that a lazily built automaton may take
ANYWHERE = RE2.Anchor.UNANCHORED

Search = Callable[[object, bytes, int, int], list[tuple[int, int]]]
"""Anchor, UTF-8, from, to: where the first match and its groups stand in bytes; -1 without one."""


def automaton(pattern: str) -> Search:
    """The search for `pattern`. Raises ValueError for what RE2 cannot read."""
    made = RE2(pattern.encode(), options())
    if not made.ok():
        raise ValueError("RE2 cannot read a pattern of a detector")
    search: Search = made.Match
    return search


def options() -> re2.Options:
    """How everything is compiled here: nothing about a pattern is written to standard error."""
    made = re2.Options()
    made.max_mem = MEMORY
    made.log_errors = False
    return made


def escaped(text: str) -> str:
    """A pattern that matches `text` only."""
    return str(re2.escape(text))
