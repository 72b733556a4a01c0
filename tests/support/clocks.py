"""Clocks and dice that stand still until a test moves them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Hands:
    """A clock; `seconds` is its monotonic time, `epoch` what is added for the time of day."""

    seconds: float = 1_000.0
    epoch: float = 1_900_000_000.0

    def now(self) -> float:
        return self.epoch + self.seconds

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Loaded:
    """Randomness that gives the same byte again and again."""

    byte: int = 0x80

    def bytes(self, length: int) -> bytes:
        return bytes([self.byte]) * length
