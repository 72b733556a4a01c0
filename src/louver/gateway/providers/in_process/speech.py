"""One choice on its way out: cut at the first stop sequence, never a character of it told.

Held back is only what could still become a stop sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


class Speech:
    """`say` is given text as soon as it is certain; `gone` tells that nobody listens anymore."""

    def __init__(
        self, stops: Sequence[str], say: Callable[[str], None], gone: Callable[[], bool]
    ) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._say = say
        self._gone = gone
        self._held = ""
        self.stopped = False

    @property
    def over(self) -> bool:
        """Whether more text would be of no use."""
        return self.stopped or self._gone()

    def add(self, text: str) -> None:
        """More of the answer; what comes after a stop sequence is dropped."""
        if self.stopped or not text:
            return
        whole = self._held + text
        places = [place for stop in self._stops if (place := whole.find(stop)) >= 0]
        if places:
            self.stopped = True
            self._held = ""
            self._tell(whole[: min(places)])
            return
        keep = max((_beginning(whole, stop) for stop in self._stops), default=0)
        cut = len(whole) - keep
        self._held = whole[cut:]
        self._tell(whole[:cut])

    def finish(self) -> None:
        """The answer is complete; what was held back was no stop sequence."""
        held, self._held = self._held, ""
        self._tell(held)

    def _tell(self, text: str) -> None:
        if text:
            self._say(text)


def _beginning(text: str, stop: str) -> int:
    """The length of the longest end of `text` that is a beginning of `stop`."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
