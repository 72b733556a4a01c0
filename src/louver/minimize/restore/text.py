"""Puts values back into prose that arrives in chunks; any chunking gives the same text."""

from __future__ import annotations

from collections.abc import Mapping

from louver.core.sensitive import Sensitive
from louver.minimize.restore.behind import Behind
from louver.minimize.restore.destinations import Destinations
from louver.minimize.restore.engine import Engine, longest_hold
from louver.minimize.restore.links import Hosts
from louver.minimize.restore.surrogates import Pairs
from louver.minimize.restore.vocabulary import Vocabulary


class TextRestorer:
    """Restores the placeholders of `values` in a text; `restored` counts them.

    Inside a URL only for hosts in `link_hosts` (`docs.example.com`, `*.example.com`).
    `json_strings`: the text is the inside of JSON strings, so every value is escaped for one.
    Raises ValueError if a key of `values` is no placeholder.
    """

    def __init__(
        self,
        values: Mapping[str, Sensitive[str]],
        *,
        link_hosts: frozenset[str] = frozenset(),
        json_strings: bool = False,
    ) -> None:
        self._vocabulary = Vocabulary(values)
        self._pairs = Pairs()
        self._some = len(self._vocabulary) > 0
        if self._some:
            behind = Behind(Destinations(Hosts(link_hosts)))
            self._engine = Engine(self._vocabulary, behind, int(json_strings))

    @property
    def restored(self) -> int:
        return self._engine.restored if self._some else 0

    @property
    def most_held(self) -> int:
        """The bound on the characters held back at any time; half a surrogate pair is one more."""
        return longest_hold(self._vocabulary) + 1

    def feed(self, text: str) -> str:
        """Take the next chunk; return what is certain by now."""
        text = self._pairs.feed(text)
        return self._engine.feed(text) if self._some else text

    def finish(self) -> str:
        """The text has ended; return the rest."""
        rest = self.feed(self._pairs.finish())
        if not self._some:
            return rest
        self._engine.flush()
        return rest + self._engine.take()


def restore_text(
    text: str,
    values: Mapping[str, Sensitive[str]],
    *,
    link_hosts: frozenset[str] = frozenset(),
) -> str:
    """Restore a whole text at once."""
    restorer = TextRestorer(values, link_hosts=link_hosts)
    return restorer.feed(text) + restorer.finish()
