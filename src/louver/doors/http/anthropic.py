"""Errors as Anthropic shapes them; its SDKs raise their classes by status, and name the cause.

`details.error_code` is our own code, `details.param` the place; what a `consent_required` caller
must ask for is under `louver`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from louver.core.errors import ConsentRequired, LouverError, UpstreamFailed
from louver.doors.errors import row_of
from louver.doors.http.errors import upstream_status
from louver.gateway.wire.encoding import encode

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_PASSED = ("type", "error", "request_id")


def error_object(error: LouverError) -> bytes:
    """The JSON body; an error that the upstream told in this shape passes as it came."""
    message, status = error.message, row_of(error).status
    if isinstance(error, UpstreamFailed):
        status = upstream_status(error)
        told = _told(error.body)
        own = told.get("anthropic")
        if isinstance(own, dict) and isinstance(own.get("error"), dict):
            return encode({name: own[name] for name in _PASSED if name in own})
        words = told.get("error")
        if isinstance(words, dict) and isinstance(words.get("message"), str):
            message = words["message"]
        elif isinstance(words, str):
            message = words
    details: dict[str, object] = {"error_code": error.code}
    if error.param is not None:
        details["param"] = error.param
    inner: dict[str, object] = {"type": _type(status), "message": message, "details": details}
    if isinstance(error, ConsentRequired):
        inner["louver"] = {
            "purpose": error.needed.purpose,
            "recipient": error.needed.recipient,
            "person_known": error.needed.person_known,
            "state": error.needed.state,
        }
    return encode({"type": "error", "error": inner, "request_id": None})


def unexpected_object(error_id: str) -> bytes:
    """What a bug looks like from outside: an id to find it in the log by, and nothing else."""
    message = f"an unexpected error; the gateway's log knows it as {error_id}"
    inner = {"type": "api_error", "message": message, "details": {"error_code": "internal_error"}}
    return encode({"type": "error", "error": inner, "request_id": error_id})


def error_event(body: bytes) -> bytes:
    """`body` as the last event of a stream."""
    return b"event: error\ndata: " + body + b"\n\n"


def _type(status: int) -> str:
    return _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")


def _told(body: bytes) -> Mapping[str, object]:
    """What an upstream told, as JSON; nothing where it is none."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
