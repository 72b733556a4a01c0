"""The description's schemas for Anthropic's paths: typed where Louver checks, open elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

_Schema = Mapping[str, object]

_TEXT: _Schema = {"type": "string"}
_OBJECT: _Schema = {"type": "object"}
_OPTIONAL_TEXT: _Schema = {"type": ["string", "null"]}
_OPTIONAL_OBJECT: _Schema = {"type": ["object", "null"]}
_FRACTION: _Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_LIST: _Schema = {"type": "array", "items": {"$ref": "#/components/schemas/AnthropicBlock"}}
_BLOCKS: _Schema = {"anyOf": [_TEXT, _LIST]}

_REQUEST: _Schema = {
    "type": "object",
    "required": ["model", "max_tokens", "messages"],
    "additionalProperties": False,
    "properties": {
        "model": _TEXT,
        "max_tokens": {"type": "integer", "minimum": 1, "maximum": 10**9},
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "#/components/schemas/AnthropicMessage"},
        },
        "system": {"anyOf": [_OPTIONAL_TEXT, _LIST]},
        "stream": {"type": ["boolean", "null"]},
        "stop_sequences": {"type": ["array", "null"], "items": _TEXT},
        "temperature": _FRACTION,
        "top_p": _FRACTION,
        "top_k": {"type": ["integer", "null"], "minimum": 0, "maximum": 10**9},
        "metadata": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "user_id": {
                    **_OPTIONAL_TEXT,
                    "description": "Your opaque id of the person, where no header names one.",
                }
            },
        },
        "tools": {
            "type": ["array", "null"],
            "items": {"$ref": "#/components/schemas/AnthropicTool"},
        },
        "tool_choice": _OPTIONAL_OBJECT,
        "thinking": _OPTIONAL_OBJECT,
        "output_config": _OPTIONAL_OBJECT,
        "cache_control": _OPTIONAL_OBJECT,
        "service_tier": _OPTIONAL_TEXT,
        "inference_geo": _OPTIONAL_TEXT,
        "speed": _OPTIONAL_TEXT,
    },
}

ANTHROPIC_SCHEMAS: Mapping[str, _Schema] = {
    "AnthropicRequest": _REQUEST,
    "AnthropicMessage": {
        "type": "object",
        "required": ["role", "content"],
        "additionalProperties": False,
        "properties": {"role": {"enum": ["user", "assistant", "system"]}, "content": _BLOCKS},
    },
    "AnthropicBlock": {
        "type": "object",
        "required": ["type"],
        "properties": {"type": _TEXT, "text": _TEXT},
        "description": "Images and files are refused, unless the policy lets them pass unseen.",
    },
    "AnthropicTool": {
        "type": "object",
        "required": ["name", "input_schema"],
        "properties": {
            "type": {"enum": ["custom", None]},
            "name": _TEXT,
            "description": _OPTIONAL_TEXT,
            "input_schema": _OBJECT,
        },
        "description": "Tools that run on the model's server are not supported yet.",
    },
    "AnthropicAnswer": {
        "type": "object",
        "required": ["id", "type", "role", "model", "content", "stop_reason", "usage"],
        "properties": {
            "id": _TEXT,
            "type": {"const": "message"},
            "role": {"const": "assistant"},
            "model": _TEXT,
            "content": {"type": "array", "items": _OBJECT},
            "stop_reason": _OPTIONAL_TEXT,
            "stop_sequence": _OPTIONAL_TEXT,
            "usage": _OBJECT,
        },
    },
    "AnthropicError": {
        "type": "object",
        "required": ["type", "error"],
        "properties": {
            "type": {"const": "error"},
            "error": {
                "type": "object",
                "required": ["type", "message"],
                "properties": {
                    "type": _TEXT,
                    "message": _TEXT,
                    "details": _OBJECT,
                    "louver": {"$ref": "#/components/schemas/ConsentNeeded"},
                },
            },
            "request_id": _OPTIONAL_TEXT,
        },
    },
}
