"""The straight line from a request to its answer; the order of the code is the argument.

    authenticate -> parse -> find -> decide -> minimize -> record(sent) -> ask provider
                 -> restore -> record(answered) -> end of answer

`record(sent)` is the point of truth: policy and consent are snapshots in memory, checked again in
the commit, and no byte goes to a provider before that commit is durable. Every failure on the way
ends the request: no detector, no policy, no record, no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from louver.core.consent import Consents
from louver.core.decision import Decision, Question, decide, mode_of
from louver.core.encoding import Json
from louver.core.errors import Halted, Unavailable
from louver.core.events import Sent
from louver.core.exchanges import Exchange, JsonTree, Minimized
from louver.core.halts import Halt, HaltKind
from louver.core.identity import Caller
from louver.core.policy import Destination, Location, Mode, Policy
from louver.core.receipts import ConsentShown
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.gateway.answering import Answering, Body, Complete, Pieces, begin, stream, whole
from louver.gateway.headers import asked_of
from louver.gateway.memory import Memory
from louver.gateway.passage import Passage
from louver.gateway.receipts import Receipts
from louver.gateway.thinking import Seals, bound_to
from louver.gateway.upstreams import Upstreams
from louver.gateway.vault import Conversations, Keeping
from louver.gateway.visit import Visit
from louver.gateway.wire.hub import last_user_text, tool_places
from louver.gateway.wire.interface import Asked, Format
from louver.gateway.wire.restoring import Restorer, restorer_of
from louver.gateway.wire.treatments import treatments
from louver.minimize.once import Once
from louver.minimize.outgoing import Minimizing, minimize
from louver.minimize.pseudonyms import Pseudonyms
from louver.minimize.survey import Finds, Survey, survey
from louver.text.language import guess

T = TypeVar("T")

_DECISIONS = 3  # How often a request is decided when policy or consent change under it.
_DECIDED_ANEW = frozenset({"policy_changed", "halted"})
_LARGE = 4096  # Bytes from which detection leaves the event loop to a thread.


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as a door hands it over; header names are lower-case, `format` names its format.

    `path` is what the door calls it by, for the logs; a constant of the door.
    """

    authorization: Sensitive[str] | None
    headers: Mapping[str, str]
    body: Sensitive[bytes]
    format: str = "openai.chat"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer whose first event has arrived; closing `body` cancels the provider's call."""

    headers: tuple[tuple[str, str], ...]
    stream: bool
    body: Pieces


@dataclass(frozen=True, slots=True)
class Parts:
    """What a line is made of; `house.build` joins them.

    `observe` is shown what leaves.
    """

    policy: Callable[[], Policy]
    memory: Memory
    finder: Finds
    pseudonyms: Callable[[Exchange], Pseudonyms]
    upstreams: Upstreams
    clock: Clock
    new_id: Callable[[], str]
    observe: Callable[[Minimized, Destination], None]
    formats: Mapping[str, Format]
    conversations: Conversations
    receipts: Receipts
    seals: Seals


@dataclass(frozen=True, slots=True)
class Considered:
    """What would happen to a request, and why."""

    exchange: Exchange
    found: Survey
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A request that is durably on record as sent; only now may it leave."""

    decision: Decision
    minimized: Minimized
    policy: Policy
    person: str | None
    receipt: str

    @property
    def destination(self) -> Destination:
        return self.decision.require()


class Line:
    """Answers requests; one instance serves all of them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @property
    def upstreams(self) -> Upstreams:
        """The destinations that this line asks."""
        return self._parts.upstreams

    @property
    def policy(self) -> Policy:
        """What this line decides by."""
        return self._parts.policy()

    async def answer(
        self, incoming: Incoming, caller: Caller | None = None, visit: Visit | None = None
    ) -> Outgoing:
        """Answer one request. Raises LouverError for what ends it before its answer.

        `caller` is who has been let in already; everybody else shows an API key. `visit` is where
        it is noted how the request fares.
        """
        # 1. Who asks, and for what.
        visit = visit or Visit(self._parts.clock)
        if caller is None:
            caller = self.authenticate(incoming.authorization)
            visit.key = caller.key_id
        format_ = self._parts.formats[incoming.format]
        exchange = await self._parse(incoming, caller)
        passage = Passage(exchange, self._parts.memory, visit)
        # 2. What is in it.
        with passage.timed("find"):
            finder = Once(self._parts.finder)
            found = await self._find(exchange, finder)
        # 3. May it flow, and where to; 4. without the values; 5. on record before any byte leaves.
        sent = await self._record(passage, found, finder)
        # 6. Ask. Until the first event, a failure is still an HTTP error.
        self._parts.observe(sent.minimized, sent.destination)
        asked = self._parts.upstreams[sent.destination.name].ask(sent.minimized)
        replies = await begin(passage, asked)
        # 7. Put the values back; keep the answer where it may be kept, and have the end on record
        # before the last event.
        seal = self._parts.seals.of(exchange.caller.tenant, sent.destination)
        restorer = restorer_of(exchange, sent.minimized, sent.policy, seal)
        keeping = self._parts.conversations.decide(
            exchange, sent.decision.mode, sent.person, sent.policy
        )
        answering = self._answering(passage, restorer, format_, keeping)
        body: Pieces
        if exchange.stream:
            body = Body(passage, stream(answering, replies), replies)
        else:
            body = Complete(await whole(answering, replies))
        headers = (
            ("content-type", format_.stream_type if exchange.stream else "application/json"),
            ("x-louver-exchange", exchange.id),
            ("x-louver-destination", sent.destination.name),
            ("x-louver-because", _because(sent.decision, keeping)),
            ("x-louver-receipt", sent.receipt),
        )
        return Outgoing(headers, exchange.stream, body)

    async def consider(self, incoming: Incoming, caller: Caller | None = None) -> Considered:
        """Steps 1 to 3 alone; nothing is recorded and nothing leaves."""
        caller = caller or self.authenticate(incoming.authorization)
        exchange = await self._parse(incoming, caller)
        found = await self._find(exchange, self._parts.finder)
        person = await self._parts.memory.known_person(exchange.caller)
        question = self._question(exchange, found, self._parts.policy(), person)
        decision = decide(question, self._parts.policy(), self._parts.memory.consents())
        return Considered(exchange, found, decision)

    def authenticate(self, authorization: Sensitive[str] | None) -> Caller:
        """The caller behind an `Authorization` header. Raises Unauthenticated."""
        return self._parts.memory.authenticate(authorization)

    def models(self) -> Sequence[str]:
        """The model names that clients may ask for."""
        return sorted(self._parts.policy().routes)

    def destinations(self, model: str) -> Sequence[Destination]:
        """Where requests for `model` may go, in the route's order. Raises UnknownModel."""
        policy = self._parts.policy()
        return [policy.destinations[name] for name in policy.route(model).destinations]

    def receipt_keys(self) -> Mapping[str, Json]:
        """The public keys that check receipts, as a JWK set."""
        return self._parts.receipts.keys()

    def new_id(self) -> str:
        """An unguessable id."""
        return self._parts.new_id()

    async def close(self) -> None:
        """Release the providers' connections, on the event loop that made them."""
        for upstream in self._parts.upstreams.values():
            await upstream.close()

    async def kept(
        self, incoming: Incoming, id_: str, caller: Caller | None = None
    ) -> Mapping[str, JsonTree]:
        """The answer kept under `id_`, for who asked for it. Raises UnknownResponse."""
        caller = self._asked(incoming, caller or self.authenticate(incoming.authorization)).caller
        return await self._parts.conversations.show(caller, id_, self._parts.policy())

    async def forget(self, incoming: Incoming, id_: str, caller: Caller | None = None) -> None:
        """Erase the answer kept under `id_`; durable before it returns. Raises UnknownResponse."""
        caller = self._asked(incoming, caller or self.authenticate(incoming.authorization)).caller
        await self._parts.conversations.forget(caller, id_)

    def _asked(self, incoming: Incoming, caller: Caller) -> Asked:
        asked = asked_of(incoming.headers, caller, self._parts.new_id())
        return replace(asked, began=self._parts.clock.monotonic())

    async def _parse(self, incoming: Incoming, caller: Caller) -> Exchange:
        """The exchange, with the conversation before it where that is kept on this side."""
        asked = self._asked(incoming, caller)
        exchange = self._parts.formats[incoming.format].parse(incoming.body.reveal(), asked)
        exchange = self._parts.seals.opened(exchange)
        if exchange.turn is None:
            return exchange
        return await self._parts.conversations.recall(exchange, self._parts.policy())

    def _answering(
        self, passage: Passage, restorer: Restorer, format_: Format, keeping: Keeping | None
    ) -> Answering:
        if keeping is None:
            return Answering(passage, restorer, format_.writer(passage.exchange))
        writer = format_.writer(keeping.exchange)
        keep = partial(self._parts.conversations.keep, keeping, writer)
        return Answering(passage, restorer, writer, keep)

    async def _find(self, exchange: Exchange, finder: Finds) -> Survey:
        rule = treatments(exchange, self._parts.policy())
        body = exchange.body.reveal()
        remember = not exchange.no_store
        return await _run(exchange, lambda: survey(body, rule, finder, remember=remember))

    async def _record(self, passage: Passage, found: Survey, finder: Finds) -> _Recorded:
        """Decide, minimize and record; again where policy, halts or findings changed meanwhile."""
        exchange = passage.exchange
        halted: Unavailable | None = None
        person = await self._parts.memory.known_person(exchange.caller)
        for _ in range(_DECISIONS):
            policy = self._parts.policy()
            question = self._question(exchange, found, policy, person)
            unlinked = exchange.no_store or mode_of(question, policy) is Mode.STRICT
            if question.person is None and not unlinked:
                person = await self._parts.memory.person(exchange.caller)
                question = replace(question, person=person)
            consents = self._parts.memory.consents()
            decision = decide(question, policy, consents)
            destination = decision.require()
            with passage.timed("minimize"):
                minimized = await self._minimize(exchange, policy, destination, finder)
            if not minimized.counts.keys() <= found.counts.keys():
                # Replacing brought something to light; it takes part in the decision too.
                found = replace(found, counts={**minimized.counts, **found.counts})
                continue
            body = self._parts.receipts.commit(minimized.body)
            event = _sent(exchange, question, decision, minimized, policy)
            event = replace(event, body=body.digest)
            depends = _depends(exchange, destination)
            consent = decision.consent
            try:
                with passage.timed("record"):
                    position = await self._parts.memory.record_sent(event, consent, depends)
            except Unavailable as error:
                if error.code not in _DECIDED_ANEW:
                    raise
                halted = error if isinstance(error, Halted) else None
            else:
                passage.leaves(decision, minimized, depends)
                shown = _shown(decision, consents, question.now)
                receipt = self._parts.receipts.issue(event, body, shown, position)
                return _Recorded(decision, minimized, policy, question.person, receipt)
        raise halted or Unavailable(
            "another process put a different policy in force on this store; restart this one with "
            "the same settings, or give it a store of its own",
            code="policy_changed",
        )

    def _question(
        self, exchange: Exchange, found: Survey, policy: Policy, person: str | None
    ) -> Question:
        needs = exchange.needs
        if policy.chooses_by_language:
            said = last_user_text(exchange.body.reveal())
            needs = replace(needs, language=guess(said))
        halts = self._parts.memory.halts()
        minds_tools = any(halt.kind is HaltKind.TOOL for halt in halts.standing)
        return Question(
            tenant=exchange.caller.tenant,
            application=exchange.caller.application,
            person=person,
            purpose=exchange.purpose or policy.default_purpose,
            model=exchange.model,
            now=self._parts.clock.now(),
            task=exchange.task,
            mode_asked=exchange.mode_asked,
            needs=needs,
            categories=found.counts,
            uninspectable=exchange.uninspectable,
            halts=halts,
            tools=tool_places(exchange.body.reveal()) if minds_tools else {},
            down=self._parts.upstreams.down(),
        )

    async def _minimize(
        self, exchange: Exchange, policy: Policy, destination: Destination, finder: Finds
    ) -> Minimized:
        exchange = bound_to(exchange, destination)
        upstream = self._parts.upstreams[destination.name]
        how = Minimizing(
            finder=finder,
            policy=policy,
            pseudonyms=self._parts.pseudonyms(exchange),
            rule=treatments(exchange, policy),
            address=lambda body: upstream.request(body, exchange.operation),
            remember=not exchange.no_store,
        )
        return await _run(exchange, lambda: minimize(exchange, how))


def _sent(
    exchange: Exchange,
    question: Question,
    decision: Decision,
    minimized: Minimized,
    policy: Policy,
) -> Sent:
    """What goes on record before anything leaves."""
    destination = decision.require()
    unlinked = exchange.no_store or decision.mode is Mode.STRICT
    return Sent(
        exchange=exchange.id,
        tenant=question.tenant,
        application=question.application,
        person=None if unlinked else question.person,
        purpose=question.purpose,
        destination=destination.name,
        remote=destination.location is Location.REMOTE,
        policy=policy.digest,
        mode=decision.mode.name.lower(),
        counts=minimized.counts,
        because=decision.because,
    )


def _depends(exchange: Exchange, destination: Destination) -> tuple[Halt, ...]:
    """What must not be halted when this is recorded, nor while its answer comes."""
    return (
        Halt(HaltKind.TENANT, exchange.caller.tenant),
        Halt(HaltKind.ROUTE, exchange.model),
        Halt(HaltKind.MODEL, destination.name),
        *(Halt(HaltKind.TOOL, name) for name in exchange.tools),
    )


def _shown(decision: Decision, consents: Consents, now: float) -> ConsentShown | None:
    """The consent that decided, as the receipt shows it."""
    key = decision.consent
    if key is None:
        return None
    state = consents.state(key, now)
    return ConsentShown(key.purpose, key.recipient, state.value, consents.version)


def _because(decision: Decision, keeping: Keeping | None) -> str:
    explained = decision.explanation
    return explained if keeping is None else f"{explained}; retention: {keeping.because}"


async def _run(exchange: Exchange, work: Callable[[], T]) -> T:
    """Run `work` here, or in a thread where it would hold the event loop up."""
    if exchange.size < _LARGE:
        return work()
    return await asyncio.to_thread(work)
