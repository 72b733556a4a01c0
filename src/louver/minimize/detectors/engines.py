"""Two engines, one meaning: RE2 behind a gate for work, Python's `re` as the slow reference.

Positions are the engine's own (bytes for RE2, code points for `re`) until `code_point` maps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import re2

from louver.minimize.detectors.rules import Rule

_MEMORY = 64 << 20  # bytes a lazily built automaton may take; RE2's own default is too little
_STRIDE = 1024  # bytes between two known points of the map from bytes to code points
_CONTINUATION = bytes(range(0x80, 0xC0))  # bytes that continue a UTF-8 character


class Subject(Protocol):
    """One text, opened for searching."""

    def rules(self) -> Sequence[int]:
        """The rules that may match anywhere in it, ascending."""
        ...

    def matches(self, rule: int, position: int) -> Iterator[tuple[int, int]]:
        """The values of `rule` whose matches begin at or after `position`."""
        ...

    def code_point(self, position: int) -> int: ...

    def length(self, piece: str) -> int:
        """How many positions `piece` of the text takes."""
        ...


class Engine(Protocol):
    def open(self, text: str) -> Subject: ...


class Re2Engine:
    """`re2.Set` says in one pass which rules match; only those are searched for.

    A rule that needs context is passed over, too, where none of its words stands anywhere: the gate
    also has a pattern for each such rule's words, ignoring case and word edges.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        options = re2.Options()
        options.max_mem = _MEMORY
        self._gate = re2.Set.SearchSet(options)
        for rule in rules:
            self._gate.Add(rule.pattern)
        needs = {
            index: _anywhere(rule.context.words)
            for index, rule in enumerate(rules)
            if rule.context is not None and rule.context.words
        }
        self._needs = {index: self._gate.Add(pattern) for index, pattern in needs.items()}
        self._gate.Compile()
        self._patterns = [re2.compile(rule.pattern, options) for rule in rules]
        self._groups = [rule.group for rule in rules]

    def open(self, text: str) -> Re2Subject:
        data = text.encode()
        hit = frozenset(self._gate.Match(data) or ())
        rules = [i for i in sorted(hit) if i < len(self._groups) and self._needs.get(i, i) in hit]
        return Re2Subject(data, len(data) == len(text), self._patterns, self._groups, rules)


def _anywhere(phrases: Sequence[str]) -> str:
    """Matches wherever one of `phrases` may stand; of each only the longest word is looked for."""
    words = {max(phrase.split(), key=len) for phrase in phrases}
    return "|".join(
        "".join(f"[{re.escape(c)}{re.escape(c.upper())}]" for c in word) for word in sorted(words)
    )


class Re2Subject:
    def __init__(
        self,
        data: bytes,
        ascii_only: bool,
        patterns: Sequence[re2._Regexp],
        groups: Sequence[int],
        rules: Sequence[int],
    ) -> None:
        self._data = data
        self._patterns = patterns
        self._groups = groups
        self._rules = rules
        self._known = None if ascii_only else _known_points(data)

    def rules(self) -> Sequence[int]:
        return self._rules

    def matches(self, rule: int, position: int) -> Iterator[tuple[int, int]]:
        group = self._groups[rule]
        for match in self._patterns[rule].finditer(self._data, position):
            yield match.span(group)

    def code_point(self, position: int) -> int:
        if self._known is None:
            return position
        block = position // _STRIDE
        tail = self._data[block * _STRIDE : position]
        return self._known[block] + len(tail.translate(None, _CONTINUATION))

    def length(self, piece: str) -> int:
        return len(piece.encode())


def _known_points(data: bytes) -> list[int]:
    """How many characters begin before each multiple of the stride."""
    known = [0]
    for start in range(0, len(data), _STRIDE):
        block = data[start : start + _STRIDE]
        known.append(known[-1] + len(block.translate(None, _CONTINUATION)))
    return known


class ReEngine:
    """The reference: every rule is searched for, on code points."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._patterns = [re.compile(rule.pattern, re.ASCII) for rule in rules]
        self._groups = [rule.group for rule in rules]

    def open(self, text: str) -> ReSubject:
        return ReSubject(text, self._patterns, self._groups)


class ReSubject:
    def __init__(
        self, text: str, patterns: Sequence[re.Pattern[str]], groups: Sequence[int]
    ) -> None:
        self._text = text
        self._patterns = patterns
        self._groups = groups

    def rules(self) -> Sequence[int]:
        return range(len(self._patterns))

    def matches(self, rule: int, position: int) -> Iterator[tuple[int, int]]:
        group = self._groups[rule]
        for match in self._patterns[rule].finditer(self._text, position):
            yield match.span(group)

    def code_point(self, position: int) -> int:
        return position

    def length(self, piece: str) -> int:
        return len(piece)
