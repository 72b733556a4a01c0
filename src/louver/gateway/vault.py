"""Conversations that are kept on this side, so that a request need not send them again.

The rule: what is recalled is put in front of the new messages before anything is looked for, as if
the client had sent it all; what is kept is durable before the client is told that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, cast, runtime_checkable

import orjson

from louver.core.errors import Invalid, Unavailable, UnknownResponse
from louver.core.exchanges import Exchange, JsonTree, Turn
from louver.core.identity import Caller
from louver.core.policy import Mode, Policy
from louver.core.retention import Retention, may_keep, may_recall
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.crypto.vault import Place
from louver.crypto.vault import Vault as Locks
from louver.gateway.memory import Memory
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import AnswerWriter, Asked
from louver.store.vault import KeptResponse, owner_of

Messages = list[Mapping[str, JsonTree]]

_VERSION = 1


@runtime_checkable
class TellsTurn(Protocol):
    """A writer whose finished answer can be kept."""

    def answer(self) -> Mapping[str, JsonTree]:
        """The answer as its format shows it to whoever asks again."""
        ...

    def said(self) -> Messages:
        """The same as messages of the hub form, for the turn that follows."""
        ...


@dataclass(frozen=True, slots=True)
class Keeping:
    """What was decided about one answer: `exchange` says it to its writer, `because` to people."""

    exchange: Exchange
    because: str
    retention: Retention
    person: str | None
    expires: float


class Conversations:
    """Recalls, keeps, shows and forgets; one instance serves all requests."""

    def __init__(self, memory: Memory, locks: Locks, clock: Clock) -> None:
        self._memory = memory
        self._locks = locks
        self._clock = clock

    async def recall(self, exchange: Exchange, policy: Policy) -> Exchange:
        """`exchange` with the conversation that it continues. Raises Invalid, Unavailable."""
        turn = exchange.turn
        if turn is None or turn.follows is None:
            return exchange
        kept = await self._find(exchange.caller, turn.follows, policy)
        if kept is None:
            raise Invalid(
                "no conversation is kept under this previous_response_id; send the whole "
                "conversation in `input`, or let it be kept: mode full, and the person's consent "
                "to the purpose `retention`",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return _continued(exchange, turn, kept)

    def decide(
        self, exchange: Exchange, mode: Mode, person: str | None, policy: Policy
    ) -> Keeping | None:
        """Whether the answer to `exchange` will be kept; None for formats that keep nothing."""
        turn = exchange.turn
        if turn is None:
            return None
        now, consents = self._clock.now(), self._memory.consents()
        if turn.keep:
            whose = (exchange.caller.tenant, person)
            retention = may_keep(policy, mode, consents, whose, now)
        else:
            retention = Retention(False, "the request says so")
        expires = now + policy.kept_for
        answer = consents.answers.get(retention.consent) if retention.consent else None
        if answer is not None and answer.expires is not None:
            expires = min(expires, answer.expires)
        settled = replace(exchange, turn=replace(turn, keep=retention.allowed))
        word = "kept" if retention.allowed else "not kept"
        return Keeping(settled, f"{word}: {retention.because}", retention, person, expires)

    async def keep(self, keeping: Keeping, writer: AnswerWriter) -> None:
        """Keep a finished answer with its conversation; durable before it returns.

        Raises ConsentRequired, Unavailable; then nothing was kept.
        """
        exchange, turn = keeping.exchange, keeping.exchange.turn
        if turn is None or not turn.keep:
            return
        if not isinstance(writer, TellsTurn):
            raise Unavailable("this format's answers cannot be kept", code="not_kept")
        content = encode(
            {
                "v": _VERSION,
                "opening": exchange.opening.reveal().decode(),
                "conversation": exchange.conversation and exchange.conversation.reveal(),
                "messages": [*_messages(exchange)[turn.own :], *writer.said()],
                "response": writer.answer(),
            }
        )
        caller = exchange.caller
        place = self._place(caller, keeping.person, turn.id)
        owner = owner_of(caller.tenant, caller.application, keeping.person)
        salt = await self._memory.content_salt(owner)
        kept = KeptResponse(
            id=place.name,
            tenant=place.tenant,
            application=place.application,
            person=place.person,
            expires=keeping.expires,
            sealed=self._locks.seal(content, place, salt),
            salt=salt,
        )
        await self._memory.keep_response(kept, keeping.retention.consent)

    async def show(self, caller: Caller, id_: str, policy: Policy) -> Mapping[str, JsonTree]:
        """The answer kept under `id_`. Raises UnknownResponse, the same for every reason."""
        kept = await self._find(caller, id_, policy)
        if kept is None:
            raise _unknown()
        return cast("Mapping[str, JsonTree]", kept["response"])

    async def forget(self, caller: Caller, id_: str) -> None:
        """Erase what is kept under `id_`. Raises UnknownResponse, Unavailable."""
        found = await self._row(caller, id_)
        if found is None or not await self._memory.forget_response(found.id, caller):
            raise _unknown()

    async def _find(
        self, caller: Caller, id_: str, policy: Policy
    ) -> Mapping[str, JsonTree] | None:
        kept = await self._row(caller, id_)
        if kept is None:
            return None
        whose = (caller.tenant, kept.person)
        consents = self._memory.consents()
        if not may_recall(policy, consents, whose, self._clock.now()).allowed:
            return None
        place = self._place(caller, kept.person, id_)
        content: Mapping[str, JsonTree] = orjson.loads(
            self._locks.open(kept.sealed, place, kept.salt)
        )
        return content if content.get("v") == _VERSION else None

    async def _row(self, caller: Caller, id_: str) -> KeptResponse | None:
        """What is kept for just this application and person."""
        kept = await self._memory.response(self._locks.name(caller.tenant, id_), caller)
        person = await self._memory.known_person(caller)
        unnamed = caller.person is None
        same = kept is not None and kept.person == person and (kept.person is None) == unnamed
        return kept if same else None

    def _place(self, caller: Caller, person: str | None, id_: str) -> Place:
        name = self._locks.name(caller.tenant, id_)
        return Place(caller.tenant, caller.application, person, name)


def _continued(exchange: Exchange, turn: Turn, kept: Mapping[str, JsonTree]) -> Exchange:
    """`exchange` as if the client had sent the whole conversation."""
    own = _messages(exchange)
    messages = [*own[: turn.own], *cast("Messages", kept["messages"]), *own[turn.own :]]
    conversation = exchange.conversation
    if conversation is None and kept["conversation"]:
        conversation = Sensitive(str(kept["conversation"]))
    whole = exchange_of(
        {**exchange.body.reveal(), "messages": messages},
        Asked(
            exchange=exchange.id,
            caller=exchange.caller,
            conversation=conversation,
            purpose=exchange.purpose,
            task=exchange.task,
            mode=exchange.mode_asked,
            no_store=exchange.no_store,
            began=exchange.began,
        ),
        size=exchange.size + len(orjson.dumps(kept["messages"])),
        original=None if exchange.original is None else exchange.original.reveal(),
    )
    # The conversation opened as it did, whatever this turn's instructions are.
    opening = Sensitive(str(kept["opening"]).encode())
    return replace(whole, turn=turn, opening=opening)


def _messages(exchange: Exchange) -> Messages:
    return cast("Messages", exchange.body.reveal()["messages"])


def _unknown() -> UnknownResponse:
    return UnknownResponse("no such response is kept here; it may have expired or been forgotten")
