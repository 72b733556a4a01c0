"""Requests for the built-in models, and their answers read back by the real `openai` types."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Protocol

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from louver.core.exchanges import Minimized, Reply
from louver.core.policy import Destination, Location

PLACE = Destination("here", "practice", Location.LOCAL, "this house", "practice-1")
PERSON = "PERSON_KXQWRTZPLMBV"
OTHER = "PERSON_BCDFGHJKLMPQ"
EMAIL = "EMAIL_QRTVWXZBCDFG"
ADA = "EMAIL_ZZTVWXZBCDFG"
PHONE = "PHONE_LMPQRTVWXZBC"


class Model(Protocol):
    def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]: ...


def chat(*turns: str, **fields: object) -> dict[str, object]:
    """A request body; turns alternate between user and assistant."""
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns)]
    return {"model": "m", "messages": messages, **fields}


def events(model: Model, body: dict[str, object], *, stream: bool) -> list[dict[str, object]]:
    """What the model answers, as a client would get it: through JSON."""
    request = Minimized("x1", json.dumps(body).encode(), stream, False, {}, {})

    async def run() -> list[dict[str, object]]:
        return [json.loads(json.dumps(dict(reply.event))) async for reply in model.ask(request)]

    return asyncio.run(run())


def whole(model: Model, body: dict[str, object]) -> ChatCompletion:
    (event,) = events(model, body, stream=False)
    return ChatCompletion.model_validate(event, strict=True)


def streamed(model: Model, body: dict[str, object]) -> list[ChatCompletionChunk]:
    return [
        ChatCompletionChunk.model_validate(event, strict=True)
        for event in events(model, body, stream=True)
    ]


def said(model: Model, body: dict[str, object]) -> str:
    content = whole(model, body).choices[0].message.content
    assert content is not None
    return content


def called(model: Model, body: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    """The names and arguments of the tools called."""
    calls = whole(model, body).choices[0].message.tool_calls or []
    return [
        (call.function.name, json.loads(call.function.arguments))
        for call in calls
        if call.type == "function"
    ]


def joined(chunks: list[ChatCompletionChunk], index: int = 0) -> str:
    return "".join(
        choice.delta.content or ""
        for chunk in chunks
        for choice in chunk.choices
        if choice.index == index
    )
