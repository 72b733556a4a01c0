"""Folding characters to the plain ones they stand for: compatibility forms, digits, look-alikes.

Letters of other scripts stay what they are; only inside a word that is partly Latin is a Cyrillic
or Greek letter taken for the Latin one it looks like. Source of the look-alikes: our own eyes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from louver.text.pieces import Piece

_LATIN = "aceopxyisjhdABCEHIKMOPSTXYZNVkvwu"
_CYRILLIC_GREEK = "асеорхуіѕјһԁАВСЕНІКМОРЅТХΥΖΝΝκνωυ"
_LOOK_ALIKES = dict(zip(_CYRILLIC_GREEK, _LATIN, strict=True)) | {
    "Α": "A", "Β": "B", "Ε": "E", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ο": "O", "Ρ": "P",
    "Τ": "T", "Χ": "X", "ο": "o", "α": "a", "ι": "i", "ρ": "p", "χ": "x", "ε": "e", "ԛ": "q",
    "ԝ": "w", "ӏ": "l", "г": "r", "п": "n", "т": "t", "м": "m", "н": "h", "в": "b", "к": "k",
}  # fmt: skip
_DASHES = dict.fromkeys("‐‑‒–—―−﹣－", "-")
_MIXED = re.compile(f"[A-Za-z0-9@._+{''.join(_LOOK_ALIKES)}-]+")
_ASCII = bytes(range(128))
_ASCII_LETTER = re.compile(r"[A-Za-z@]")


def folded(text: str) -> list[Piece] | None:
    """What folding changes in `text`, in order; None where it changes nothing."""
    special = {character for character in _beyond_ascii(text) if _is_special(character)}
    return (_changes(text, special) or None) if special else None


def _beyond_ascii(text: str) -> set[str]:
    """The characters of `text` that are none of ASCII; all but those are dropped at once."""
    if text.isascii():
        return set()
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return set(beyond.decode("utf-8", "surrogatepass"))


@lru_cache(maxsize=8192)
def _is_special(character: str) -> bool:
    return unicodedata.combining(character) > 0 or _plain_character(character) != character


def _changes(text: str, special: set[str]) -> list[Piece]:
    """The clusters, a letter with the marks that follow it, that read differently."""
    pieces: list[Piece] = []
    stop = 0
    for at, character in enumerate(text):
        if character not in special or at < stop:
            continue
        start = at - 1 if unicodedata.combining(character) and at > stop else at
        stop = at + 1
        while stop < len(text) and unicodedata.combining(text[stop]):
            stop += 1
        plain = _plain(text[start:stop])
        if plain != text[start:stop]:
            pieces.append(Piece(start, stop, plain))
    return pieces


def _plain(cluster: str) -> str:
    """What one letter with its marks reads as."""
    if len(cluster) == 1:
        return _plain_character(cluster)
    return "".join(_character(c) for c in unicodedata.normalize("NFKC", cluster) if _shows(c))


@lru_cache(maxsize=8192)
def _plain_character(character: str) -> str:
    return "".join(_character(c) for c in unicodedata.normalize("NFKC", character) if _shows(c))


def _character(character: str) -> str:
    if character.isascii():
        return character
    if character in _DASHES:
        return "-"
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    # Line and paragraph separators and the like part words as a space does.
    return " " if character.isspace() else character


def _shows(character: str) -> bool:
    """False for what takes no room: format characters, variation selectors, fillers."""
    if character.isascii():
        return True
    return not (
        unicodedata.category(character) == "Cf"
        or "\ufe00" <= character <= "\ufe0f"
        or character in "\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5"
    )


def latinized(text: str) -> list[Piece] | None:
    """The look-alikes in words that also have Latin letters; None where there are none."""
    if _beyond_ascii(text).isdisjoint(_LOOK_ALIKES):
        return None
    pieces = [
        Piece(index, index + 1, _LOOK_ALIKES[text[index]])
        for word in _MIXED.finditer(text)
        if _ASCII_LETTER.search(word.group())
        for index in range(word.start(), word.end())
        if text[index] in _LOOK_ALIKES
    ]
    return pieces or None
