"""What is served where: one table of paths for requests to models, one for all that is small."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from louver.core.encoding import Json
from louver.core.errors import NotYetSupported, UnknownModel
from louver.core.policy import Destination
from louver.core.sensitive import Sensitive
from louver.doors.http import ollama
from louver.doors.http.errors import JSON_TYPE
from louver.doors.http.families import ANTHROPIC, OLLAMA, OPENAI, Family
from louver.doors.http.openapi import description
from louver.doors.http.wire import Whole
from louver.gateway.wire.reading import expect, read_object

CHAT, MODELS = "/v1/chat/completions", "/v1/models"
RESPONSES = "/v1/responses"
_OLLAMA = "/api/"
MESSAGES, COUNT_TOKENS = "/v1/messages", "/v1/messages/count_tokens"
OPENAPI, HEALTH = "/openapi.json", "/healthz"
READY, METRICS = "/readyz", "/metrics"
PROBES = frozenset({HEALTH, READY, METRICS})
RECEIPT_KEYS = "/.well-known/louver/keys"


@dataclass(frozen=True, slots=True)
class Asks:
    """A path to which requests for a model are posted: their format, and how it says errors."""

    format: str
    family: Family


ASKED: Mapping[str, Asks] = {
    CHAT: Asks("openai.chat", OPENAI),
    "/v1/completions": Asks("openai.completions", OPENAI),
    "/v1/embeddings": Asks("openai.embeddings", OPENAI),
    "/api/chat": Asks("ollama.chat", OLLAMA),
    "/api/generate": Asks("ollama.generate", OLLAMA),
    "/api/embed": Asks("ollama.embed", OLLAMA),
    "/api/embeddings": Asks("ollama.embeddings", OLLAMA),
    RESPONSES: Asks("openai.responses", OPENAI),
    MESSAGES: Asks("anthropic.messages", ANTHROPIC),
}


def family_of(path: str) -> Family:
    """How errors on `path` are told, whether or not something is served there."""
    if path in ASKED:
        return ASKED[path].family
    if path.startswith(MESSAGES + "/"):
        return ANTHROPIC
    return OLLAMA if path.startswith(_OLLAMA) else OPENAI


class Shown(Protocol):
    """What the small answers ask of the house."""

    def models(self) -> Sequence[str]: ...

    def destinations(self, model: str) -> Sequence[Destination]:
        """Raises UnknownModel."""
        ...

    def receipt_keys(self) -> Mapping[str, Json]: ...


@dataclass(frozen=True, slots=True)
class Shows:
    """A path that is read with GET; `open` where no API key is asked for."""

    answer: Callable[[Shown], Whole]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Tells:
    """A path to which a small question is posted that no model is asked."""

    answer: Callable[[bytes, Shown], Whole]


def shown(path: str) -> Shows | None:
    """What GET on `path` shows."""
    if path.startswith(MODELS + "/"):
        return Shows(lambda services: _one_model(path.removeprefix(MODELS + "/"), services))
    return SHOWN.get(path)


def name_of(path: str) -> str:
    """What a path is called in logs: one of ours, never what a client made up."""
    if path.startswith(MODELS + "/"):
        return MODELS + "/{model}"
    if kept_id(path) is not None:
        return RESPONSES + "/{response}"
    known = path in ASKED or path in SHOWN or path in TOLD or path in PROBES
    return path if known else "other"


def kept_id(path: str) -> str | None:
    """The id of the kept response that `path` names."""
    id_ = path.removeprefix(f"{RESPONSES}/")
    return id_ if id_ != path and "/" not in id_ else None


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
    RECEIPT_KEYS: Shows(lambda services: json_answer(services.receipt_keys()), open=True),
    HEALTH: Shows(lambda _: json_answer({"status": "ok"}), open=True),
    OPENAPI: Shows(lambda _: json_answer(description()), open=True),
    MODELS: Shows(_all_models),
    "/api/tags": Shows(lambda services: json_answer(ollama.tags(services.models()))),
    "/api/version": Shows(lambda _: json_answer({"version": ollama.VERSION}), open=True),
}


def _show_model(body: bytes, services: Shown) -> Whole:
    tree = read_object(body)
    name = expect(tree.get("model") or tree.get("name"), str, "model")
    return json_answer(ollama.shown_model(services.destinations(name)))


def _count_tokens(_: bytes, __: Shown) -> Whole:
    raise NotYetSupported(
        "tokens are counted by the model's server, which sees other words than you send; read "
        "`usage` of an answer instead"
    )


TOLD: Mapping[str, Tells] = {
    COUNT_TOKENS: Tells(_count_tokens),
    "/api/show": Tells(_show_model),
}
