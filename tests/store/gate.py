"""A writer that waits in the middle of a batch, so that a test decides what the next one holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.desk import Clock, Seeded

from louver.store import writer

if TYPE_CHECKING:
    from store.desk import Desk


class Gate(Clock):
    """A clock that the writer waits at, so that a test decides what one batch holds."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.opened = threading.Event()

    def now(self) -> float:
        self.reached.set()
        self.opened.wait(30)
        return self.time


@contextmanager
def gated(desk: Desk, **settings: int) -> Iterator[tuple[writer.Writer, Gate]]:
    """A writer whose first batch is under way, so that all that is submitted now is the second."""
    gate = Gate()
    gate.opened.set()
    writes = writer.Writer(desk.engine, gate, Seeded(99), refresh=3600, **settings)
    gate.reached.clear()
    gate.opened.clear()
    first = writes.submit(lambda batch: batch.size)
    gate.reached.wait(30)
    try:
        yield writes, gate
    finally:
        gate.opened.set()
        first.result(30)
        writes.close()
