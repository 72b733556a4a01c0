"""The families of wire formats: how each says an error, whole or in the middle of a stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from louver.core.errors import LouverError
from louver.doors.http.anthropic import error_event, error_object, unexpected_object
from louver.doors.http.errors import error_body, unexpected_body
from louver.doors.http.ollama import error_line, unexpected_line


@dataclass(frozen=True, slots=True)
class Family:
    """`error` is the body for a failure, `unexpected` for a bug (by its id in the log).

    `event` frames such a body as the last event of a stream.
    """

    error: Callable[[LouverError], bytes]
    unexpected: Callable[[str], bytes]
    event: Callable[[bytes], bytes]


def _data_line(body: bytes) -> bytes:
    return b"data: " + body + b"\n\n"


OPENAI = Family(error_body, unexpected_body, _data_line)
OLLAMA = Family(error_line, unexpected_line, lambda body: body + b"\n")
ANTHROPIC = Family(error_object, unexpected_object, error_event)
