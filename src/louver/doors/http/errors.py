"""Errors as OpenAI shapes them, so that its SDKs raise the right class and retry the right ones."""

from __future__ import annotations

import json
from collections.abc import Callable

import orjson

from louver.core.errors import ConsentRequired, LouverError, UpstreamFailed
from louver.doors.errors import UNEXPECTED, Row, WrongMethod, row_of
from louver.doors.http.wire import Headers, Whole

JSON_TYPE = ("content-type", "application/json")

_PASSED_ON = frozenset(
    {"retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "request-id"}
)
_PASSED_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")
_RETRIED = frozenset({408, 409, 429})
_OUR_SETTINGS = frozenset({"upstream_auth", "upstream_redirect"})  # Trying again mends neither.


def error_answer(error: LouverError, write: Callable[[LouverError], bytes]) -> Whole:
    """The answer to a request that ended in `error`; `write` makes its body."""
    if isinstance(error, UpstreamFailed):
        return Whole(upstream_status(error), (JSON_TYPE, *_passed(error)), write(error))
    row = row_of(error)
    headers: Headers = (JSON_TYPE, *_retry_headers(row, error.retry_after))
    if isinstance(error, WrongMethod):
        headers += (("allow", error.allowed),)
    return Whole(row.status, headers, write(error))


def error_body(error: LouverError) -> bytes:
    """The JSON body; what a `consent_required` caller must ask for is under `louver`.

    An error that the upstream told in the same shape passes as it came.
    """
    if isinstance(error, UpstreamFailed) and _is_error_object(error.body):
        return error.body
    inner: dict[str, object] = {
        "message": error.message,
        "type": row_of(error).kind,
        "param": error.param,
        "code": error.code,
    }
    if isinstance(error, ConsentRequired):
        inner["louver"] = {
            "purpose": error.needed.purpose,
            "recipient": error.needed.recipient,
            "person_known": error.needed.person_known,
            "state": error.needed.state,
        }
    return orjson.dumps({"error": inner})


def unexpected_body(error_id: str) -> bytes:
    """What a bug looks like from outside: an id to find it in the log by, and nothing else."""
    message = f"an unexpected error; the gateway's log knows it as {error_id}"
    return orjson.dumps(
        {
            "error": {
                "message": message,
                "type": UNEXPECTED.kind,
                "param": None,
                "code": "internal_error",
            }
        }
    )


def unexpected_answer(body: bytes) -> Whole:
    """The answer to a request that ended in a bug, with the `body` that tells its id."""
    return Whole(UNEXPECTED.status, (JSON_TYPE, *_retry_headers(UNEXPECTED)), body)


def _retry_headers(row: Row, after: int | None = None) -> Headers:
    """OpenAI's SDKs retry 408, 409, 429 and 5xx unless this header says otherwise."""
    retry: Headers = (("x-should-retry", "true" if row.retry else "false"),)
    if after is None and row.status == 503 and row.retry:
        after = 1
    return retry if after is None else (*retry, ("retry-after", str(after)))


def upstream_status(error: UpstreamFailed) -> int:
    """The upstream's own status where it is an error's."""
    return error.status if 400 <= error.status <= 599 else 502


def _passed(error: UpstreamFailed) -> Headers:
    """The upstream's retry headers; never others."""
    status = upstream_status(error)
    passed: Headers = tuple(
        (name.lower(), value)
        for name, value in error.headers
        if name.lower() in _PASSED_ON or name.lower().startswith(_PASSED_PREFIXES)
    )
    if "x-should-retry" not in dict(passed):
        retried = (status in _RETRIED or status >= 500) and error.code not in _OUR_SETTINGS
        passed += (("x-should-retry", "true" if retried else "false"),)
    return passed


def _is_error_object(body: bytes) -> bool:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict) and isinstance(parsed.get("error"), dict)
