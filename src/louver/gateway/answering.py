"""The second half of the line: a provider's events become the client's answer.

Rule: the end is on record before the client sees the last event; whatever stops an answer in the
middle closes the provider's call and is recorded too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.exchanges import Reply
from louver.gateway.passage import Passage
from louver.gateway.wire.interface import AnswerWriter
from louver.gateway.wire.restoring import Restorer


class Pieces(Protocol):
    """The bytes of an answer as they come; whoever takes them closes them."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def __anext__(self) -> Awaitable[bytes]: ...

    async def aclose(self) -> None: ...


class Complete(AsyncIterator[bytes]):
    """An answer of one piece, whose end is on record already."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._given = False

    async def __anext__(self) -> bytes:
        if self._given:
            raise StopAsyncIteration
        self._given = True
        return self.content

    async def aclose(self) -> None:
        """Nothing is held."""


class Body(AsyncIterator[bytes]):
    """The bytes of an answer. Closing it ends the provider's call, even before the first byte."""

    def __init__(self, passage: Passage, events: AsyncGenerator[bytes], replies: Replies) -> None:
        self._passage = passage
        self._events = events
        self._replies = replies
        self._begun = False

    async def __anext__(self) -> bytes:
        self._begun = True
        return await anext(self._events)

    async def aclose(self) -> None:
        await self._events.aclose()
        await self._replies.aclose()
        if not self._begun:  # A generator that was never started cannot say so itself.
            self._passage.left()


class Replies(AsyncIterator[Reply]):
    """A provider's events, the first of which has arrived."""

    def __init__(self, first: Reply, rest: AsyncGenerator[Reply], passage: Passage) -> None:
        self._first: Reply | None = first
        self._rest = rest
        self._stop = passage.stop
        self._meter = passage.meter

    async def __anext__(self) -> Reply:
        reply, self._first = self._first, None
        if reply is None:
            with self._stop:
                reply = await anext(self._rest)
        self._meter.follow(reply.event)
        return reply

    async def aclose(self) -> None:
        await self._rest.aclose()


@dataclass(frozen=True, slots=True)
class Answering:
    """One answer in the making: its record, its values, and its client's format."""

    passage: Passage
    restorer: Restorer
    writer: AnswerWriter


async def begin(passage: Passage, asked: AsyncGenerator[Reply]) -> Replies:
    """Wait for the first event; a failure before it is still an HTTP error to the client."""
    try:
        with passage.timed("first"), passage.stop:
            return Replies(await anext(asked), asked, passage)
    except StopAsyncIteration:
        empty = UpstreamFailed("the model's server sent an empty answer", code="upstream_invalid")
        await passage.failed(empty)
        raise empty from None
    except LouverError as error:
        await passage.failed(error)
        raise
    except asyncio.CancelledError:
        await asked.aclose()
        passage.left()
        raise


async def whole(answering: Answering, replies: Replies) -> bytes:
    """The body of an answer that is not streamed. Raises UpstreamFailed, Unavailable."""
    passage, restorer = answering.passage, answering.restorer
    async with aclosing(replies):
        try:
            with passage.timed("restore"):
                body = answering.writer.whole(restorer.whole((await anext(replies)).event))
        except UpstreamFailed as error:
            await passage.failed(error, restorer.restored)
            raise
    await passage.answered(restorer.restored)
    return body


async def stream(answering: Answering, replies: Replies) -> AsyncGenerator[bytes]:
    """The answer as it comes; a failure becomes its last event."""
    passage, restorer, writer = answering.passage, answering.restorer, answering.writer
    try:
        async with aclosing(replies):
            with passage.timed("stream"):
                async for reply in replies:
                    for event in restorer.chunk(reply.event):
                        for piece in writer.chunk(event):
                            yield piece
                for event in restorer.finish():
                    for piece in writer.chunk(event):
                        yield piece
                for piece in writer.finish():
                    yield piece
        await passage.answered(restorer.restored)
        yield writer.end()
    except LouverError as error:
        for piece in _rest(answering):
            yield piece
        await passage.failed(error, restorer.restored)
        yield writer.failed(error)
    except (asyncio.CancelledError, GeneratorExit):
        passage.left(restorer.restored)
        raise


def _rest(answering: Answering) -> list[bytes]:
    """What had arrived before a failure, as far as it is of any use."""
    try:
        rest = list(answering.restorer.finish())
        return [piece for event in rest for piece in answering.writer.chunk(event)]
    except UpstreamFailed:
        return []
