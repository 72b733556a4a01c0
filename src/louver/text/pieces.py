"""One place where a text reads differently than it is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """`[start, end)` of a text (not empty) reads as `text`, which may be empty."""

    start: int
    end: int
    text: str
