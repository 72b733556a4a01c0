"""What a single value of `louver.yaml` may be; messages show no value that was given."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from louver.doors.settings import units

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}", re.ASCII)


def read_time(written: object) -> object:
    try:
        return units.seconds(written) if isinstance(written, str) else written
    except ValueError:
        message = "write a time such as 500ms, 10s, 15min or 1h"
        raise PydanticCustomError("louver", message) from None


def read_size(written: object) -> object:
    try:
        return units.size(written) if isinstance(written, str) else written
    except ValueError:
        raise PydanticCustomError("louver", "write a size such as 512KB or 10MB") from None


def _matching(pattern: re.Pattern[str], message: str) -> BeforeValidator:
    def check(written: object) -> object:
        if isinstance(written, str) and not pattern.fullmatch(written):
            # The message is a constant of this module; it has no fields to fill in.
            raise PydanticCustomError("louver_pattern", "{message}", {"message": message})
        return written

    return BeforeValidator(check)


def _tidy_text(written: object) -> object:
    if isinstance(written, str) and (not written.strip() or not written.isprintable()):
        raise PydanticCustomError("louver", "write some text, on one line")
    return written


Seconds = Annotated[float, BeforeValidator(read_time), Field(gt=0, le=30 * 86400)]
Days = Annotated[float, BeforeValidator(read_time), Field(gt=0, le=3650 * 86400)]
Wait = Annotated[float, BeforeValidator(read_time), Field(ge=0, le=86400)]
Count = Annotated[int, Field(ge=1, le=10**12)]
Percent = Annotated[int, Field(ge=0, le=100)]
Bytes = Annotated[int, BeforeValidator(read_size), Field(ge=1024, le=2 * 10**9)]
Text = Annotated[str, BeforeValidator(_tidy_text), Field(max_length=500)]
Host = Annotated[str, _matching(_HOST, "write a host name only, without https:// and path")]
Variable = Annotated[str, _matching(_VARIABLE, "write the name of an environment variable")]
Word = Annotated[str, _matching(_WORD, "write a word of a-z, 0-9, _ . - that begins with a letter")]
Name = Annotated[
    str, _matching(_NAME, "a name has letters, digits and . _ : / @ - only, 128 at most")
]
