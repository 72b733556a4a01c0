"""A ledger entry: one event's canonical payload, its salt, and the leaf that commits to both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

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


class Position(NamedTuple):
    """Where an entry stands, for a receipt: its own leaf, and the tree head it was committed with.

    The leaf commits to the entry and tells nothing of it; with the salt and the payload from the
    ledger it can be recomputed, and `root` is a witness of the first `size` entries.
    """

    seq: int
    leaf: bytes
    size: int
    root: bytes


class Placed(NamedTuple):
    """An entry of a batch that has not committed yet; it becomes a `Position`."""

    seq: int
    leaf: bytes


_PLAIN = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_SUBCLASS
_LARGEST_TIME = 2.0**53
_INTEGERS = {int}
_OF_EXCHANGES = (Sent, Answered, Interrupted)


def encode(event: Event, time: float) -> bytes:
    """The bytes that an entry commits to. Raises Invalid for what has no canonical form."""
    plain = _encode_plain(event, time)
    if plain is not None:
        return plain
    try:
        return canonical_json({"kind": event.kind.value, "time": time, **event.payload()})
    except (TypeError, ValueError):
        # The encoder's own words quote what it could not encode.
        message = "a ledger entry holds plain JSON values only (no lone surrogates, no NaN)"
        raise Invalid(message, code="invalid_event") from None


def _encode_plain(event: Event, time: float) -> bytes | None:
    """The canonical bytes by the fast encoder; None where the two might differ.

    They agree on strings, integers and ASCII keys. On floats they agree only in a usual range and
    with a fraction, so there is none but the time.
    """
    if type(event) is Sent:
        counted = event.counts
        numbers = tuple(counted.values())
    elif type(event) is Answered:
        counted = event.milliseconds
        used = (event.tokens_in, event.tokens_out)
        numbers = (*counted.values(), event.status, event.restored, *used)
    else:
        return None
    whole = set(map(type, numbers)) <= _INTEGERS and 1 <= time < _LARGEST_TIME
    if not whole or not "".join(counted).isascii():
        return None
    shown = int(time) if time == int(time) else time
    payload = event.payload()
    payload["kind"], payload["time"] = event.kind.value, shown
    try:
        return orjson.dumps(payload, None, _PLAIN)
    except orjson.JSONEncodeError:
        # The careful encoder says what is wrong, if anything is.
        return None


def exchange_of(event: Event) -> str | None:
    """The exchange that an event belongs to; None for changes of facts."""
    return event.exchange if isinstance(event, _OF_EXCHANGES) else None


def bad_entry(seq: int, what: str) -> Tampered:
    """The error that names entry `seq`."""
    return Tampered(f"ledger entry {seq}: {what}", param=f"ledger[{seq}]")
