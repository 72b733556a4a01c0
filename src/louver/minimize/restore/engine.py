"""Finds this request's placeholders in a stream of characters and decides what is written instead.

Rule: only an exact placeholder between two boundaries counts; everything else comes out as it came.
Held back is only what could still become one, see `longest_hold`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from louver.minimize.restore.behind import Behind
from louver.minimize.restore.destinations import Verdict
from louver.minimize.restore.spelling import (
    INTRODUCERS,
    LONGEST,
    Spelling,
    Unit,
    decode,
    extends,
    write,
)
from louver.minimize.restore.vocabulary import INFLECTIONS, WORD, Vocabulary

_WORD = frozenset(WORD)
_INTRODUCER = re.compile(f"[{re.escape(INTRODUCERS)}]")
_LOOK_AHEAD = 3
_ADDRESS_SAFE = "@+"


def longest_hold(vocabulary: Vocabulary) -> int:
    """The most characters that can be held: each may be spelled by `spelling.LONGEST` of them.

    Written plainly it is the placeholder, an inflection of two letters, and one more.
    """
    return (vocabulary.longest + _LOOK_AHEAD) * LONGEST if vocabulary else 0


class Engine:
    """One text, read in order. `levels`: of how many JSON strings the text is the inside."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        behind: Behind,
        levels: int = 0,
    ) -> None:
        self.restored = 0
        self._vocabulary = vocabulary
        self._initials = vocabulary.initials
        self._behind = behind
        self._levels = levels
        self._out: list[str] = []
        self._carry = ""  # A literal word that could still become a placeholder.
        self._escape = ""
        self._sources: list[str] = []
        self._cold = False
        self._boundary = True
        self._held: list[Unit] = []
        self._word = ""
        self._size = 0  # Units of a complete placeholder at the start of `_held`.
        self._after = ""

    def feed(self, text: str) -> str:
        """Take text that is written as itself; return what can be emitted by now."""
        if self._carry:
            text, self._carry = self._carry + text, ""
        at, stop, size = 0, -1, len(text)
        while at < size:
            if not (self._held or self._escape):
                if stop < at:
                    introducer = _INTRODUCER.search(text, at)
                    stop = introducer.start() if introducer else size
                at = self._read_plain(text, at, stop)
                if stop == size:
                    self._carry = text[at:]
                    break
            self._read(text[at], text[at])
            at += 1
        return self.take()

    def _read_plain(self, text: str, start: int, end: int) -> int:
        """Read `[start, end)` of `text`, in which no introducer stands, as far as it is certain.

        Returns where the word begins that could still become a placeholder. Nothing is held.
        """
        stop = end - self._unfinished(text, start, end)
        places = self._vocabulary.places(text, start, stop) if "_" in text else []
        if places and places[0][1] == start and not self._boundary:
            del places[0]
        if len(places) > 1 and self._behind.calm(text[start:stop]):
            self._restore_all(text, start, stop, places)
            return stop
        at = start
        for name, first, last in places:
            self._plain(text[at:first])
            self._known_word(name, text[first:last])
            at = last
        self._plain(text[at:stop])
        return stop

    def _restore_all(
        self, text: str, start: int, stop: int, places: Sequence[tuple[str, int, int]]
    ) -> None:
        """Put the values in at `places` of a text in which that may happen anywhere."""
        at = start
        for name, first, last in places:
            value = self._vocabulary.surface(name, self._levels)
            self._out += (text[at:first], value, text[first + len(name) : last])
            at = last
        self._out.append(text[at:stop])
        self.restored += len(places)
        self._behind.skip(text[start:stop])
        self._boundary = text[stop - 1] not in _WORD

    def _unfinished(self, text: str, start: int, end: int) -> int:
        """How long the word at the end is, if it could become, or is, a placeholder."""
        piece = text[start:end] if start or end < len(text) else text
        size = len(piece) - len(piece.rstrip(WORD))
        if size == 0 or piece[-size] not in self._initials:
            return 0
        if size == len(piece) and not self._boundary:
            return 0
        return size if self._vocabulary.goes_on(piece[-size:].upper()) else 0

    def _plain(self, text: str) -> None:
        if text:
            self._out.append(text)
            self._behind.add(text)
            self._boundary = text[-1] not in _WORD

    def _known_word(self, name: str, word: str) -> None:
        """A literal `word`, with boundaries on both sides, that is `name` or inflects it."""
        verdict = self._behind.verdict()
        if verdict is Verdict.KEPT:
            self._out.append(word)
        else:
            self._out += [self._written(name, Spelling.LITERAL, verdict), word[len(name) :]]
            self.restored += 1
        self._behind.add(word)
        self._boundary = False

    def read(self, char: str, source: str) -> None:
        """Read one character that was written by an escape; `source` is what it was written as."""
        carry, self._carry = self._carry, ""
        for one in carry:
            self._read(one, one)
        self._read(char, source)

    def _read(self, char: str, source: str) -> None:
        """Read one character; `source` is the text that is emitted for it."""
        if self._escape:
            grown = self._escape + char
            if extends(grown):
                self._escape = grown
                # Nor does one after the introducer, unless with this character.
                self._cold = self._cold and char not in self._initials
                self._sources.append(self._early(source))
                meant = decode(grown)
                if meant is not None:
                    source, self._escape = "".join(self._sources), ""
                    self._match(Unit(meant[0], source, meant[1]))
                return
            self._give_up()
        if char not in INTRODUCERS:
            self._match(Unit(char, source))
            return
        # Within a word no placeholder begins, however the escape ends.
        self._cold = not self._boundary and not self._held
        self._escape, self._sources = char, [self._early(source)]

    def flush(self) -> None:
        """The text ends here: what is complete is restored, what is not comes out as it came."""
        carry, self._carry = self._carry, ""
        name = self._vocabulary.resolve(carry.upper())
        self._plain(carry) if name is None else self._known_word(name, carry)
        self._give_up()
        self._settle() if self._size else self._release()

    def take(self) -> str:
        """What can be emitted by now, once."""
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else "".join(out)

    def _early(self, source: str) -> str:
        """Emit `source` at once if nothing can come of it; return what is still to be emitted."""
        if not self._cold:
            return source
        self._out.append(source)
        return ""

    def _give_up(self) -> None:
        """What began like an escape is none: its characters stand for themselves."""
        chars, self._escape = self._escape, ""
        for char, source in zip(chars, self._sources if chars else (), strict=True):
            self._match(Unit(char, source))

    def _match(self, unit: Unit) -> None:
        if self._size:
            self._look_ahead(unit)
            return
        char = unit.char
        if self._held or (self._boundary and char in self._initials):
            word = self._word + (char.upper() if char.isascii() else char)
            if self._vocabulary.begins(word):
                self._held.append(unit)
                self._word = word
                if word in self._vocabulary:
                    self._size = len(self._held)
                return
            self._release()
        self._pass(unit)

    def _look_ahead(self, unit: Unit) -> None:
        if unit.char not in _WORD:
            self._settle()
            self._pass(unit)
            return
        after = self._after + unit.char.lower()
        if after in INFLECTIONS:
            self._held.append(unit)
            self._after = after
            return
        self._release()
        self._pass(unit)

    def _settle(self) -> None:
        verdict = self._behind.verdict()
        if verdict is Verdict.KEPT:
            self._release()
            return
        units, rest = self._held[: self._size], self._held[self._size :]
        spelling = Spelling.LITERAL
        for unit in units:
            spelling |= unit.spelling
        self._out.append(self._written(self._word, spelling, verdict))
        self.restored += 1
        self._forget()
        for unit in units:
            self._advance(unit)
        for unit in rest:
            self._pass(unit)

    def _written(self, name: str, spelling: Spelling, verdict: Verdict) -> str:
        in_json = self._behind.in_string
        if spelling is Spelling.LITERAL and verdict is Verdict.TEXT:
            return self._vocabulary.surface(name, self._levels + in_json)
        levels = self._levels + (in_json or bool(spelling & Spelling.JSON))
        if verdict is not Verdict.TEXT:
            spelling |= Spelling.PERCENT
        safe = _ADDRESS_SAFE if verdict is Verdict.ADDRESS else ""
        return write(self._vocabulary.surface(name), spelling, levels, safe)

    def _release(self) -> None:
        held = self._held
        self._forget()
        for unit in held:
            self._pass(unit)

    def _forget(self) -> None:
        self._held = []
        self._word = self._after = ""
        self._size = 0

    def _pass(self, unit: Unit) -> None:
        self._out.append(unit.raw)
        self._advance(unit)

    def _advance(self, unit: Unit) -> None:
        literal = unit.spelling is Spelling.LITERAL
        self._boundary = unit.char not in _WORD
        if literal:
            self._behind.add(unit.char)
        else:
            self._behind.add_escaped(unit.char)
