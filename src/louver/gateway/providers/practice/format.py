"""Builds answers exactly in OpenAI's chat completion format, whole or as chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; its arguments (JSON) in the fragments that a stream sends."""

    id: str
    name: str
    fragments: tuple[str, ...]

    @property
    def arguments(self) -> str:
        return "".join(self.fragments)


@dataclass(frozen=True, slots=True)
class Choice:
    """One finished answer, as the tokens that a stream sends one by one."""

    tokens: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    finish_reason: str = "stop"

    @property
    def length(self) -> int:
        """In tokens."""
        return len(self.tokens) + sum(len(call.fragments) for call in self.calls)

    def limited(self, limit: int) -> Choice:
        """The first `limit` tokens, with finish reason `length` where that cuts something off."""
        if self.length <= limit:
            return self
        tokens = self.tokens[:limit]
        rest = limit - len(tokens)
        calls: list[Call] = []
        for call in self.calls:
            if rest > 0:
                calls.append(replace(call, fragments=call.fragments[:rest]))
                rest -= len(call.fragments)
        return Choice(tokens, tuple(calls), "length")


@dataclass(frozen=True, slots=True)
class Head:
    """What all chunks of one answer share; `created` in seconds since the epoch."""

    id: str
    created: int
    model: str

    def fields(self, kind: str) -> JsonObject:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": "practice",
        }


def usage(prompt_tokens: int, choices: tuple[Choice, ...]) -> JsonObject:
    """The token counts of one answer."""
    completion = sum(choice.length for choice in choices)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": prompt_tokens + completion,
    }


def completion(head: Head, choices: tuple[Choice, ...], used: JsonObject) -> JsonObject:
    """A whole `chat.completion`."""
    return {
        **head.fields("chat.completion"),
        "choices": [
            {
                "index": index,
                "message": _message(choice),
                "logprobs": None,
                "finish_reason": choice.finish_reason,
            }
            for index, choice in enumerate(choices)
        ],
        "usage": used,
    }


def chunks(
    head: Head, choices: tuple[Choice, ...], used: JsonObject | None
) -> Iterator[JsonObject]:
    """The `chat.completion.chunk`s, choices interleaved; `used` only where the request asked."""
    shared = head.fields("chat.completion.chunk")
    if used is not None:
        shared["usage"] = None
    deltas = zip_longest(*(_deltas(index, choice) for index, choice in enumerate(choices)))
    for choice in chain.from_iterable(deltas):
        if choice is not None:
            yield {**shared, "choices": [choice]}
    if used is not None:
        yield {**shared, "choices": [], "usage": used}


def _message(choice: Choice) -> JsonObject:
    message: JsonObject = {
        "role": "assistant",
        "content": None if choice.calls and not choice.tokens else "".join(choice.tokens),
        "refusal": None,
    }
    if choice.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in choice.calls
        ]
    return message


def _deltas(index: int, choice: Choice) -> Iterator[JsonObject]:
    opening = None if choice.calls and not choice.tokens else ""
    yield _choice(index, {"role": "assistant", "content": opening, "refusal": None})
    for token in choice.tokens:
        yield _choice(index, {"content": token})
    for place, call in enumerate(choice.calls):
        head: JsonObject = {"index": place, "id": call.id, "type": "function"}
        yield _choice(
            index, {"tool_calls": [{**head, "function": {"name": call.name, "arguments": ""}}]}
        )
        for fragment in call.fragments:
            part = {"index": place, "function": {"arguments": fragment}}
            yield _choice(index, {"tool_calls": [part]})
    yield _choice(index, {}, choice.finish_reason)


def _choice(index: int, delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
