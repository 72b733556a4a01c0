"""Every wire format that is spoken, by the name that routes use."""

from __future__ import annotations

from collections.abc import Mapping

from louver.core.seams import Clock
from louver.doors.http.families import OLLAMA, OPENAI
from louver.gateway.wire.interface import Format
from louver.gateway.wire.ollama.formats import (
    OllamaChat,
    OllamaEmbed,
    OllamaEmbeddings,
    OllamaGenerate,
)
from louver.gateway.wire.openai_chat import OpenAIChat
from louver.gateway.wire.openai_completions import OpenAICompletions
from louver.gateway.wire.openai_embeddings import OpenAIEmbeddings
from louver.gateway.wire.openai_responses import OpenAIResponses


def formats(clock: Clock) -> Mapping[str, Format]:
    """A fresh set; each tells errors as its family does."""
    return {
        "openai.chat": OpenAIChat(OPENAI.error),
        "openai.completions": OpenAICompletions(OPENAI.error),
        "openai.embeddings": OpenAIEmbeddings(OPENAI.error),
        "openai.responses": OpenAIResponses(),
        "ollama.chat": OllamaChat(clock, OLLAMA.error),
        "ollama.generate": OllamaGenerate(clock, OLLAMA.error),
        "ollama.embed": OllamaEmbed(clock, OLLAMA.error),
        "ollama.embeddings": OllamaEmbeddings(clock, OLLAMA.error),
    }
