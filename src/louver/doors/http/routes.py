"""What is served where: one table of paths for requests to models, one for all that is small."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from louver.core.errors import UnknownModel
from louver.core.sensitive import Sensitive
from louver.doors.http.errors import JSON_TYPE
from louver.doors.http.families import ANTHROPIC, OPENAI, Family
from louver.doors.http.openapi import description
from louver.doors.http.wire import Whole

CHAT, MODELS = "/v1/chat/completions", "/v1/models"
MESSAGES, COUNT_TOKENS = "/v1/messages", "/v1/messages/count_tokens"
OPENAPI, HEALTH = "/openapi.json", "/healthz"


@dataclass(frozen=True, slots=True)
class Asks:
    """A path to which requests for a model are posted: their format, and how it says errors."""

    format: str
    family: Family


ASKED: Mapping[str, Asks] = {
    CHAT: Asks("openai.chat", OPENAI),
    MESSAGES: Asks("anthropic.messages", ANTHROPIC),
    COUNT_TOKENS: Asks("anthropic.count_tokens", ANTHROPIC),
}


class Shown(Protocol):
    """What the small answers ask of the house."""

    def models(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Shows:
    """A path that is read with GET; `open` where no API key is asked for."""

    answer: Callable[[Shown], Whole]
    open: bool = False


def shown(path: str) -> Shows | None:
    """What GET on `path` shows."""
    if path.startswith(MODELS + "/"):
        return Shows(lambda services: _one_model(path.removeprefix(MODELS + "/"), services))
    return SHOWN.get(path)


def json_answer(value: object) -> Whole:
    return Whole(200, (JSON_TYPE,), orjson.dumps(value))


def api_key(headers: Mapping[str, str]) -> Sensitive[str] | None:
    """The caller's key as an `Authorization` header, however its client sends it."""
    if "authorization" in headers:
        return Sensitive(headers["authorization"])
    if "x-api-key" in headers:  # what Anthropic's clients send
        return Sensitive(f"Bearer {headers['x-api-key']}")
    return None


def _all_models(services: Shown) -> Whole:
    return json_answer({"object": "list", "data": [_model(name) for name in services.models()]})


def _one_model(name: str, services: Shown) -> Whole:
    if name not in services.models():
        raise UnknownModel("no such model here; GET /v1/models lists them", param="model")
    return json_answer(_model(name))


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "louver"}


SHOWN: Mapping[str, Shows] = {
    HEALTH: Shows(lambda _: json_answer({"status": "ok"}), open=True),
    OPENAPI: Shows(lambda _: json_answer(description()), open=True),
    MODELS: Shows(_all_models),
}
