"""The one table from errors to HTTP answers and exit codes; a class not listed follows its base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from louver.core import errors


class Exit(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    UNAVAILABLE = 3
    UPSTREAM = 4


EXIT_MEANINGS: Mapping[Exit, str] = MappingProxyType(
    {
        Exit.OK: "done",
        Exit.REFUSED: "refused by policy, consent or key, or a verification failed",
        Exit.USAGE: "the command, the input or the settings are not valid",
        Exit.UNAVAILABLE: "a part on which a guarantee rests is not available, or a bug",
        Exit.UPSTREAM: "the model's server failed",
    }
)


class NoSuchPath(errors.Invalid):
    """Nothing is served at this path."""

    code = "not_found"


class WrongMethod(errors.Invalid):
    """The path is right and the method is not; `allowed` is the one that is."""

    code = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"use {allowed} here")
        self.allowed = allowed


class WrongType(errors.Invalid):
    """The body is announced as something that is not JSON, or compressed."""

    code = "unsupported_media_type"


@dataclass(frozen=True, slots=True)
class Row:
    """How one class is answered. `kind` is OpenAI's `type`; `retry` tells an SDK to try again."""

    status: int
    kind: str
    retry: bool
    exit: Exit
    meaning: str


_REQUEST, _KEY = "invalid_request_error", "authentication_error"
_POLICY, _SERVER, _UPSTREAM = "permission_error", "server_error", "upstream_error"
_RATE = "rate_limit_error"

ROWS: Mapping[type[errors.LouverError], Row] = MappingProxyType(
    {
        errors.Invalid: Row(
            400, _REQUEST, False, Exit.USAGE, "what was given is malformed"
        ),
        NoSuchPath: Row(
            404, _REQUEST, False, Exit.USAGE, "nothing is served at this path"
        ),
        WrongMethod: Row(
            405, _REQUEST, False, Exit.USAGE, "the path does not take this method"
        ),
        WrongType: Row(
            415, _REQUEST, False, Exit.USAGE, "the body is not plain JSON in UTF-8"
        ),
        errors.TooLarge: Row(
            413, _REQUEST, False, Exit.USAGE, "the request is larger than the limit"
        ),
        errors.TooSlow: Row(
            408, _REQUEST, True, Exit.USAGE, "the request arrives slower than the limit"
        ),
        errors.Unauthenticated: Row(
            401, _KEY, False, Exit.REFUSED, "there is no valid API key"
        ),
        errors.UnknownModel: Row(
            404, _REQUEST, False, Exit.USAGE, "no route has this model name"
        ),
        errors.Refused: Row(
            403, _POLICY, False, Exit.REFUSED, "the policy says no"
        ),
        errors.ConsentRequired: Row(
            403, _POLICY, False, Exit.REFUSED, "a remote model could answer, if the person agrees"
        ),
        errors.Uninspectable: Row(
            400, _REQUEST, False, Exit.REFUSED, "a part of the request cannot be looked into"
        ),
        errors.LocalUnable: Row(
            422, _POLICY, False, Exit.REFUSED, "the local model cannot do it, no other may be asked"
        ),
        errors.Unavailable: Row(
            503, _SERVER, True, Exit.UNAVAILABLE, "a part on which a guarantee rests has failed"
        ),
        errors.RateLimited: Row(
            429, _RATE, True, Exit.REFUSED, "the key asks more often, or more at once, than it may"
        ),
        errors.BudgetExhausted: Row(
            429, _RATE, False, Exit.REFUSED, "the key has used up its tokens of the day (UTC)"
        ),
        errors.UpstreamDown: Row(
            503, _SERVER, True, Exit.UPSTREAM, "the model's server keeps failing and is left alone"
        ),
        errors.Draining: Row(
            503, _SERVER, True, Exit.UNAVAILABLE, "this process is about to end; ask again"
        ),
        errors.Halted: Row(
            503, _SERVER, False, Exit.UNAVAILABLE, "the operator has stopped this; do not retry"
        ),
        errors.UpstreamFailed: Row(
            502, _UPSTREAM, True, Exit.UPSTREAM, "the model's server failed; its own status is used"
        ),
        errors.Tampered: Row(
            500, _SERVER, False, Exit.REFUSED, "a record does not match its proof"
        ),
        errors.NotYetSupported: Row(
            400, _REQUEST, False, Exit.USAGE, "not supported yet"
        ),
        errors.NeverSupported: Row(
            400, _REQUEST, False, Exit.USAGE, "not supported, because it would break a promise"
        ),
    }
)  # fmt: skip

UNEXPECTED = Row(500, _SERVER, False, Exit.UNAVAILABLE, "a bug; the log names its place")


def listed(kind: type[errors.LouverError]) -> type[errors.LouverError] | None:
    """`kind` or its nearest base that is in the table."""
    for base in kind.__mro__:
        if issubclass(base, errors.LouverError) and base in ROWS:
            return base
    return None


def row_of(error: errors.LouverError) -> Row:
    """The row of the error's class; a class that follows none is a bug."""
    kind = listed(type(error))
    return UNEXPECTED if kind is None else ROWS[kind]


def place_of(error: BaseException) -> str:
    """`module:line` where `error` was raised: all that a log may say besides its type."""
    traceback = error.__traceback__
    if traceback is None:
        return "unknown"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_globals.get('__name__', 'unknown')}:{traceback.tb_lineno}"
