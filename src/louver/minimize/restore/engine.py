"""Finds this request's placeholders in a stream of characters and decides what is written instead.

Rule: only an exact placeholder between two boundaries counts; everything else comes out as it came.
Held back is only what could still become one, see `longest_hold`.
"""

from __future__ import annotations

from louver.minimize.restore.destinations import Destinations, Verdict
from louver.minimize.restore.nesting import Nesting
from louver.minimize.restore.spelling import (
    INTRODUCERS,
    LONGEST,
    Spelling,
    Unit,
    decode,
    extends,
    write,
)
from louver.minimize.restore.vocabulary import Vocabulary

_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_INFLECTIONS = frozenset(["s", "es", "n", "en", "e"])  # Every beginning of one is one.
_SUFFIXES = tuple(end.upper() for end in _INFLECTIONS)
_LOOK_AHEAD = 3
_ADDRESS_SAFE = "@+"


def longest_hold(vocabulary: Vocabulary) -> int:
    """The most characters that can be held: each may be spelled by `spelling.LONGEST` of them.

    Written plainly it is the placeholder, an inflection of two letters, and one more.
    """
    return (vocabulary.longest + _LOOK_AHEAD) * LONGEST if vocabulary else 0


class Engine:
    """One text, read in order. `levels`: of how many JSON strings the text is the inside.

    `nesting` follows JSON inside of the text, None where the text is prose.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        destinations: Destinations,
        levels: int = 0,
        nesting: Nesting | None = None,
    ) -> None:
        self.restored = 0
        self._vocabulary = vocabulary
        self._initials = frozenset(vocabulary.initials)
        self._destinations = destinations
        self._levels = levels
        self._nesting = nesting
        self._out: list[str] = []
        self._escape = ""
        self._sources: list[str] = []
        self._cold = False
        self._boundary = True
        self._held: list[Unit] = []
        self._word = ""
        self._size = 0  # Units of a complete placeholder at the start of `_held`.
        self._after = ""

    @property
    def idle(self) -> bool:
        """Whether literal text that could begin nothing may be given to `skip`."""
        return not (self._held or self._escape or self._destinations.zones or self._nesting)

    def skip(self, text: str) -> str:
        """Read literal text without triggers, introducers and initials, while `idle`; return it.

        Precondition: `take` was called since the last `read`, and `text` is not empty.
        """
        self._boundary = text[-1] not in _WORD
        self._destinations.skip(text)
        return text

    def begins_with(self, char: str) -> bool:
        """Whether `char`, if it came next, could be the first of a placeholder."""
        return self._boundary and char in self._initials

    def resolve(self, word: str) -> str | None:
        """The placeholder that `word`, which has boundaries on both sides, is or inflects."""
        if len(word) < self._vocabulary.shortest:
            return None
        name = word.upper()
        if name in self._vocabulary:
            return name
        stems = (name[: -len(end)] for end in _SUFFIXES if name.endswith(end))
        return next((stem for stem in stems if stem in self._vocabulary), None)

    def read_word(self, word: str, name: str) -> None:
        """Read a literal `word` that resolves to `name`, while `idle`, all at once."""
        verdict = self._destinations.verdict()
        if verdict is Verdict.KEPT:
            self._out.append(word)
        else:
            self._out += [self._written(name, Spelling.LITERAL, verdict), word[len(name) :]]
            self.restored += 1
        self._destinations.skip(word)
        self._boundary = False

    def read(self, char: str, source: str) -> None:
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
        self._give_up()
        self._settle() if self._size else self._release()

    def take(self) -> str:
        """What can be emitted by now, once."""
        if not self._out:
            return ""
        out = "".join(self._out)
        self._out.clear()
        return out

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
        if self._held or self.begins_with(char):
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
        if after in _INFLECTIONS:
            self._held.append(unit)
            self._after = after
            return
        self._release()
        self._pass(unit)

    def _settle(self) -> None:
        verdict = self._destinations.verdict()
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
        inner = self._nesting is not None and self._nesting.in_string
        levels = self._levels + (inner or bool(spelling & Spelling.JSON))
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
        self._destinations.read(unit.char, literal=literal)
        if self._nesting is not None:
            self._nesting.read(unit.char, literal=literal)
            if self._nesting.ended:
                self._nesting = None
