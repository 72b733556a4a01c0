"""The kill switch in a batch: stop something, or let it go on; seen by every later commit."""

from __future__ import annotations

import re

from sqlalchemy import and_, bindparam, insert, update

from louver.core.errors import Invalid
from louver.core.events import HaltChanged
from louver.core.halts import Halt, HaltState, Standing
from louver.store.batch import Batch
from louver.store.schema import halts

_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_ADD = insert(halts)
_CHANGE = update(halts).where(
    and_(halts.c.kind == bindparam("of_kind"), halts.c.name == bindparam("of_name"))
)


def require_word(because: str) -> None:
    """Raises Invalid: a reason is for the ledger, which holds no content."""
    if not _WORD.fullmatch(because):
        raise Invalid("a reason is one word of a-z, 0-9, '_', '-' or '.'", code="invalid_reason")


def set_halt(batch: Batch, halt: Halt, because: str) -> int:
    """Stop `halt`; again, if it is stopped already: each time is on record."""
    return _change(batch, halt, HaltState.HALTED, because)


def resume(batch: Batch, halt: Halt, because: str) -> int:
    """Raises Invalid for what is not halted."""
    if halt not in batch.facts.halts.standing:
        raise Invalid("this is not halted; see `louver halt list`", code="not_halted")
    return _change(batch, halt, HaltState.RESUMED, because)


def _change(batch: Batch, halt: Halt, state: HaltState, because: str) -> int:
    seq = batch.append(HaltChanged(halt.kind, halt.name, state, because))
    row = {"state": state.value, "because": because, "since": batch.time, "seq": seq}
    where = {"of_kind": halt.kind.value, "of_name": halt.name}
    if batch.connection.execute(_CHANGE, {**row, **where}).rowcount == 0:
        batch.connection.execute(_ADD, {**row, "kind": halt.kind.value, "name": halt.name})
    batch.facts = batch.facts.with_halts(seq, (state, Standing(halt, because, batch.time)))
    return seq
