"""The description's schemas for Ollama's paths: typed where Louver checks, open elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

_Schema = Mapping[str, object]

_TEXT: _Schema = {"type": "string"}
_OPTIONAL_TEXT: _Schema = {"type": ["string", "null"]}
_OPTIONAL_FLAG: _Schema = {"type": ["boolean", "null"]}
_OBJECT: _Schema = {"type": "object"}
_COUNT: _Schema = {"type": "integer", "minimum": 0}

_OPTIONS: _Schema = {
    "type": ["object", "null"],
    "properties": {
        "temperature": {"type": ["number", "null"], "minimum": 0, "maximum": 2},
        "top_p": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "top_k": {"type": ["integer", "null"]},
        "seed": {"type": ["integer", "null"]},
        "num_predict": {"type": ["integer", "null"], "minimum": -2, "maximum": 10**9},
        "stop": {"anyOf": [_OPTIONAL_TEXT, {"type": "array", "items": _TEXT}]},
    },
    "description": "What else stands here is told to an Ollama server only.",
}
_KEEP_ALIVE: _Schema = {"type": ["string", "number", "null"]}
_IMAGES: _Schema = {
    "type": ["array", "null"],
    "items": _TEXT,
    "description": "Refused, unless the policy lets images pass unseen.",
}
_SHARED: _Schema = {
    "model": _TEXT,
    "stream": {**_OPTIONAL_FLAG, "description": "A stream unless this is false."},
    "format": {
        "anyOf": [{"enum": ["", "json", None]}, _OBJECT],
        "description": "`json`, or a JSON schema.",
    },
    "options": _OPTIONS,
    "keep_alive": _KEEP_ALIVE,
    "think": {"enum": [True, False, "low", "medium", "high", "", None]},
}

_MESSAGE: _Schema = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"enum": ["system", "user", "assistant", "tool"]},
        "content": _OPTIONAL_TEXT,
        "thinking": _OPTIONAL_TEXT,
        "images": _IMAGES,
        "tool_name": _OPTIONAL_TEXT,
        "tool_call_id": _OPTIONAL_TEXT,
        "tool_calls": {
            "type": ["array", "null"],
            "items": {
                "type": "object",
                "required": ["function"],
                "properties": {
                    "id": _OPTIONAL_TEXT,
                    "function": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": _TEXT, "arguments": _OBJECT},
                    },
                },
            },
        },
    },
}

_ANSWER: _Schema = {
    "type": "object",
    "required": ["model", "created_at", "done"],
    "properties": {
        "model": _TEXT,
        "created_at": _TEXT,
        "message": _OBJECT,
        "response": _TEXT,
        "thinking": _TEXT,
        "done": {"type": "boolean"},
        "done_reason": _TEXT,
        "total_duration": _COUNT,
        "load_duration": _COUNT,
        "prompt_eval_count": _COUNT,
        "prompt_eval_duration": _COUNT,
        "eval_count": _COUNT,
        "eval_duration": _COUNT,
    },
}

_MODEL: _Schema = {
    "type": "object",
    "required": ["name", "model", "modified_at", "size", "digest", "details"],
    "properties": {
        "name": _TEXT,
        "model": _TEXT,
        "modified_at": _TEXT,
        "size": _COUNT,
        "digest": _TEXT,
        "details": _OBJECT,
    },
}
_NUMBERS: _Schema = {"type": "array", "items": {"type": "number"}}


def _taking(required: str, properties: _Schema) -> _Schema:
    return {"type": "object", "required": ["model", required], "properties": properties}


OLLAMA_SCHEMAS: Mapping[str, _Schema] = {
    "OllamaChat": _taking(
        "messages",
        {
            **_SHARED,
            "messages": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/components/schemas/OllamaMessage"},
            },
            "tools": {
                "type": ["array", "null"],
                "items": {"$ref": "#/components/schemas/Tool"},
            },
        },
    ),
    "OllamaMessage": _MESSAGE,
    "OllamaGenerate": _taking(
        "prompt",
        {
            **_SHARED,
            "prompt": {"type": "string", "minLength": 1},
            "system": _OPTIONAL_TEXT,
            "images": _IMAGES,
            "raw": {"enum": [False, None], "description": "Not supported."},
            "template": {"enum": ["", None], "description": "Not supported."},
            "suffix": {"enum": ["", None], "description": "Not supported."},
            "context": {
                "type": ["array", "null"],
                "maxItems": 0,
                "description": "Never supported: nobody can look into tokens.",
            },
        },
    ),
    "OllamaAnswer": _ANSWER,
    "OllamaEmbed": _taking(
        "input",
        {
            "model": _TEXT,
            "input": {
                "anyOf": [
                    {"type": "string", "minLength": 1},
                    {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 4096},
                ]
            },
            "dimensions": {"type": ["integer", "null"], "minimum": 0, "maximum": 65_536},
            "truncate": _OPTIONAL_FLAG,
            "options": {"type": ["object", "null"]},
            "keep_alive": _KEEP_ALIVE,
        },
    ),
    "OllamaEmbedOne": _taking(
        "prompt",
        {
            "model": _TEXT,
            "prompt": {"type": "string", "minLength": 1},
            "options": {"type": ["object", "null"]},
            "keep_alive": _KEEP_ALIVE,
        },
    ),
    "OllamaVectors": {
        "type": "object",
        "required": ["model", "embeddings"],
        "properties": {
            "model": _TEXT,
            "embeddings": {"type": "array", "items": _NUMBERS},
            "total_duration": _COUNT,
            "load_duration": _COUNT,
            "prompt_eval_count": _COUNT,
        },
    },
    "OllamaVector": {
        "type": "object",
        "required": ["embedding"],
        "properties": {"embedding": _NUMBERS},
    },
    "OllamaTags": {
        "type": "object",
        "required": ["models"],
        "properties": {"models": {"type": "array", "items": _MODEL}},
    },
    "OllamaName": {
        "type": "object",
        "required": ["model"],
        "properties": {"model": _TEXT},
    },
    "OllamaModel": {
        "type": "object",
        "required": ["details", "model_info", "capabilities"],
        "properties": {
            "details": _OBJECT,
            "model_info": _OBJECT,
            "capabilities": {"type": "array", "items": _TEXT},
        },
    },
    "OllamaError": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": _TEXT,
            "code": _TEXT,
            "param": _TEXT,
            "louver": {"$ref": "#/components/schemas/ConsentNeeded"},
        },
    },
    "Version": {
        "type": "object",
        "required": ["version"],
        "properties": {"version": _TEXT},
    },
}
