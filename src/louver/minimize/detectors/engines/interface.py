"""The engine seam: which rules may match in a text, and where each of them does.

Rule: for every text, every engine finds the matches that Python's `re` finds; a rule that it leaves
out has no match that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

Match: TypeAlias = tuple[int, int, int]
"""The value's [start, end), and where the whole match ends; in code points."""


class Subject(Protocol):
    """One text, opened for searching.

    `strong` are the rules that may match and need no context, `weak` those that do. `dormant` are
    those of them whose words stand in the text only inside of longer words.
    """

    @property
    def strong(self) -> Sequence[int]: ...

    @property
    def weak(self) -> Sequence[int]: ...

    @property
    def dormant(self) -> Sequence[int]: ...

    def search(self, rule: int, position: int) -> Match | None:
        """The first match of `rule` that begins at or after `position`.

        `position` is 0, or not before the start of what `search` gave last for the same rule.
        """
        ...


class Engine(Protocol):
    """A set of rules made ready; thread-safe."""

    def open(self, text: str, data: bytes) -> Subject | None:
        """`text`, which `data` is in UTF-8; None where no rule matches."""
        ...
