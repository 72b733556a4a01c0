"""What each API key has used on a day: counted with the answers, and shown from memory.

A process knows its own share exactly, and that of others as of its last commit for the same key or
its last look around, whichever is later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, select

from louver.store.database import reading
from louver.store.schema import usage

_DAY_SECONDS = 86_400
_CHANGED = select(usage).where(usage.c.day >= bindparam("since"), usage.c.seq > bindparam("known"))
_FIND = select(usage).where(usage.c.day == bindparam("of_day"), usage.c.key == bindparam("of_key"))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in and out, and answered requests."""

    tokens: int = 0
    requests: int = 0


class UsageRow(NamedTuple):
    """A row of the table, or what a batch adds to one; `seq` is the last entry that added to it."""

    day: str
    key: str
    tokens: int
    requests: int
    seq: int


def day_of(time: float) -> str:
    """The day (UTC) of `time` (s since the epoch).

    >>> day_of(0)
    '1970-01-01'
    """
    return _day(int(time // _DAY_SECONDS))


@lru_cache(maxsize=8)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * _DAY_SECONDS, UTC).date().isoformat()


class Usages:
    """Today's and yesterday's usage by key; one thread writes it, any may read."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], UsageRow] = {}
        self._since = ""
        self._known = -1

    def find(self, day: str, key: str) -> Usage | None:
        """What is known; None for a day so long past that it is not kept here."""
        if day < self._since:
            return None
        row = self._rows.get((day, key))
        return Usage() if row is None else Usage(row.tokens, row.requests)

    def merge(self, rows: Iterable[UsageRow]) -> None:
        """Take totals; they only grow, so whatever is newer counts."""
        for row in rows:
            known = self._rows.get((row.day, row.key))
            if known is None or known.seq < row.seq:
                self._rows[row.day, row.key] = row

    def refresh(self, connection: Connection, size: int, now: float) -> None:
        """Read what changed since the last time; `size` is the ledger's in the same moment."""
        since = day_of(now - _DAY_SECONDS)
        if size < self._known:
            # The database was set back to an older copy: nothing that is known can be trusted.
            self._rows, self._known = {}, -1
        if size != self._known:
            rows = connection.execute(_CHANGED, {"since": since, "known": self._known})
            self.merge(UsageRow(*row) for row in rows)
            self._known = size
        if since != self._since:
            self._since = since
            self._rows = {at: row for at, row in self._rows.items() if row.day >= since}


def find_usage(engine: Engine, day: str, key: str) -> Usage:
    """The same from the database, for any day."""
    with reading(engine) as connection:
        row = connection.execute(_FIND, {"of_day": day, "of_key": key}).one_or_none()
    return Usage() if row is None else Usage(row.tokens, row.requests)
