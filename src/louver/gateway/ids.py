"""Unguessable ids for exchanges.

They are drawn many at once: each draw lets go of the interpreter.
"""

from __future__ import annotations

from louver.core.seams import Randomness


class Ids:
    """Each call gives another id; any thread may call."""

    _BYTES, _AT_ONCE = 12, 64

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._drawn: list[str] = []

    def __call__(self) -> str:
        try:
            return self._drawn.pop()
        except IndexError:  # Threads may come here together; each takes from its own draw first.
            fresh = self._randomness.bytes(self._BYTES * self._AT_ONCE).hex()
            size = 2 * self._BYTES
            ids = [f"ex-{fresh[at : at + size]}" for at in range(0, len(fresh), size)]
            self._drawn += ids[1:]
            return ids[0]
