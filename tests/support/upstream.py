"""A plain OpenAI-compatible server around any model, for a gateway to stand in front of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager

import orjson

from louver.core.errors import UnknownModel
from louver.core.exchanges import Minimized, Operation
from louver.core.policy import Destination, Location
from louver.core.sensitive import Sensitive
from louver.doors.http.app import Gateway
from louver.doors.http.server import serve_in_thread
from louver.gateway.answering import Complete, Pieces
from louver.gateway.line import Incoming, Outgoing
from louver.gateway.providers.interface import Provider
from louver.gateway.providers.openai_compatible import OpenAICompatible


class Plain:
    """The services of a server that protects nothing: what comes in goes to the model."""

    def __init__(self, model: Provider) -> None:
        self._model = model

    async def answer(self, incoming: Incoming) -> Outgoing:
        asked = incoming.body.reveal()
        stream = bool(orjson.loads(asked).get("stream"))
        embeds = incoming.format == "openai.embeddings"
        operation = Operation.EMBEDDINGS if embeds else Operation.CHAT
        minimized = Minimized("ex", asked, stream, False, {}, {}, operation)
        kind = "text/event-stream" if stream else "application/json"
        replies = self._model.ask(minimized)
        first = await anext(replies)

        async def events() -> AsyncGenerator[bytes]:
            try:
                yield b"data: " + orjson.dumps(first.event) + b"\n\n"
                async for reply in replies:
                    yield b"data: " + orjson.dumps(reply.event) + b"\n\n"
                yield b"data: [DONE]\n\n"
            finally:
                await replies.aclose()

        body: Pieces = events() if stream else Complete(orjson.dumps(first.event))
        return Outgoing((("content-type", kind),), stream, body)

    def authenticate(self, authorization: Sensitive[str] | None) -> object:
        return authorization

    def models(self) -> Sequence[str]:
        return ["any"]

    def destinations(self, model: str) -> Sequence[Destination]:
        raise UnknownModel("nothing is known about models here", param="model")

    def new_id(self) -> str:
        return "ex"

    async def close(self) -> None:
        await self._model.close()


@contextmanager
def served(model: Provider) -> Iterator[OpenAICompatible]:
    """`model` behind HTTP, as the provider that a house asks."""
    with serve_in_thread(Gateway(Plain(model))) as url:
        yield behind(url)


def behind(url: str) -> OpenAICompatible:
    """The provider for an OpenAI-compatible server at `url`."""
    destination = Destination("home", "openai", Location.LOCAL, "us", "home", base_url=url)
    return OpenAICompatible(destination, key=Sensitive("sk-upstream"))
