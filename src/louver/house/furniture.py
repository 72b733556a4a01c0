"""What the settings make: detectors, formats, and a client for each destination."""

from __future__ import annotations

import os
from dataclasses import dataclass

from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.doors import plugins
from louver.doors.http.families import ANTHROPIC, OLLAMA, OPENAI
from louver.doors.settings.values import Detectors, Settings
from louver.gateway.providers.interface import Provider
from louver.gateway.reception import Desk
from louver.gateway.upstreams import Upstream, UpstreamRule, Upstreams
from louver.gateway.wire.anthropic import Messages
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
from louver.house.ground import Seams
from louver.minimize.detectors.dictionary import DictionaryDetector, DictionaryEntry
from louver.minimize.finder import Finder
from louver.minimize.interface import Detector


@dataclass(frozen=True, slots=True)
class Furnishing:
    """What the settings make; replaced as a whole when they change."""

    settings: Settings
    finder: Finder
    desk: Desk


def detectors(wanted: Detectors) -> tuple[Detector, ...]:
    """The detectors that the settings name. Raises Invalid; an empty house finds nothing."""
    found = [plugins.detector(name) for name in wanted.names]
    if wanted.dictionary:
        entries = [DictionaryEntry(t.term, t.category) for t in wanted.dictionary]
        found.append(DictionaryDetector(entries))
    return tuple(found)


def upstreams(settings: Settings, seams: Seams, before: Furnishing | None) -> Upstreams:
    """A client for each destination; one that did not change keeps its connections and state.

    Raises Invalid.
    """
    made: dict[str, Upstream] = {}
    for name, destination in settings.policy.destinations.items():
        rule = settings.upstreams.get(name, UpstreamRule())
        if before is not None and before.settings.policy.destinations.get(name) == destination:
            known = before.desk.line.upstreams[name]
            if before.settings.upstreams.get(name, UpstreamRule()) == rule:
                made[name] = known
                continue
        provider = seams.providers.get(name) or _provider(destination, seams)
        made[name] = Upstream(provider, rule, seams.clock, seams.randomness)
    return Upstreams(made)


def formats(clock: Clock) -> dict[str, Format]:
    """Every wire format that is spoken, by the name that routes use."""
    return {
        "openai.chat": OpenAIChat(OPENAI.error),
        "openai.responses": OpenAIResponses(),
        "anthropic.messages": Messages(ANTHROPIC.error),
        "openai.completions": OpenAICompletions(OPENAI.error),
        "openai.embeddings": OpenAIEmbeddings(OPENAI.error),
        "ollama.chat": OllamaChat(clock, OLLAMA.error),
        "ollama.generate": OllamaGenerate(clock, OLLAMA.error),
        "ollama.embed": OllamaEmbed(clock, OLLAMA.error),
        "ollama.embeddings": OllamaEmbeddings(clock, OLLAMA.error),
    }


def _provider(destination: Destination, seams: Seams) -> Provider:
    variable = destination.key_variable
    key = os.environ.get(variable) if variable else None
    return plugins.provider(destination, Sensitive(key) if key else None, seams.clock)
