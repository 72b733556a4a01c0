"""The vault as the ledger's entries tell it, to hold what is stored against."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from sqlalchemy import Connection, select

from louver.core.encoding import Json
from louver.core.errors import Tampered
from louver.core.events import Kind
from louver.store.entries import Entry, bad_entry
from louver.store.schema import content_keys, responses
from louver.store.vault import OwnerKind

# Not the sealed bytes: their own tag tells whether they were changed.
_STORED = select(*(column for column in responses.columns if column is not responses.c.sealed))
_KEYS = select(content_keys.c.tenant, content_keys.c.owner, content_keys.c.created).where(
    content_keys.c.kind == OwnerKind.PERSON.value
)


class Vaulted:
    """Kept responses by id, and when each person was last forgotten."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Json, ...]] = {}
        self._forgotten: dict[tuple[Json, Json], float] = {}
        # So that a long ledger costs no more than its length: by end, and by person.
        self._ends: list[tuple[float, str]] = []
        self._of_person: dict[tuple[Json, Json], set[str]] = {}

    def follow(self, kind: Kind, entry: Entry, told: Mapping[str, Json]) -> None:
        """Raises Tampered; KeyError and TypeError for an entry that is no event of ours."""
        if kind is Kind.RESPONSE:
            self._keep(entry, told)
        elif kind is Kind.EXPIRED:
            self._expire(_number(told["before"]))
        elif kind is Kind.FORGOTTEN:
            self._forget(entry, told)
        else:
            raise ValueError("not of the vault")

    def require_stored(self, connection: Connection) -> None:
        """Check what is stored. Raises Tampered."""
        stored = {row.id.hex(): tuple(row)[1:] for row in connection.execute(_STORED)}
        if stored != self._kept:
            raise Tampered("the vault does not hold what the ledger's entries tell", param="vault")
        for row in connection.execute(_KEYS):
            if row.created < self._forgotten.get((row.tenant, row.owner), row.created):
                message = "a key that the ledger says was destroyed is still there"
                raise Tampered(message, param="vault")

    def _keep(self, entry: Entry, told: Mapping[str, Json]) -> None:
        id_, expires = str(told["response"]), _number(told["expires"])
        if id_ in self._kept:
            raise bad_entry(entry.seq, "it keeps a response that is kept already")
        tenant, person = told["tenant"], told["person"]
        self._kept[id_] = (tenant, told["application"], person, entry.time, expires)
        heappush(self._ends, (expires, id_))
        if person is not None:
            self._of_person.setdefault((tenant, person), set()).add(id_)

    def _expire(self, before: float) -> None:
        while self._ends and self._ends[0][0] <= before:
            expires, id_ = heappop(self._ends)
            # Its id may be free again, and taken by another since.
            if id_ in self._kept and self._kept[id_][-1] == expires:
                self._remove(id_)

    def _remove(self, id_: str) -> None:
        tenant, _, person, *_ = self._kept.pop(id_)
        if person is not None:
            self._of_person[tenant, person].discard(id_)

    def _forget(self, entry: Entry, told: Mapping[str, Json]) -> None:
        if told["person"] is not None:
            owner = (told["tenant"], told["person"])
            self._forgotten[owner] = entry.time
            for id_ in self._of_person.pop(owner, set()):
                del self._kept[id_]
        elif told["response"] in self._kept:
            self._remove(str(told["response"]))
        else:
            raise bad_entry(entry.seq, "it forgets a response that is not kept")


def _number(value: Json) -> float:
    if not isinstance(value, int | float):
        raise TypeError("a time is a number")
    return value
