"""The ledger told again: what its entries say the facts are, to hold the stored facts against.

Also the law of order: each exchange is sent once, under the policy then in force, and ends at most
once, after that. Not told by entries, so not checked here: key digests, person ids, documents.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from sqlalchemy import Connection, Table, case, func, select

from louver.core.encoding import Json
from louver.core.errors import Tampered
from louver.core.events import Kind
from louver.store.entries import Entry, bad_entry
from louver.store.facts import State
from louver.store.schema import (
    api_keys,
    consents,
    halts,
    ledger_entries,
    pending,
    policies,
    usage,
)
from louver.store.usage import day_of
from louver.store.vaulted import Vaulted

_SENTS = func.sum(case((ledger_entries.c.kind == Kind.SENT.value, 1), else_=0))
_TWICE = (
    select(func.max(ledger_entries.c.seq))
    .where(ledger_entries.c.exchange.is_not(None))
    .group_by(ledger_entries.c.exchange)
    .having((_SENTS != 1) | (func.count() > 2))
)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Hashable)


class Replay:
    """Facts as the entries tell them; `open` maps sent exchanges without an end to their time."""

    def __init__(self) -> None:
        self.open: dict[Json, tuple[float]] = {}
        self._consents: dict[tuple[Json, ...], tuple[Json, ...]] = {}
        self._keys: dict[Json, tuple[Json, ...]] = {}
        self._policies: dict[Json, tuple[float, int]] = {}
        self._policy: Json = None
        self._halts: dict[tuple[Json, ...], tuple[Json, ...]] = {}
        self._usage: dict[tuple[Json, ...], tuple[int, int, int]] = {}
        self._vaulted = Vaulted()
        self._consents_version = 0
        self._keys_version = 0
        self._halts_version = 0

    def take(self, entry: Entry, told: Mapping[str, Json]) -> None:
        """Follow one entry; `told` is its parsed payload. Raises Tampered."""
        try:
            self._follow(Kind(entry.kind), entry, told)
        except (KeyError, TypeError, ValueError):
            raise bad_entry(entry.seq, "its payload is no event of ours") from None

    def require_facts(self, connection: Connection, state: State) -> None:
        """Check the stored facts. Raises Tampered."""
        twice = sorted(connection.scalars(_TWICE))
        if twice:
            raise bad_entry(twice[0], "its exchange was sent or ended twice")
        stored_consents = {tuple(row[:4]): tuple(row[4:]) for row in _rows(connection, consents)}
        _require_same("a consent", stored_consents, self._consents)
        stored_keys = {row[0]: tuple(row[2:]) for row in _rows(connection, api_keys)}
        _require_same("an API key", stored_keys, self._keys)
        stored_policies = {row[0]: tuple(row[2:]) for row in _rows(connection, policies)}
        _require_same("a policy", stored_policies, self._policies)
        stored_pending = {row[0]: tuple(row[1:]) for row in _rows(connection, pending)}
        _require_same("an open exchange", stored_pending, self.open)
        stored_halts = {tuple(row[:2]): tuple(row[2:]) for row in _rows(connection, halts)}
        _require_same("a halt", stored_halts, self._halts)
        stored_usage = {tuple(row[:2]): tuple(row[2:]) for row in _rows(connection, usage)}
        _require_same("the usage", stored_usage, self._usage)
        self._vaulted.require_stored(connection)
        stored = (state.policy, state.consents, state.keys, state.halts)
        versions = (self._consents_version, self._keys_version, self._halts_version)
        if stored != (self._policy, *versions):
            raise Tampered("the ledger's state names other facts than its entries", param="state")

    def _follow(self, kind: Kind, entry: Entry, told: Mapping[str, Json]) -> None:
        if kind is Kind.SENT:
            self._sent(entry, told)
        elif kind in (Kind.ANSWERED, Kind.INTERRUPTED):
            if self.open.pop(entry.exchange, None) is None:
                raise bad_entry(entry.seq, "it ends an exchange that is not open")
            self._count(entry, told)
        elif kind is Kind.CONSENT:
            self._consent(entry, told)
        elif kind is Kind.POLICY:
            self._policy = told["digest"]
            self._policies[self._policy] = (entry.time, entry.seq)
        elif kind is Kind.KEY:
            self._key(entry, told)
        elif kind is Kind.HALT:
            self._halts[told["what"], told["name"]] = (
                *(told["state"], told["because"]),
                *(entry.time, entry.seq),
            )
            self._halts_version = entry.seq
        else:
            self._vaulted.follow(kind, entry, told)

    def _sent(self, entry: Entry, told: Mapping[str, Json]) -> None:
        if entry.exchange in self.open:
            raise bad_entry(entry.seq, "its exchange was sent before")
        if told["policy"] != self._policy:
            raise bad_entry(entry.seq, "it was sent under a policy that was not in force")
        self.open[entry.exchange] = (entry.time,)

    def _consent(self, entry: Entry, told: Mapping[str, Json]) -> None:
        key = (told["tenant"], told["person"], told["purpose"], told["recipient"])
        self._consents[key] = (told["state"], entry.time, told["expires"], entry.seq)
        self._consents_version = entry.seq

    def _count(self, entry: Entry, told: Mapping[str, Json]) -> None:
        """Entries of earlier versions name no key and count for nobody."""
        key = told.get("key")
        if key is None:
            return
        at = (day_of(entry.time), key)
        tokens, requests, _ = self._usage.get(at, (0, 0, 0))
        tokens += _number(told["tokens_in"]) + _number(told["tokens_out"])
        self._usage[at] = (tokens, requests + 1, entry.seq)

    def _key(self, entry: Entry, told: Mapping[str, Json]) -> None:
        names = (told["tenant"], told["application"])
        before = self._keys.get(told["key"])
        if told["change"] == "created" and before is None:
            self._keys[told["key"]] = (*names, entry.time, None)
        elif told["change"] == "revoked" and before is not None and before[3] is None:
            self._keys[told["key"]] = (*before[:3], entry.time)
        else:
            raise bad_entry(entry.seq, "it changes an API key in a way that cannot be")
        self._keys_version = entry.seq


def _number(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError("a count is a number")
    return value


def _rows(connection: Connection, table: Table) -> list[tuple[Json, ...]]:
    return [tuple(row) for row in connection.execute(select(table))]


def _require_same(what: str, stored: Mapping[K, V], told: Mapping[K, V]) -> None:
    """Say that facts differ, and not which: their names may be a person's id."""
    if stored != told:
        message = f"{what} in the database is not what the ledger's entries tell"
        raise Tampered(message, param=what.rpartition(" ")[2])
