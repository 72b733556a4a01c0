"""The OpenAPI description of what is served; the schemas live in `openapi_schemas`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TypeAlias

from louver.doors.errors import ROWS, UNEXPECTED
from louver.doors.http.openapi_ollama import OLLAMA_SCHEMAS
from louver.doors.http.openapi_responses import RESPONSES_SCHEMAS
from louver.doors.http.openapi_schemas import SCHEMAS

Node: TypeAlias = Mapping[str, object]

_JSON = "application/json"
_OWN_HEADERS: Mapping[str, tuple[str, Node]] = {
    "X-Louver-Conversation": (
        "Your id of the conversation; the same person then has the same placeholder in all of it.",
        {"type": "string", "maxLength": 256},
    ),
    "X-Louver-Person": (
        "Your opaque id of the person whose data this is; consent is looked up by it.",
        {"type": "string", "maxLength": 256},
    ),
    "X-Louver-Purpose": (
        "What the request is for; one of the policy's purposes.",
        {"type": "string", "pattern": "^[a-z][a-z0-9_.-]{0,63}$"},
    ),
    "X-Louver-Task": (
        "What kind of task it is; a policy may exclude models from some.",
        {"type": "string", "pattern": "^[a-z][a-z0-9_.-]{0,63}$"},
    ),
    "X-Louver-Mode": (
        "A stricter mode for this request; it can never loosen one.",
        {"type": "string", "enum": ["strict", "standard", "full"]},
    ),
    "X-No-Store": (
        "Keep nothing of this request, and tell the model's server so.",
        {"type": "string", "enum": ["0", "1", "false", "true"]},
    ),
}
_ANSWER_HEADERS: Mapping[str, str] = {
    "X-Louver-Exchange": "The exchange's id in the ledger; `louver explain --exchange` takes it.",
    "X-Louver-Destination": "The destination that answered.",
    "X-Louver-Receipt": "A signed statement of what left; `louver receipt verify` checks it.",
    "X-Louver-Because": "Every rule that was looked at and what it said.",
}


@cache
def description() -> Node:
    """The whole description; OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Louver",
            "version": version("louver"),
            "description": "Models behind a privacy gateway, in the words of their usual clients.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": {
            **{path: {"post": _asked(asked)} for path, asked in _ASKED.items()},
            "/v1/responses/{response}": _kept(),
            "/v1/models": {"get": _models()},
            "/v1/models/{model}": {"get": _model()},
            "/v1/messages/count_tokens": {"post": _count_tokens()},
            "/api/tags": {"get": _tags()},
            "/api/show": {"post": _show()},
            "/api/version": {"get": _open("tell_version", "Ollama's version.", _ref("Version"))},
            "/openapi.json": {"get": _open("describe", "This description.", {"type": "object"})},
            "/.well-known/louver/keys": {
                "get": _open("list_receipt_keys", "What checks receipts.", _ref("Keys"))
            },
            "/healthz": {"get": _open("check_liveness", "The process is alive.", _ref("Health"))},
            "/readyz": {"get": _readiness()},
        },
        "components": {
            "schemas": {**SCHEMAS, **OLLAMA_SCHEMAS, **RESPONSES_SCHEMAS},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """A path where a model is asked: the schemas of the request and of what comes back."""

    operation: str
    summary: str
    request: str
    answer: str
    stream: str | None = "text/event-stream"
    error: str = "Error"


_ASKED: Mapping[str, _Asked] = {
    "/v1/chat/completions": _Asked(
        "create_chat_completion",
        "Answer a chat, with personal data replaced on the way out.",
        "Request",
        "Completion",
    ),
    "/v1/responses": _Asked(
        "create_response",
        "Answer, and keep it where that is allowed.",
        "ResponseRequest",
        "Response",
    ),
    "/v1/completions": _Asked(
        "create_completion",
        "Complete one prompt, with personal data replaced on the way out.",
        "CompletionRequest",
        "TextCompletion",
    ),
    "/v1/embeddings": _Asked(
        "create_embedding",
        "Embed texts from which personal data is replaced.",
        "EmbeddingRequest",
        "Embeddings",
        stream=None,
    ),
    "/v1/messages": _Asked(
        "create_message",
        "Answer messages as Anthropic does, with personal data replaced on the way out.",
        "AnthropicRequest",
        "AnthropicAnswer",
        error="AnthropicError",
    ),
    "/api/chat": _Asked(
        "chat",
        "Answer a chat as Ollama does, with personal data replaced on the way out.",
        "OllamaChat",
        "OllamaAnswer",
        "application/x-ndjson",
        "OllamaError",
    ),
    "/api/generate": _Asked(
        "generate",
        "Answer a prompt as Ollama does, with personal data replaced on the way out.",
        "OllamaGenerate",
        "OllamaAnswer",
        "application/x-ndjson",
        "OllamaError",
    ),
    "/api/embed": _Asked(
        "embed",
        "Embed texts as Ollama does, from which personal data is replaced.",
        "OllamaEmbed",
        "OllamaVectors",
        None,
        "OllamaError",
    ),
    "/api/embeddings": _Asked(
        "embed_one",
        "Embed one text as older versions of Ollama do.",
        "OllamaEmbedOne",
        "OllamaVector",
        None,
        "OllamaError",
    ),
}


def _asked(asked: _Asked) -> Node:
    content: dict[str, Node] = {_JSON: {"schema": _ref(asked.answer)}}
    if asked.stream is not None:
        content[asked.stream] = {"schema": {"type": "string"}}
    ok: Node = {
        "description": "The answer, whole or as a stream, with the values put back.",
        "headers": {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in _ANSWER_HEADERS.items()
        },
        "content": content,
    }
    return {
        "operationId": asked.operation,
        "summary": asked.summary,
        "parameters": [
            {"name": name, "in": "header", "description": text, "schema": schema}
            for name, (text, schema) in _OWN_HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref(asked.request)}}},
        "responses": {
            "200": ok,
            **_errors(all_statuses(), asked.error),
            "default": _upstream(asked.error),
        },
    }


def _kept() -> Node:
    text, schema = _OWN_HEADERS["X-Louver-Person"]
    person: Node = {"name": "X-Louver-Person", "in": "header", "description": text}
    named: Node = {"name": "response", "in": "path", "required": True}
    parameters = [{**named, "schema": {"type": "string", "minLength": 1}}]
    parameters.append({**person, "schema": schema})
    errors = _errors((400, 401, 404, 500, 503))
    return {
        "parameters": parameters,
        "get": {
            "operationId": "retrieve_response",
            "summary": "A kept response, for the application and person it was made for.",
            "responses": {"200": _ok("The response.", _ref("Response")), **errors},
        },
        "delete": {
            "operationId": "delete_response",
            "summary": "Erase a kept response.",
            "responses": {"200": _ok("It is erased.", _ref("Deleted")), **errors},
        },
    }


def _models() -> Node:
    return {
        "operationId": "list_models",
        "summary": "The models that can be asked for.",
        "responses": {"200": _ok("The models.", _ref("Models")), **_errors((400, 401, 500, 503))},
    }


def _model() -> Node:
    parameter: Node = {
        "name": "model",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
    }
    responses = {
        "200": _ok("The model.", _ref("Model")),
        **_errors((400, 401, 404, 500, 503)),
    }
    return {
        "operationId": "retrieve_model",
        "summary": "One model.",
        "parameters": [parameter],
        "responses": responses,
    }


def _count_tokens() -> Node:
    return {
        "operationId": "count_tokens",
        "summary": "Not supported yet: only the model's server knows its tokens.",
        "requestBody": {"required": True, "content": {_JSON: {"schema": {"type": "object"}}}},
        "responses": _errors((400, 401, 408, 413, 415, 500, 503), "AnthropicError"),
    }


def _tags() -> Node:
    return {
        "operationId": "list_tags",
        "summary": "The models that can be asked for, as Ollama lists them.",
        "responses": {
            "200": _ok("The models.", _ref("OllamaTags")),
            **_errors((400, 401, 500, 503), "OllamaError"),
        },
    }


def _show() -> Node:
    return {
        "operationId": "show_model",
        "summary": "What a model can do.",
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref("OllamaName")}}},
        "responses": {
            "200": _ok("The model.", _ref("OllamaModel")),
            **_errors((400, 401, 404, 408, 413, 415, 500, 503), "OllamaError"),
        },
    }


def _open(operation: str, summary: str, schema: Node) -> Node:
    return {
        "operationId": operation,
        "summary": summary,
        "security": [],
        "responses": {"200": _ok(summary, schema)},
    }


def _readiness() -> Node:
    described = _open("check_readiness", "It is worth sending requests to.", _ref("Readiness"))
    not_ready = _ok("It is not, and why.", _ref("Readiness"))
    responses = {"200": _ok("It is.", _ref("Readiness")), "503": not_ready}
    return {**described, "responses": responses}


def all_statuses() -> tuple[int, ...]:
    """Every status that an error of ours can have on the chat path."""
    statuses = {row.status for row in ROWS.values()} | {UNEXPECTED.status}
    return tuple(sorted(statuses - {405} | {431}))


def _errors(statuses: Iterable[int], schema: str = "Error") -> dict[str, Node]:
    meanings: dict[int, list[str]] = {431: ["the headers are too long"]}
    for row in (*ROWS.values(), UNEXPECTED):
        meanings.setdefault(row.status, []).append(row.meaning)
    return {
        str(status): {
            "description": "; ".join(meanings[status]),
            "headers": {"x-should-retry": {"schema": {"type": "string"}}},
            "content": {_JSON: {"schema": _ref(schema)}},
        }
        for status in statuses
    }


def _upstream(schema: str) -> Node:
    return {
        "description": "an error of the model's server, with its own status",
        "content": {_JSON: {"schema": _ref(schema)}},
    }


def _ok(text: str, schema: Node) -> Node:
    return {"description": text, "content": {_JSON: {"schema": schema}}}


def _ref(name: str) -> Node:
    return {"$ref": f"#/components/schemas/{name}"}
