"""People as random internal ids: the application's own id is kept only as a keyed digest."""

from __future__ import annotations

import threading
from collections import OrderedDict

from sqlalchemy import Engine, bindparam, insert, select

from louver.store.batch import Batch
from louver.store.database import reading
from louver.store.schema import persons

_FIND = select(persons.c.id).where(persons.c.digest == bindparam("digest"))
_ADD = insert(persons)


def person(batch: Batch, tenant: str, digest: bytes) -> str:
    """The id behind `digest`, made at first sight; the batch's lock keeps it the only one."""
    known = batch.connection.scalar(_FIND, {"digest": digest})
    if isinstance(known, str):
        return known
    new = batch.randomness.bytes(16).hex()
    batch.connection.execute(_ADD, {"id": new, "tenant": tenant, "digest": digest})
    return new


def find_person(engine: Engine, digest: bytes) -> str | None:
    with reading(engine) as connection:
        found = connection.scalar(_FIND, {"digest": digest})
    return found if isinstance(found, str) else None


class RecentPersons:
    """The ids of people seen lately, by digest; the least recent go first when it is full."""

    def __init__(self, capacity: int = 65536) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> str | None:
        with self._lock:
            found = self._ids.get(digest)
            if found is not None:
                self._ids.move_to_end(digest)
            return found

    def put(self, digest: bytes, id_: str) -> None:
        with self._lock:
            self._ids[digest] = id_
            self._ids.move_to_end(digest)
            if len(self._ids) > self._capacity:
                self._ids.popitem(last=False)
