"""Clock and randomness as arguments, so that every test is deterministic."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...


class Randomness(Protocol):
    def bytes(self, length: int) -> bytes:
        """`length` unpredictable bytes."""
        ...
