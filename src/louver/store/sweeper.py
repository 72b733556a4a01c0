"""A thread that gives up what nobody will end, at start and then once in a while."""

from __future__ import annotations

import threading
from contextlib import suppress

from louver.core.errors import Unavailable
from louver.store.store import Store


class Sweeper:
    """Marks exchanges whose end nobody will record; runs at start and then once in a while."""

    def __init__(self, store: Store, age: float) -> None:
        self._store = store
        self._age = age
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="louver-sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with suppress(Unavailable):  # The next round sweeps what this one could not.
                self._store.sweep(self._age)
            if self._stopped.wait(self._age):
                return
