"""The engine seam: which rules may match in a text, and where each of them does.

Rule: for every text, every engine finds the matches that Python's `re` finds; a rule that it leaves
out has no match that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from louver.minimize.detectors.opened import OpenedText

Match: TypeAlias = tuple[int, int, int]
"""The value's [start, end), and where the whole match ends; in code points."""


class Subject(Protocol):
    """One text, opened for searching: `strong` are the rules that may match in it and need no
    context, `weak` those that do."""

    @property
    def strong(self) -> Sequence[int]: ...

    @property
    def weak(self) -> Sequence[int]: ...

    def search(self, rule: int, position: int) -> Match | None:
        """The first match of `rule` that begins at or after `position`.

        `position` is 0, or not before the start of what `search` gave last for the same rule.
        """
        ...


class Engine(Protocol):
    """A set of rules made ready; thread-safe."""

    def open(self, opened: OpenedText) -> Subject | None:
        """None where no rule has a match that counts."""
        ...
