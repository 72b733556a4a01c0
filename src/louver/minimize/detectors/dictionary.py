"""Finds the terms that an installation knows: names of its people, projects, customers.

Terms match whole words (letters of any script), the longest wins, and the white space inside a
term may be any run of it. Neither `repr` nor `version` tells a term.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from louver.core.categories import TAXONOMY
from louver.core.sensitive import Sensitive
from louver.core.spans import Finding, Span

# Letters, digits and signs are separate tokens: so `alice7` and `alice_martin` have the word alice.
_TOKEN = re.compile(r"(\s*)([^\W\d_]+|\d+|[\W_])")


@dataclass(frozen=True, slots=True)
class DictionaryEntry:
    """One term and its taxonomy code; without `ignore_case` it must be written as given."""

    term: Sensitive[str]
    category: str
    ignore_case: bool = True


@dataclass(slots=True)
class _Node:
    """A prefix of some terms; `category` is set where one ends."""

    next: dict[str, _Node] = field(default_factory=dict)
    category: str | None = None


class DictionaryDetector:
    """Linear in the text for any number of terms; a term's length bounds the work per word.

    `version` must change with the entries; counts alone cannot tell two lists apart.
    """

    def __init__(
        self,
        entries: Sequence[DictionaryEntry],
        *,
        name: str = "dictionary",
        version: str = "1",
    ) -> None:
        self.name = name
        self.version = f"{version}/{len(entries)}"
        self.categories = frozenset(entry.category for entry in entries)
        if not self.categories <= TAXONOMY.keys():
            raise ValueError("an entry of the dictionary names a category that does not exist")
        self._exact, self._folded = _Node(), _Node()
        for entry in entries:
            self._add(entry)

    def __repr__(self) -> str:
        return f"<{self.name} {self.version}>"

    def _add(self, entry: DictionaryEntry) -> None:
        tokens = list(_tokens(entry.term.reveal().strip()))
        if not tokens:
            raise ValueError("an entry of the dictionary is empty")
        node = self._folded if entry.ignore_case else self._exact
        for index, token in enumerate(tokens):
            key = _key(token, gap=token.gap and index > 0)
            node = node.next.setdefault(key.casefold() if entry.ignore_case else key, _Node())
        node.category = node.category or entry.category

    def find(self, text: str) -> Sequence[Finding]:
        """All terms in `text`, left to right; see `Detector.find`."""
        tokens = list(_tokens(text))
        findings: list[Finding] = []
        at = 0
        while at < len(tokens):
            found = self._longest(tokens, at)
            if found is None:
                at += 1
                continue
            after, category = found
            span = Span(tokens[at].start, tokens[after - 1].end)
            findings.append(Finding(span, category, self.name))
            at = after
        return findings

    def _longest(self, tokens: Sequence[_Token], at: int) -> tuple[int, str] | None:
        """Where the longest term that begins at token `at` ends, and what it is."""
        best: tuple[int, str] | None = None
        for root, fold in ((self._exact, False), (self._folded, True)):
            node: _Node | None = root
            for index in range(at, len(tokens)):
                key = _key(tokens[index], gap=tokens[index].gap and index > at)
                node = node.next.get(key.casefold() if fold else key) if node else None
                if node is None:
                    break
                if node.category is not None and (best is None or index + 1 > best[0]):
                    best = index + 1, node.category
        return best


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    gap: bool


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        yield _Token(match.group(2), match.start(2), match.end(2), match.end(1) > match.start(1))


def _key(token: _Token, *, gap: bool) -> str:
    return f" {token.text}" if gap else token.text
