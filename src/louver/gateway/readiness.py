"""Whether this process is worth sending requests to, and what is missing if not.

Many probes cost one look: its result is kept for a second, and a look that hangs is not repeated.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from louver.core.errors import Unavailable
from louver.core.seams import Clock
from louver.gateway.line import Line
from louver.gateway.memory import Memory

_KEPT = 1.0
_LONGEST = 2.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """`reasons` are why not, in fixed words; `upstreams` counts the destinations by state."""

    reasons: tuple[str, ...] = ()
    upstreams: Mapping[str, int] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        return not self.reasons


class Ready:
    """Looks at the store, the policy in force, and whether the process is about to end."""

    def __init__(
        self, memory: Memory, line: Callable[[], Line], draining: Callable[[], bool], clock: Clock
    ) -> None:
        self._memory = memory
        self._line = line
        self._draining = draining
        self._clock = clock
        self._look: asyncio.Task[bool] | None = None
        self._answered = -_KEPT

    async def look(self) -> Readiness:
        """What is so right now, but for the store's answer, which may be a second old."""
        reasons = []
        if self._draining():
            reasons.append("draining")
        if not await self._store_answers():
            reasons.append("store_lost")
        in_force = self._memory.policy_in_force()
        if in_force is None:
            reasons.append("no_policy")
        elif in_force != self._line().policy.digest:
            reasons.append("policy_changed")
        states = Counter(state.value for state in self._line().upstreams.states().values())
        return Readiness(tuple(reasons), dict(states))

    async def _store_answers(self) -> bool:
        if self._clock.monotonic() - self._answered < _KEPT:
            return True
        if self._look is None or self._look.done():
            self._look = asyncio.get_running_loop().create_task(self._ask())
        try:
            async with asyncio.timeout(_LONGEST):
                answered = await asyncio.shield(self._look)
        except TimeoutError:
            return False
        if answered:
            self._answered = self._clock.monotonic()
        return answered

    async def _ask(self) -> bool:
        try:
            await self._memory.answers()
        except Unavailable:
            return False
        return True
