"""OpenAI Responses, `/v1/responses`: read into the hub form, answered in its own events."""

from __future__ import annotations

from dataclasses import replace

from louver.core.exchanges import Exchange, Turn
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import EVENT_STREAM, AnswerWriter, Asked
from louver.gateway.wire.openai_responses_answer import ResponsesWriter
from louver.gateway.wire.openai_responses_request import hub_request, instructions_of
from louver.gateway.wire.reading import read_object

_EXCHANGE = "ex-"


class OpenAIResponses:
    """The format as the line sees it; a `Turn` says what it asks this side to remember."""

    stream_type = EVENT_STREAM

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        tree = read_object(body)
        exchange = exchange_of(hub_request(tree), asked, size=len(body), original=tree)
        follows = tree.get("previous_response_id")
        turn = Turn(
            id=response_id(asked.exchange),
            follows=follows if isinstance(follows, str) else None,
            own=len(instructions_of(tree)),
            keep=not exchange.no_store,
        )
        return replace(exchange, turn=turn)

    def writer(self, exchange: Exchange) -> AnswerWriter:
        return ResponsesWriter(exchange)


def response_id(exchange: str) -> str:
    """An answer's id: as unguessable as the exchange's, from which it is made.

    >>> response_id("ex-0123")
    'resp_0123'
    """
    return f"resp_{exchange.removeprefix(_EXCHANGE)}"
