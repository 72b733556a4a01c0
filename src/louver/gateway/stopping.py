"""Ends one request from outside, with a reason, wherever it waits for the model's server.

The rule: a stopped request ends like a failed one, told to its client and recorded; it is not
cancelled, which would look as if the client had left.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from louver.core.errors import LouverError


class Stop:
    """Stand under `with` while waiting; who pulls it meanwhile has its reason raised there."""

    __slots__ = ("_reason", "_waiting")

    def __init__(self) -> None:
        self._reason: LouverError | None = None
        self._waiting: asyncio.Task[object] | None = None

    def pull(self, reason: LouverError) -> None:
        """End the request now, or when it next waits; the first reason counts."""
        if self._reason is None:
            self._reason = reason
            if self._waiting is not None:
                self._waiting.cancel()

    def __enter__(self) -> None:
        if self._reason is not None:
            raise self._reason
        self._waiting = asyncio.current_task()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task, self._waiting = self._waiting, None
        if self._reason is None or task is None or kind is not asyncio.CancelledError:
            return
        # Ours becomes the reason; somebody else's, too, stays what it is.
        if task.uncancel() == 0:
            raise self._reason from None
