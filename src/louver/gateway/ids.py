"""Unguessable ids for exchanges.

They are drawn many at once: each draw lets go of the interpreter. The time (ms) comes first: the
ledger's index then grows at one end, which halves its writes.
"""

from __future__ import annotations

from louver.core.seams import Clock, Randomness


class Ids:
    """Each call gives another id; any thread may call."""

    _BYTES, _AT_ONCE = 10, 64

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._drawn: list[str] = []

    def __call__(self) -> str:
        return f"ex-{int(1000 * self._clock.now()):011x}{self._unguessable()}"

    def _unguessable(self) -> str:
        try:
            return self._drawn.pop()
        except IndexError:  # Threads may come here together; each takes from its own draw first.
            fresh = self._randomness.bytes(self._BYTES * self._AT_ONCE).hex()
            size = 2 * self._BYTES
            ids = [fresh[at : at + size] for at in range(0, len(fresh), size)]
            self._drawn += ids[1:]
            return ids[0]
