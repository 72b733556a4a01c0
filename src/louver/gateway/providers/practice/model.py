"""The practice model as a provider: a pure function of the request body, paced like a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from louver.core.exchanges import Minimized, Operation, Reply
from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.gateway.providers.interface import ReadsHubForm
from louver.gateway.providers.practice.answer import answer
from louver.gateway.providers.practice.calls import calls, structured
from louver.gateway.providers.practice.embedding import embeddings
from louver.gateway.providers.practice.format import Choice, Head, chunks, completion, usage
from louver.gateway.providers.practice.prompt import Prompt, read
from louver.gateway.providers.practice.words import tokens

_MOST_CHOICES = 128
_TOKENS_PER_MESSAGE = 3


class Practice(ReadsHubForm):
    """An offline stand-in that is no language model and says so in its answers.

    `delay`: seconds between two chunks of a stream. Without a `clock`, answers are dated 0.
    """

    def __init__(
        self, destination: Destination, *, clock: Clock | None = None, delay: float = 0.002
    ) -> None:
        self._model = destination.model
        self._clock = clock
        self._delay = delay

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        if request.operation is Operation.EMBEDDINGS:
            await asyncio.sleep(self._delay)
            yield Reply(embeddings(request.body, self._model))
            return
        prompt = read(request.body)
        choices = choices_for(prompt)
        created = 0 if self._clock is None else int(self._clock.now())
        head = Head(f"chatcmpl-{request.exchange}", created, self._model)
        used = usage(prompt_tokens(prompt), choices)
        if not request.stream:
            await asyncio.sleep(self._delay)
            yield Reply(completion(head, choices, used))
            return
        for chunk in chunks(head, choices, used if prompt.include_usage else None):
            await asyncio.sleep(self._delay)
            yield Reply(chunk)

    async def close(self) -> None:
        """Nothing is held."""


def choices_for(prompt: Prompt) -> tuple[Choice, ...]:
    """All the answers that `prompt` asks for."""
    return tuple(_choice(prompt, index) for index in range(min(prompt.choices, _MOST_CHOICES)))


def prompt_tokens(prompt: Prompt) -> int:
    return sum(_TOKENS_PER_MESSAGE + len(tokens(message.text)) for message in prompt.messages)


def _choice(prompt: Prompt, index: int) -> Choice:
    called = calls(prompt)
    if called:
        choice = Choice(calls=called, finish_reason="tool_calls")
    else:
        text = answer(prompt, index) if prompt.schema is None else structured(prompt)
        choice = Choice(tokens(_stopped(text, prompt.stops)))
    return choice if prompt.limit is None else choice.limited(max(0, prompt.limit))


def _stopped(text: str, stops: tuple[str, ...]) -> str:
    """`text` up to the earliest stop sequence."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return text[: min(places)] if places else text
