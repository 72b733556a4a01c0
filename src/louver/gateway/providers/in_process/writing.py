"""What a model in this process says, as events of the hub form."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from louver.core.exchanges import JsonTree
from louver.gateway.providers.in_process.engine import Ended, Vectors

Event = dict[str, JsonTree]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all events of one answer share; `created` in seconds since the epoch."""

    id: str
    created: int
    model: str

    def chunk(self, choice: int, delta: Event, reason: str | None = None) -> Event:
        """A piece of one choice."""
        one = {"index": choice, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._shared("chat.completion.chunk"), "choices": [one]}

    def usage(self, ends: Sequence[Ended]) -> Event:
        """The last chunk of a stream that was asked to count."""
        return {**self._shared("chat.completion.chunk"), "choices": [], "usage": counts(ends)}

    def whole(self, texts: Sequence[str], ends: Sequence[Ended]) -> Event:
        """The whole answer."""
        choices = [
            {
                "index": index,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": end.reason,
            }
            for index, (text, end) in enumerate(zip(texts, ends, strict=True))
        ]
        return {**self._shared("chat.completion"), "choices": choices, "usage": counts(ends)}

    def _shared(self, kind: str) -> Event:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def counts(ends: Sequence[Ended]) -> Event:
    """Tokens: the prompt once, however many choices were made of it."""
    prompt = max((end.prompt_tokens for end in ends), default=0)
    said = sum(end.tokens for end in ends)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
    }


def embeddings(model: str, found: Vectors, *, packed: bool) -> Event:
    """OpenAI's embeddings object; `packed` as base64 of little-endian 32-bit floats."""
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(v) if packed else list(v)}
        for index, v in enumerate(found.vectors)
    ]
    usage = {"prompt_tokens": found.tokens, "total_tokens": found.tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
