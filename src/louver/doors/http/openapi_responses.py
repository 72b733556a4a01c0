"""The description's schemas for OpenAI's Responses and for receipts' keys."""

from __future__ import annotations

from collections.abc import Mapping

Node = Mapping[str, object]

_TEXT: Node = {"type": "string"}
_OPTIONAL_TEXT: Node = {"type": ["string", "null"]}
_OPTIONAL_OBJECT: Node = {"type": ["object", "null"]}
_OPTIONAL_FLAG: Node = {"type": ["boolean", "null"]}
_ITEMS: Node = {"type": "array", "items": {"type": "object"}}

RESPONSES_SCHEMAS: Mapping[str, Node] = {
    "ResponseRequest": {
        "type": "object",
        "required": ["model", "input"],
        "properties": {
            "model": _TEXT,
            "input": {"anyOf": [_TEXT, {**_ITEMS, "minItems": 1}]},
            "instructions": _OPTIONAL_TEXT,
            "previous_response_id": {
                **_OPTIONAL_TEXT,
                "description": "Continues a conversation that is kept here.",
            },
            "store": {**_OPTIONAL_FLAG, "description": "`false` keeps nothing of this request."},
            "stream": _OPTIONAL_FLAG,
            "max_output_tokens": {"type": ["integer", "null"], "minimum": 1, "maximum": 10**9},
            "temperature": {"type": ["number", "null"], "minimum": 0, "maximum": 2},
            "top_p": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
            "tools": {
                "type": ["array", "null"],
                "items": {"$ref": "#/components/schemas/FlatTool"},
            },
            "parallel_tool_calls": _OPTIONAL_FLAG,
            "text": _OPTIONAL_OBJECT,
            "reasoning": _OPTIONAL_OBJECT,
            "metadata": _OPTIONAL_OBJECT,
            "truncation": {"enum": ["auto", "disabled", None]},
            "user": _OPTIONAL_TEXT,
            "safety_identifier": _OPTIONAL_TEXT,
            "background": {"enum": [False, None], "description": "Not supported yet."},
            "conversation": {"type": "null", "description": "Not supported yet."},
        },
    },
    "FlatTool": {
        "type": "object",
        "required": ["type", "name"],
        "properties": {
            "type": {"enum": ["function", "custom"]},
            "name": _TEXT,
            "description": _OPTIONAL_TEXT,
            "parameters": _OPTIONAL_OBJECT,
        },
        "description": "A tool of your own; hosted tools are refused by name.",
    },
    "Response": {
        "type": "object",
        "required": ["id", "object", "created_at", "model", "status", "output"],
        "properties": {
            "id": _TEXT,
            "object": {"const": "response"},
            "created_at": {"type": "integer"},
            "model": _TEXT,
            "status": {"enum": ["completed", "incomplete"]},
            "output": _ITEMS,
            "store": {"type": "boolean", "description": "Whether it is kept here."},
            "usage": _OPTIONAL_OBJECT,
        },
    },
    "Deleted": {
        "type": "object",
        "required": ["id", "object", "deleted"],
        "properties": {"id": _TEXT, "object": {"const": "response"}, "deleted": {"const": True}},
    },
    "Keys": {
        "type": "object",
        "required": ["keys"],
        "description": "A JWK set (RFC 7517).",
        "properties": {"keys": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}}},
    },
    "Key": {
        "type": "object",
        "required": ["kty", "crv", "x", "kid"],
        "properties": {"kty": {"const": "OKP"}, "crv": {"const": "Ed25519"}, "x": _TEXT},
    },
}
