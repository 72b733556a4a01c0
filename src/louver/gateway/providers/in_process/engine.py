"""The engine seam: a loaded model, used by one thread at a time; it says its answer as it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree
from louver.gateway.providers.in_process.speech import Speech
from louver.gateway.providers.in_process.turns import Turn


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen; None leaves it to the model's own settings."""

    seed: int
    temperature: float | None = None
    top_p: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat request. `limit` in tokens; `schema` is None for plain text, empty for any JSON."""

    turns: tuple[Turn, ...]
    sampling: Sampling
    choices: int = 1
    stops: tuple[str, ...] = ()
    limit: int | None = None
    schema: Mapping[str, JsonTree] | None = None
    include_usage: bool = False

    @property
    def question(self) -> str:
        """The last thing that a user said."""
        said = [turn.text for turn in self.turns if turn.role == "user"]
        return said[-1] if said else ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one choice ended (`stop` or `length`), and what it took in tokens."""

    reason: str
    prompt_tokens: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Vectors:
    """One vector per text, in order."""

    vectors: Sequence[Sequence[float]]
    tokens: int


class Engine(Protocol):
    """All methods run in the model's own thread. Raises UpstreamFailed for what it cannot do."""

    def chat(self, asked: Asked, seed: int, speech: Speech) -> Ended:
        """Say one choice into `speech`; stop once `speech.over`."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector for each of `texts`."""
        ...


def too_long(tokens: int, room: int) -> UpstreamFailed:
    """The prompt leaves no room for an answer."""
    return UpstreamFailed(
        f"the request has {tokens} tokens, and the model takes in {room}; shorten it",
        status=400,
        code="context_length_exceeded",
    )


def cannot(what: str) -> UpstreamFailed:
    """What this model is not made for."""
    return UpstreamFailed(what, status=400, code="model_cannot")
