"""Finds the terms that an installation knows: names of its people, projects, customers.

Terms match whole words (letters of any script), the longest wins, and the white space inside a
term may be any run of it. Neither `repr` nor `version` tells a term.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from unicodedata import normalize

from louver.core.categories import TAXONOMY
from louver.core.sensitive import Sensitive
from louver.core.spans import Finding, Span
from louver.minimize.detectors.engines.automaton import ANYWHERE, Search, automaton, escaped
from louver.minimize.detectors.opened import OpenedText

# Letters, digits and signs are separate tokens: so `alice7` and `alice_martin` have the word alice.
# Scripts without spaces between words: each sign is a token, so that a name is found in a sentence.
_SIGNS = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTERS = rf"[^\W\d_{_SIGNS}]+|[{_SIGNS}]"
_TOKEN = re.compile(rf"(\s*)({_LETTERS}|\d+|[^\w\s]|_)")
_GATE_MOST = 5_000  # first tokens; above that the gate would cost more than it saves
_NOTHING = r"[^\x00-\x{10FFFF}]"  # matches no text
_LETTERS_ONLY = re.compile("[a-z]+")
_WORD = re.compile(rf"{_LETTERS}|\d+")
_WORD_OR_SIGN = re.compile(rf"{_LETTERS}|\d+|[^\w\s]|_")


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
            for spelling in _spellings(entry.term.reveal().strip()):
                self._add(spelling, entry)
        # A term may begin anywhere, but only where its first token stands; most words are none.
        self._first = self._folded.next.keys() | {key.casefold() for key in self._exact.next}
        signs = any(_WORD.fullmatch(first) is None for first in self._first)
        self._beginning = _WORD_OR_SIGN if signs else _WORD
        self._gate = _gate(self._first) if len(self._first) <= _GATE_MOST else None

    def __repr__(self) -> str:
        return f"<{self.name} {self.version}>"

    def _add(self, term: str, entry: DictionaryEntry) -> None:
        matches = list(_TOKEN.finditer(term))
        if not matches:
            raise ValueError("an entry of the dictionary is empty")
        node = self._folded if entry.ignore_case else self._exact
        for match in matches:
            key = _key(match, gap=match.end(1) > match.start())
            node = node.next.setdefault(key.casefold() if entry.ignore_case else key, _Node())
        node.category = node.category or entry.category

    def find(self, text: str) -> Sequence[Finding]:
        """All terms in `text`, left to right; see `Detector.find`."""
        return self.find_opened(OpenedText(text))

    def find_opened(self, opened: OpenedText) -> Sequence[Finding]:
        """The same, for a text that was opened already."""
        if self._gate is not None:
            folded = opened.folded
            if self._gate(ANYWHERE, folded, 0, len(folded))[0][0] < 0:
                return ()
        text = opened.text
        findings: list[Finding] = []
        after = 0
        for match in self._beginning.finditer(text):
            if match.start() < after or match.group().casefold() not in self._first:
                continue
            found = self._longest(text, match.start())
            if found is not None:
                after, category = found
                findings.append(Finding(Span(match.start(), after), category, self.name))
        return findings

    def _longest(self, text: str, start: int) -> tuple[int, str] | None:
        """Where the longest term that begins at `start` ends, and what it is."""
        best: tuple[int, str] | None = None
        for root, fold in ((self._exact, False), (self._folded, True)):
            node: _Node | None = root
            at = start
            while node is not None and (match := _TOKEN.match(text, at)) is not None:
                key = _key(match, gap=match.end(1) > at > start)
                node = node.next.get(key.casefold() if fold else key)
                at = match.end()
                if node is not None and node.category is not None and (not best or at > best[0]):
                    best = at, node.category
        return best


def _spellings(term: str) -> set[str]:
    """The same term from another keyboard, `'` or `’`; composed, as the normalized view is."""
    composed = normalize("NFC", term)
    return {composed, composed.replace("’", "'"), composed.replace("'", "’")}


def _gate(first: AbstractSet[str]) -> Search:
    """Matches folded text in which a term may begin; one pass of an automaton."""
    words = [escaped(word) for word in sorted(first) if _LETTERS_ONLY.fullmatch(word)]
    others = [escaped(token) for token in sorted(first) if not _LETTERS_ONLY.fullmatch(token)]
    # A token of letters is whole; that no ASCII letter stands beside it is all that is looked at.
    apart = [rf"(?:\A|[^a-z])(?:{'|'.join(words)})(?:[^a-z]|\z)"] if words else []
    return automaton("|".join([*apart, *others]) or _NOTHING)


def _key(match: re.Match[str], *, gap: bool) -> str:
    return f" {match.group(2)}" if gap else match.group(2)
