"""A model in this process as a provider; see `louver.gateway.providers.interface.Provider`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from louver.core.exchanges import JsonTree, Minimized, Operation, Reply
from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.gateway.providers.in_process.asking import (
    chat_form,
    embeddings_form,
    read_chat,
    read_texts,
)
from louver.gateway.providers.in_process.engine import Asked, Ended, Engine, Vectors
from louver.gateway.providers.in_process.speech import Speech
from louver.gateway.providers.in_process.thread import Job, ModelThread
from louver.gateway.providers.in_process.writing import Envelope, Event, embeddings


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a choice; with `end`, its last."""

    choice: int
    text: str = ""
    end: Ended | None = None


class InProcess:
    """Asks the engine that `load` makes; `structured` where it can be held to a JSON schema."""

    def __init__(
        self,
        destination: Destination,
        load: Callable[[], Engine],
        clock: Clock,
        *,
        structured: bool = False,
    ) -> None:
        self._name = destination.name
        self._silence = destination.timeout
        self._clock = clock
        self._structured = structured
        self._thread: ModelThread[Engine] = ModelThread(destination.name, load)

    def warm(self) -> None:
        """Load the model now and not at the first request. Raises Unavailable."""
        self._thread.warm()

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """See `Provider.request`."""
        if operation is Operation.EMBEDDINGS:
            return embeddings_form(body)
        return chat_form(body, structured=self._structured)

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        if request.operation is Operation.EMBEDDINGS:
            events = self._embed(request)
        elif request.stream:
            events = self._stream(request)
        else:
            events = self._whole(request)
        async with aclosing(events):
            async for event in events:
                yield Reply(event)

    async def close(self) -> None:
        """End all work and release the model."""
        await self._thread.close()

    async def _stream(self, request: Minimized) -> AsyncGenerator[Event, None]:
        asked, envelope = read_chat(request), self._envelope(request)
        ends: list[Ended] = []
        begun: set[int] = set()
        async with aclosing(self._said(asked)) as pieces:
            async for said in pieces:
                if said.choice not in begun:  # Not before: until then, it is still an HTTP error.
                    begun.add(said.choice)
                    opening: Event = {"role": "assistant", "content": "", "refusal": None}
                    yield envelope.chunk(said.choice, opening)
                if said.end is None:
                    yield envelope.chunk(said.choice, {"content": said.text})
                else:
                    ends.append(said.end)
                    yield envelope.chunk(said.choice, {}, said.end.reason)
        if asked.include_usage:
            yield envelope.usage(ends)

    async def _whole(self, request: Minimized) -> AsyncGenerator[Event, None]:
        asked = read_chat(request)
        texts = [""] * asked.choices
        ends: list[Ended] = []
        async with aclosing(self._said(asked)) as pieces:
            async for said in pieces:
                texts[said.choice] += said.text
                ends += [] if said.end is None else [said.end]
        yield self._envelope(request).whole(texts, ends)

    async def _embed(self, request: Minimized) -> AsyncGenerator[Event, None]:
        texts, packed = read_texts(request)

        def work(engine: Engine, job: Job[Vectors]) -> None:
            job.tell(engine.embed(texts))

        async with aclosing(self._thread.run(work, self._silence)) as found:
            async for vectors in found:
                yield embeddings(self._name, vectors, packed=packed)

    def _said(self, asked: Asked) -> AsyncGenerator[Said, None]:
        def work(engine: Engine, job: Job[Said]) -> None:
            for choice in range(asked.choices):
                if not job.gone():
                    _answer(engine, asked, choice, job)

        return self._thread.run(work, self._silence)

    def _envelope(self, request: Minimized) -> Envelope:
        return Envelope(f"chatcmpl-{request.exchange}", int(self._clock.now()), self._name)


def _answer(engine: Engine, asked: Asked, choice: int, job: Job[Said]) -> None:
    speech = Speech(asked.stops, lambda text: job.tell(Said(choice, text)), job.gone)
    end = engine.chat(asked, asked.sampling.seed + choice, speech)
    speech.finish()
    job.tell(Said(choice, end=end))
