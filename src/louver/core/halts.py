"""The kill switch as a value: what an operator has stopped, by kind and name, until it is resumed.

A halt is a fact like a consent: the line decides by a snapshot, and the commit looks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from louver.core.errors import Halted


class HaltKind(Enum):
    """What can be stopped; the name beside it says which one."""

    MODEL = "model"  # a destination, by its name in the settings
    ROUTE = "route"  # the model name that clients ask for
    TENANT = "tenant"
    TOOL = "tool"  # a tool's or function's name, as applications declare it


class HaltState(Enum):
    HALTED = "halted"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Halt:
    """One thing that can be stopped."""

    kind: HaltKind
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A halt in force: `because` is the operator's one word, `since` seconds since the epoch."""

    halt: Halt
    because: str
    since: float


@dataclass(frozen=True, slots=True)
class Halts:
    """A snapshot of all halts in force, with the version (ledger entry) that it was true at.

    >>> Halts().halted(HaltKind.MODEL, "cloud")
    False
    """

    version: int = 0
    standing: Mapping[Halt, Standing] = field(default_factory=dict)

    def halted(self, kind: HaltKind, name: str) -> bool:
        return bool(self.standing) and Halt(kind, name) in self.standing

    def require_none(self, halts: Iterable[Halt]) -> None:
        """Raises Halted if one of `halts` is in force; its name is one that the operator chose."""
        if not self.standing:
            return
        for halt in halts:
            if halt in self.standing:
                raise Halted(f"the {halt.kind.value} '{halt.name}' is halted by the operator")
