"""What stands before and after the line: limits, halts of what is under way, a new policy, the end.

The rules: whoever is let in is seen off, however the request ends. A request is answered by one
line from beginning to end; when the settings change, the next request takes the new line, and the
old one is closed after its last answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from louver.core.errors import Draining, Halted, Unavailable
from louver.core.halts import Halts
from louver.core.identity import Caller
from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.gateway.answering import Complete, Pieces
from louver.gateway.line import Incoming, Line, Outgoing
from louver.gateway.metering import estimate
from louver.gateway.quotas import Limits, Quotas, Ticket
from louver.gateway.visit import Visit

_LOOK = 0.25  # Seconds between looks at the halts while anything is under way.


@dataclass(frozen=True, slots=True)
class Desk:
    """What the settings make: the line that answers, and what each key may ask of it."""

    line: Line
    limits: Limits = field(default_factory=Limits)


class _Shift:
    """A desk in use, and what is under way on it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.visits: set[Visit] = set()
        self.over = False


class Reception:
    """Lets requests in, and sees them off; used by one event loop."""

    def __init__(
        self,
        desk: Desk,
        quotas: Quotas,
        halts: Callable[[], Halts],
        clock: Clock,
        watch: Sequence[Callable[[Visit], None]] = (),
    ) -> None:
        """`watch` is told of each request when it is over."""
        self._shift = _Shift(desk)
        self._shifts = [self._shift]
        self._quotas = quotas
        self._halts = halts
        self._clock = clock
        self._watch = watch
        self._turning: asyncio.Event | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.draining = False

    @property
    def under_way(self) -> int:
        """How many requests are being answered."""
        return sum(len(shift.visits) for shift in self._shifts)

    async def answer(self, incoming: Incoming) -> Outgoing:
        """Answer one request. Raises LouverError for what ends it before its answer."""
        visit = Visit(self._clock, incoming.path, incoming.headers.get("traceparent"))
        try:
            caller = self.authenticate(incoming.authorization)
            visit.tenant, visit.key = caller.tenant, caller.key_id
            limits = self._shift.desk.limits.of(caller)
            expected = estimate(len(incoming.body.reveal()))
            ticket = self._quotas.admit(caller.key_id, limits, expected)
        except BaseException as error:  # Whatever it was, it is noted.
            self._note(visit, error)
            raise
        return await self._served(incoming, caller, visit, ticket)

    def authenticate(self, authorization: Sensitive[str] | None) -> Caller:
        """The caller behind an `Authorization` header. Raises Unauthenticated."""
        return self._shift.desk.line.authenticate(authorization)

    def models(self) -> Sequence[str]:
        """The model names that clients may ask for."""
        return self._shift.desk.line.models()

    def destinations(self, model: str) -> Sequence[Destination]:
        """Where requests for `model` may go, in the route's order. Raises UnknownModel."""
        return self._shift.desk.line.destinations(model)

    def new_id(self) -> str:
        """An unguessable id."""
        return self._shift.desk.line.new_id()

    async def turn(self, make: Callable[[], Desk]) -> None:
        """Take the desk that `make` gives, in a thread, once its policy is in force.

        Whatever `make` raises leaves everything as it was.
        """
        while self._turning is not None:
            await self._turning.wait()
        self._turning = turned = asyncio.Event()
        try:
            desk = await asyncio.to_thread(make)
            before, self._shift = self._shift, _Shift(desk)
            self._shifts.append(self._shift)
            before.over = True
            self._clear_away(before)
        finally:
            self._turning = None
            turned.set()

    def drain(self) -> None:
        """Say from now on that this process is about to end; requests are answered as before."""
        self.draining = True

    def end_all(self) -> None:
        """End what is still under way, each with an error that its client and the ledger see."""
        for shift in self._shifts:
            for visit in tuple(shift.visits):
                visit.stop.pull(
                    Draining("the gateway is shutting down before the answer was complete")
                )

    async def close(self) -> None:
        """Release the connections of all lines, on the event loop that made them."""
        if self._looking is not None:
            self._looking.cancel()
        for task in tuple(self._closing):
            await task
        for shift in self._shifts:
            await shift.desk.line.close()

    async def _served(
        self, incoming: Incoming, caller: Caller, visit: Visit, ticket: Ticket
    ) -> Outgoing:
        while True:
            shift = self._shift
            leave = _Leave(self, shift, visit, ticket)
            shift.visits.add(visit)
            self._look_out()
            try:
                outgoing = await shift.desk.line.answer(incoming, caller, visit)
            except BaseException as error:  # Whatever it was, the ticket is given back.
                again = False
                try:
                    again = await self._is_stale(error, shift)
                finally:
                    if not again:
                        leave(error)
                if not again:
                    raise
                shift.visits.discard(visit)
                self._clear_away(shift)
                continue
            if isinstance(outgoing.body, Complete):
                leave(None)
                return outgoing
            visit.begun = True
            return replace(outgoing, body=_Attended(outgoing.body, leave))

    async def _is_stale(self, error: BaseException, shift: _Shift) -> bool:
        """Whether the policy changed under a request of which nothing is on record yet."""
        if not isinstance(error, Unavailable) or error.code != "policy_changed":
            return False
        if self._turning is not None:
            await self._turning.wait()
        return shift is not self._shift

    def _note(self, visit: Visit, error: BaseException | None) -> None:
        visit.end = self._clock.monotonic()
        visit.failure = visit.failure or error
        for watch in self._watch:
            watch(visit)

    def _clear_away(self, shift: _Shift) -> None:
        """Close a line after its last answer, but for what a line that goes on still uses."""
        if not shift.over or shift.visits or shift not in self._shifts:
            return
        self._shifts.remove(shift)
        kept = [u for other in self._shifts for u in other.desk.line.upstreams.values()]
        for upstream in shift.desk.line.upstreams.values():
            if not any(upstream is one for one in kept):
                task = asyncio.get_running_loop().create_task(upstream.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    def _look_out(self) -> None:
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(_LOOK, self._look)

    def _look(self) -> None:
        """End what depends on something that was halted meanwhile."""
        self._looking = None
        halts = self._halts()
        if halts.standing:
            for shift in self._shifts:
                for visit in tuple(shift.visits):
                    _end_if_halted(visit, halts)
        if self.under_way:
            self._look_out()


def _end_if_halted(visit: Visit, halts: Halts) -> None:
    try:
        halts.require_none(visit.depends)
    except Halted as halted:
        visit.stop.pull(halted)


class _Leave:
    """Sees one visitor off, once."""

    def __init__(self, reception: Reception, shift: _Shift, visit: Visit, ticket: Ticket) -> None:
        self._reception = reception
        self._shift = shift
        self._visit: Visit | None = visit
        self._ticket = ticket

    def __call__(self, error: BaseException | None) -> None:
        visit, self._visit = self._visit, None
        if visit is None:
            return
        self._ticket.give_back()
        self._shift.visits.discard(visit)
        self._reception._note(visit, error)
        self._reception._clear_away(self._shift)


class _Attended(AsyncIterator[bytes]):
    """The bytes of an answer; closing them sees the visitor off."""

    def __init__(self, body: Pieces, leave: _Leave) -> None:
        self._body = body
        self._leave = leave

    # Not a coroutine of its own: a stream has many pieces.
    def __anext__(self) -> Awaitable[bytes]:
        return self._body.__anext__()

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            self._leave(None)
