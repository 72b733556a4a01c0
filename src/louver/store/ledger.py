"""Reading the ledger: its size, its head, its entries in order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, select

from louver.store.database import reading
from louver.store.entries import Entry
from louver.store.facts import read_state
from louver.store.schema import ledger_entries, tree_heads

_PAGE = (
    select(ledger_entries)
    .where(ledger_entries.c.seq > bindparam("after"))
    .order_by(ledger_entries.c.seq)
    .limit(bindparam("most"))
)
_OF_EXCHANGE = _PAGE.where(ledger_entries.c.exchange == bindparam("of_exchange"))
_HEAD_TIME = select(tree_heads.c.time).where(tree_heads.c.size == bindparam("of_size"))


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The tree after `size` entries; `time` in seconds since the epoch, None when it is empty."""

    size: int
    root: bytes
    time: float | None


def read_page(connection: Connection, after: int, limit: int) -> list[Entry]:
    """Up to `limit` entries whose seq is larger than `after`."""
    rows = connection.execute(_PAGE, {"after": after, "most": limit})
    return [Entry(*row) for row in rows]


def read_entries(engine: Engine, after: int, limit: int, exchange: str | None) -> list[Entry]:
    with reading(engine) as connection:
        if exchange is None:
            return read_page(connection, after, limit)
        names = {"after": after, "most": limit, "of_exchange": exchange}
        return [Entry(*row) for row in connection.execute(_OF_EXCHANGE, names)]


def read_head(engine: Engine) -> TreeHead:
    with reading(engine) as connection:
        state = read_state(connection)
        time = connection.scalar(_HEAD_TIME, {"of_size": state.size})
    return TreeHead(state.size, state.root, time)
