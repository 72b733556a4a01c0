"""Puts values back into the strings of JSON source that arrives in chunks; it stays valid JSON.

Rule: escapes are read to find placeholders, and every character in which nothing is replaced comes
out as it came. Each string is a text of its own; outside of strings nothing is restored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from louver.core.sensitive import Sensitive
from louver.minimize.restore.behind import Behind
from louver.minimize.restore.destinations import Destinations
from louver.minimize.restore.engine import Engine, longest_hold
from louver.minimize.restore.links import Hosts
from louver.minimize.restore.nesting import Nesting
from louver.minimize.restore.surrogates import Pairs
from louver.minimize.restore.vocabulary import CODE, Vocabulary

_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}
_LONG = re.compile(r"\\u[0-9A-Fa-f]{0,4}")
_LONGEST_ESCAPE = 6
# Whole strings, one after the other, in which nothing looks like a placeholder or an escape.
_CALM = re.compile(r'(?:[^"]*"[^"\\&%_]*(?:_(?!NAME)[^"\\&%_]*)*")*'.replace("NAME", CODE))
_STOPS = re.compile(r'["\\]')


class JsonRestorer:
    """Restores placeholders in strings and object keys of a stream of JSON; `restored` counts them.

    In JSON inside of a string a value is escaped once more. Otherwise as `TextRestorer`.
    """

    def __init__(
        self,
        values: Mapping[str, Sensitive[str]],
        *,
        link_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._vocabulary = Vocabulary(values)
        self._hosts = Hosts(link_hosts)
        self._pairs = Pairs()
        self._string: Engine | None = None
        self._escape = ""
        self._earlier = 0

    @property
    def restored(self) -> int:
        return self._earlier + (self._string.restored if self._string else 0)

    @property
    def most_held(self) -> int:
        """The bound on held characters; each may be spelled by an escape of six."""
        return (longest_hold(self._vocabulary) + 1) * _LONGEST_ESCAPE

    def feed(self, text: str) -> str:
        """Take the next chunk; return what is certain by now."""
        text = self._pairs.feed(text)
        if not self._vocabulary:
            return text
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._string is None:
                at = self._outside(text, at, out)
            elif self._escape:
                at = self._escaped(self._string, text, at)
            else:
                at = self._inside(self._string, text, at, out)
        if self._string is not None:
            out.append(self._string.take())
        return "".join(out)

    def finish(self) -> str:
        """The text has ended; return the rest."""
        rest = self.feed(self._pairs.finish())
        if self._string is None:
            return rest
        self._string.flush()
        rest += self._string.take() + self._escape
        self._escape = ""
        return rest

    def _outside(self, text: str, at: int, out: list[str]) -> int:
        calm = _CALM.match(text, at)
        if calm is not None and calm.end() > at:
            out.append(calm.group())
            return calm.end()
        quote = text.find('"', at)
        end = len(text) if quote < 0 else quote + 1
        out.append(text[at:end])
        if quote >= 0:
            destinations = Destinations(self._hosts, string=True)
            self._string = Engine(self._vocabulary, Behind(destinations, Nesting()), 1)
        return end

    def _inside(self, string: Engine, text: str, at: int, out: list[str]) -> int:
        stop = _STOPS.search(text, at)
        end = stop.start() if stop else len(text)
        if end > at:
            out += [string.take(), string.feed(text[at:end])]
        if stop is None:
            return end
        if stop.group() == "\\":
            self._escape = "\\"
            return end + 1
        string.flush()
        out += [string.take(), '"']
        self._earlier += string.restored
        self._string = None
        return end + 1

    def _escaped(self, string: Engine, text: str, at: int) -> int:
        grown = self._escape + text[at]
        if len(grown) == 2 and text[at] in _SHORT:
            meant = _SHORT[text[at]]
        elif not _LONG.fullmatch(grown):
            # No JSON; the escape stands for no character that could matter, and reading goes on.
            string.read("\ufffd", self._escape)
            self._escape = ""
            return at
        elif len(grown) < _LONGEST_ESCAPE:
            self._escape = grown
            return at + 1
        else:
            meant = chr(int(grown[-4:], 16))
        self._escape = ""
        string.read(meant, grown)
        return at + 1
