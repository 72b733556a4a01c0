"""What Ollama's clients read beside answers: its errors, its list of models, its version.

An error is a text under `error`; `code`, `param` and `louver` beside it say the same as for others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from louver.core.errors import ConsentRequired, LouverError, UpstreamFailed
from louver.core.policy import Destination
from louver.gateway.wire.encoding import encode

# The oldest Ollama whose API this is; clients compare it before they use what is newer.
VERSION = "0.12.0"

_NO_DETAILS: Mapping[str, object] = {
    "parent_model": "",
    "format": "",
    "family": "louver",
    "families": ["louver"],
    "parameter_size": "",
    "quantization_level": "",
}
_NEVER_MODIFIED = "1970-01-01T00:00:00Z"


def error_line(error: LouverError) -> bytes:
    """The JSON body of a failure, on one line; an upstream's own words pass."""
    told: dict[str, object] = {"error": error.message, "code": error.code}
    if isinstance(error, UpstreamFailed):
        told["error"] = _message(error.body) or error.message
    if error.param is not None:
        told["param"] = error.param
    if isinstance(error, ConsentRequired):
        told["louver"] = {
            "purpose": error.needed.purpose,
            "recipient": error.needed.recipient,
            "person_known": error.needed.person_known,
            "state": error.needed.state,
        }
    return encode(told)


def unexpected_line(error_id: str) -> bytes:
    """What a bug looks like from outside: an id to find it in the log by, and nothing else."""
    message = f"an unexpected error; the gateway's log knows it as {error_id}"
    return encode({"error": message, "code": "internal_error"})


def tags(models: Sequence[str]) -> Mapping[str, object]:
    """The answer of `/api/tags`: the names that can be asked for."""
    return {
        "models": [
            {
                "name": name,
                "model": name,
                "modified_at": _NEVER_MODIFIED,
                "size": 0,
                "digest": "",
                "details": _NO_DETAILS,
            }
            for name in models
        ]
    }


def shown_model(destinations: Sequence[Destination]) -> Mapping[str, object]:
    """The answer of `/api/show`: what at least one of a model's destinations can do."""
    can = [destination.capabilities for destination in destinations]
    abilities = {
        "completion": True,
        "tools": any(c.tools for c in can),
        "embedding": any(c.embeddings for c in can),
    }
    return {
        "modelfile": "",
        "parameters": "",
        "template": "",
        "modified_at": _NEVER_MODIFIED,
        "details": _NO_DETAILS,
        "model_info": {
            "general.architecture": "louver",
            "louver.context_length": max((c.context for c in can), default=0),
        },
        "capabilities": [name for name, able in abilities.items() if able],
    }


def _message(body: bytes) -> str:
    """The text of an upstream's error, in whichever shape it told it; empty where there is none."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error = parsed.get("error") if isinstance(parsed, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    return error if isinstance(error, str) else ""
