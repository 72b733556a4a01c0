"""Models for tests: each says exactly what a test tells it to, over the provider seam."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import orjson

from louver.core.exchanges import Minimized, Reply
from louver.gateway.providers.interface import ReadsHubForm

Body = dict[str, Any]


def chunk(delta: Body, *, finish: str | None = None, index: int = 0) -> Body:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }


def whole(message: Body, *, finish: str = "stop") -> Body:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }


class Echo(ReadsHubForm):
    """Answers with the text of the last message, in pieces of `size` characters."""

    def __init__(self, size: int = 7, delay: float = 0.0) -> None:
        self._size = size
        self._delay = delay
        self.asked: list[Body] = []

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        body = orjson.loads(request.body)
        self.asked.append(body)
        text = self.text(body)
        if not request.stream:
            yield Reply(whole({"content": text}))
            return
        yield Reply(chunk({"role": "assistant", "content": ""}))
        for at in range(0, len(text), self._size):
            if self._delay:
                await asyncio.sleep(self._delay)
            yield Reply(chunk({"content": text[at : at + self._size]}))
        yield Reply(chunk({}, finish="stop"))

    def text(self, body: Body) -> str:
        content = body["messages"][-1].get("content") or ""
        return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)

    async def close(self) -> None:
        return


class Scripted(ReadsHubForm):
    """Yields the events that `script` makes from the request it got."""

    def __init__(self, script: Callable[[Body], Sequence[Body | BaseException]]) -> None:
        self._script = script
        self.asked: list[Body] = []
        self.closed = 0

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        body = orjson.loads(request.body)
        self.asked.append(body)
        try:
            for event in self._script(body):
                await asyncio.sleep(0)
                if isinstance(event, BaseException):
                    raise event
                yield Reply(event)
        finally:
            self.closed += 1

    async def close(self) -> None:
        return
