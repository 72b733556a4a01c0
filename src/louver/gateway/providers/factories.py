"""How the built-in providers are made; registered under the entry points `louver.providers`."""

from __future__ import annotations

from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.gateway.providers.anthropic import Anthropic
from louver.gateway.providers.gguf import gguf
from louver.gateway.providers.hostile import Hostile
from louver.gateway.providers.ollama import Ollama
from louver.gateway.providers.openai_compatible import OpenAICompatible
from louver.gateway.providers.practice import Practice
from louver.gateway.providers.transformers_local import transformers

__all__ = ["gguf", "hostile", "openai", "practice", "transformers"]


def practice(destination: Destination, _key: Sensitive[str] | None, clock: Clock) -> Practice:
    """The practice model, in this process."""
    return Practice(destination, clock=clock)


def hostile(destination: Destination, _key: Sensitive[str] | None, _clock: Clock) -> Hostile:
    """The hostile model, in this process."""
    return Hostile(destination)


def openai(destination: Destination, key: Sensitive[str] | None, _clock: Clock) -> OpenAICompatible:
    """Any server that speaks OpenAI's chat completions."""
    return OpenAICompatible(destination, key=key)


def ollama(destination: Destination, key: Sensitive[str] | None, clock: Clock) -> Ollama:
    """An Ollama server, by its own API."""
    return Ollama(destination, key=key, clock=clock)


def anthropic(destination: Destination, key: Sensitive[str] | None, clock: Clock) -> Anthropic:
    """A server that speaks Anthropic's Messages API; by default Anthropic's own."""
    return Anthropic(destination, key=key, clock=clock)
