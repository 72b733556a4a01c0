"""What a request's own headers say: whose data, for which purpose, how strict, kept or not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from louver.core.errors import Invalid
from louver.core.identity import Caller
from louver.core.policy import Mode
from louver.core.sensitive import Sensitive
from louver.gateway.wire.interface import Asked

_MAX_ID = 256
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


def asked_of(headers: Mapping[str, str], caller: Caller, exchange: str) -> Asked:
    """Parse the `X-Louver-*` and `X-No-Store` headers. Raises Invalid naming the header."""
    person = _opaque(headers, "x-louver-person")
    if person is not None:
        caller = Caller(caller.tenant, caller.application, caller.key_id, person)
    return Asked(
        exchange=exchange,
        caller=caller,
        conversation=_opaque(headers, "x-louver-conversation"),
        purpose=_word(headers, "x-louver-purpose"),
        task=_word(headers, "x-louver-task"),
        mode=_mode(headers),
        no_store=headers.get("x-no-store", "").strip().lower() not in {"", "0", "false"},
    )


def _opaque(headers: Mapping[str, str], name: str) -> Sensitive[str] | None:
    value = headers.get(name, "").strip()
    if len(value) > _MAX_ID:
        raise Invalid(f"the header {name} is longer than {_MAX_ID} characters", param=name)
    return Sensitive(value) if value else None


def _word(headers: Mapping[str, str], name: str) -> str | None:
    value = headers.get(name, "").strip()
    if value and not _WORD.fullmatch(value):
        raise Invalid(f"the header {name} is not a word of a-z, 0-9, '_', '-' or '.'", param=name)
    return value or None


def _mode(headers: Mapping[str, str]) -> Mode | None:
    value = _word(headers, "x-louver-mode")
    if value is None:
        return None
    try:
        return Mode[value.upper()]
    except KeyError:
        message = "the header x-louver-mode is one of strict, standard, full"
        raise Invalid(message, param="x-louver-mode") from None
