"""A process under load, to be killed: prints each acknowledged entry, `seq exchange`.

Usage: python load.py URL RUN
"""

from __future__ import annotations

import os
import sys
import threading
import time

from louver.core.events import Answered, Sent
from louver.core.exchanges import Outcome
from louver.crypto.merkle import leaf_hash
from louver.store.database import open_database
from louver.store.store import Store

POLICY = "a1" * 32


class Clock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class System:
    def bytes(self, length: int) -> bytes:
        return os.urandom(length)


def tell(seq: int, exchange: str) -> None:
    os.write(1, f"{seq} {exchange}\n".encode())


def work(store: Store, run: str, worker: int) -> None:
    turn = 0
    while True:
        name = f"{run}-{worker}-{turn}"
        event = Sent(
            name, "northwind", "helpdesk", None, "assistance", "here", False, POLICY, "standard",
            {}, (),
        )  # fmt: skip
        tell(store.record_sent(event, policy=POLICY, consent=None).result().seq, name)
        end = Answered(name, Outcome.ANSWERED, 200, 0)
        tell(store.record_answered(end).result(), name)
        turn += 1


def main(url: str, run: str) -> None:
    engine = open_database(url)
    store = Store(engine, Clock(), System(), lambda *parts: leaf_hash(repr(parts).encode()))
    threads = [threading.Thread(target=work, args=(store, run, i), daemon=True) for i in range(16)]
    for thread in threads:
        thread.start()
    threads[0].join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
