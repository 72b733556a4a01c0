"""A ledger entry: one event's canonical payload, its salt, and the leaf that commits to both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from louver.core.encoding import Json, canonical_json
from louver.core.errors import Invalid, Tampered
from louver.core.events import Answered, Event, Interrupted, Sent


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored entry; `seq` counts from 1, `time` in seconds since the epoch."""

    seq: int
    kind: str
    time: float
    exchange: str | None
    payload: bytes
    salt: bytes = field(repr=False)
    leaf: bytes = field(repr=False)

    @property
    def event(self) -> Mapping[str, Json]:
        """The payload, parsed."""
        parsed: Mapping[str, Json] = orjson.loads(self.payload)
        return parsed


def encode(event: Event, time: float) -> bytes:
    """The bytes that an entry commits to. Raises Invalid for what has no canonical form."""
    try:
        return canonical_json({"kind": event.kind.value, "time": time, **event.payload()})
    except (TypeError, ValueError):
        # The encoder's own words quote what it could not encode.
        message = "a ledger entry holds plain JSON values only (no lone surrogates, no NaN)"
        raise Invalid(message, code="invalid_event") from None


def exchange_of(event: Event) -> str | None:
    """The exchange that an event belongs to; None for changes of facts."""
    return event.exchange if isinstance(event, Sent | Answered | Interrupted) else None


def bad_entry(seq: int, what: str) -> Tampered:
    """The error that names entry `seq`."""
    return Tampered(f"ledger entry {seq}: {what}", param=f"ledger[{seq}]")
