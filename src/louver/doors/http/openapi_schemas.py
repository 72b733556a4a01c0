"""The description's schemas: typed where Louver checks, open where only a model's server does."""

from __future__ import annotations

from collections.abc import Mapping


def _one_of(*kinds: str) -> dict[str, object]:
    return {"type": list(kinds)}


def _number(low: float, high: float) -> dict[str, object]:
    return {"type": ["number", "null"], "minimum": low, "maximum": high}


def _count(low: int, high: int) -> dict[str, object]:
    return {"type": ["integer", "null"], "minimum": low, "maximum": high}


def _list_of(name: str) -> dict[str, object]:
    return {"type": ["array", "null"], "items": {"$ref": f"#/components/schemas/{name}"}}


_TEXT: Mapping[str, object] = {"type": "string"}
_OBJECT: Mapping[str, object] = {"type": "object"}
_OPTIONAL_OBJECT = _one_of("object", "null")
_OPTIONAL_TEXT = _one_of("string", "null")
_OPTIONAL_FLAG = _one_of("boolean", "null")

_FUNCTION: Mapping[str, object] = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _TEXT, "description": _OPTIONAL_TEXT, "parameters": _OPTIONAL_OBJECT},
}

_REQUEST: Mapping[str, object] = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        "model": _TEXT,
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "#/components/schemas/Message"},
        },
        "stream": _OPTIONAL_FLAG,
        "stream_options": _OPTIONAL_OBJECT,
        "n": _count(1, 16),
        "temperature": _number(0, 2),
        "top_p": _number(0, 1),
        "presence_penalty": _number(-2, 2),
        "frequency_penalty": _number(-2, 2),
        "max_tokens": _count(1, 10**9),
        "max_completion_tokens": _count(1, 10**9),
        "tools": _list_of("Tool"),
        "parallel_tool_calls": _OPTIONAL_FLAG,
        "response_format": _OPTIONAL_OBJECT,
        "metadata": _OPTIONAL_OBJECT,
        "store": _OPTIONAL_FLAG,
        "user": _OPTIONAL_TEXT,
        "safety_identifier": _OPTIONAL_TEXT,
        "logprobs": {
            "enum": [False, None],
            "description": "Never supported: log-probabilities spell the answer in pieces.",
        },
    },
}

_COMPLETION_REQUEST: Mapping[str, object] = {
    "type": "object",
    "required": ["model", "prompt"],
    "properties": {
        "model": _TEXT,
        "prompt": {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 1},
            ],
            "description": "One prompt; arrays of tokens cannot be looked into.",
        },
        "stream": _OPTIONAL_FLAG,
        "stream_options": _OPTIONAL_OBJECT,
        "n": _count(1, 16),
        "temperature": _number(0, 2),
        "top_p": _number(0, 1),
        "presence_penalty": _number(-2, 2),
        "frequency_penalty": _number(-2, 2),
        "max_tokens": _count(1, 10**9),
        "user": _OPTIONAL_TEXT,
        "echo": {"enum": [False, None], "description": "Not supported."},
        "suffix": {"enum": ["", None], "description": "Not supported."},
        "best_of": {"enum": [1, None], "description": "Not supported."},
        "logprobs": {
            "enum": [None],
            "description": "Never supported: log-probabilities spell the answer in pieces.",
        },
    },
}

_EMBEDDING_REQUEST: Mapping[str, object] = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": _TEXT,
        "input": {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 4096},
            ],
            "description": "Texts; arrays of tokens cannot be looked into.",
        },
        "dimensions": _count(1, 65_536),
        "encoding_format": {"enum": ["float", "base64", None]},
        "user": _OPTIONAL_TEXT,
    },
}

_EMBEDDINGS: Mapping[str, object] = {
    "type": "object",
    "required": ["object", "data", "model", "usage"],
    "properties": {
        "object": {"const": "list"},
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["object", "index", "embedding"],
                "properties": {
                    "object": {"const": "embedding"},
                    "index": {"type": "integer"},
                    "embedding": {"anyOf": [_TEXT, {"type": "array", "items": {"type": "number"}}]},
                },
            },
        },
        "model": _TEXT,
        "usage": _OBJECT,
    },
}

_MESSAGE: Mapping[str, object] = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"enum": ["system", "developer", "user", "assistant", "tool", "function"]},
        "content": {
            "anyOf": [
                _one_of("string", "null"),
                {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
            ]
        },
        "name": _TEXT,
        "tool_call_id": _TEXT,
        "tool_calls": _list_of("ToolCall"),
    },
}

_CHOICE: Mapping[str, object] = {
    "type": "object",
    "required": ["index", "message"],
    "properties": {
        "index": {"type": "integer"},
        "message": _OBJECT,
        "finish_reason": _OPTIONAL_TEXT,
    },
}

_TEXT_CHOICE: Mapping[str, object] = {
    "type": "object",
    "required": ["index", "text"],
    "properties": {
        "index": {"type": "integer"},
        "text": _TEXT,
        "finish_reason": _OPTIONAL_TEXT,
    },
}

_ERROR: Mapping[str, object] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message"],
            "properties": {
                "message": _TEXT,
                "type": _OPTIONAL_TEXT,
                "param": _OPTIONAL_TEXT,
                "code": _one_of("string", "integer", "null"),
                "louver": {"$ref": "#/components/schemas/ConsentNeeded"},
            },
        }
    },
}

SCHEMAS: Mapping[str, Mapping[str, object]] = {
    "Request": _REQUEST,
    "Message": _MESSAGE,
    "Part": {
        "type": "object",
        "required": ["type"],
        "properties": {"type": _TEXT, "text": _TEXT},
        "description": "What is not text is refused, unless the policy lets it pass unseen.",
    },
    "Tool": {
        "type": "object",
        "required": ["type", "function"],
        "properties": {"type": {"const": "function"}, "function": _FUNCTION},
    },
    "ToolCall": {
        "type": "object",
        "properties": {
            "id": _TEXT,
            "type": _TEXT,
            "function": {
                "type": "object",
                "properties": {"name": _TEXT, "arguments": _TEXT},
            },
        },
    },
    "Completion": {
        "type": "object",
        "required": ["id", "object", "choices"],
        "properties": {
            "id": _TEXT,
            "object": {"const": "chat.completion"},
            "created": {"type": "integer"},
            "model": _TEXT,
            "choices": {"type": "array", "items": _CHOICE},
            "usage": _OPTIONAL_OBJECT,
        },
    },
    "CompletionRequest": _COMPLETION_REQUEST,
    "TextCompletion": {
        "type": "object",
        "required": ["id", "object", "created", "model", "choices"],
        "properties": {
            "id": _TEXT,
            "object": {"const": "text_completion"},
            "created": {"type": "integer"},
            "model": _TEXT,
            "choices": {"type": "array", "items": _TEXT_CHOICE},
            "usage": _OPTIONAL_OBJECT,
        },
    },
    "EmbeddingRequest": _EMBEDDING_REQUEST,
    "Embeddings": _EMBEDDINGS,
    "Models": {
        "type": "object",
        "required": ["object", "data"],
        "properties": {
            "object": {"const": "list"},
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
        },
    },
    "Model": {
        "type": "object",
        "required": ["id", "object", "created", "owned_by"],
        "properties": {
            "id": _TEXT,
            "object": {"const": "model"},
            "created": {"type": "integer"},
            "owned_by": _TEXT,
        },
    },
    "Health": {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": "ok"}},
    },
    "Readiness": {
        "type": "object",
        "required": ["status", "reasons", "upstreams"],
        "additionalProperties": False,
        "properties": {
            "status": {"enum": ["ready", "unready"]},
            "reasons": {
                "type": "array",
                "items": {"enum": ["draining", "store_lost", "no_policy", "policy_changed"]},
            },
            "upstreams": {
                "type": "object",
                "description": "How many destinations are in each state.",
                "propertyNames": {"enum": ["closed", "open", "half_open"]},
                "additionalProperties": {"type": "integer", "minimum": 1},
            },
        },
    },
    "Error": _ERROR,
    "ConsentNeeded": {
        "type": "object",
        "description": "What to ask the person for.",
        "required": ["purpose", "recipient", "person_known", "state"],
        "properties": {
            "purpose": _TEXT,
            "recipient": _TEXT,
            "person_known": {"type": "boolean"},
            "state": _TEXT,
        },
    },
}
