"""Cuts text into tokens, sentences and stems; rough on purpose, the same for every language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from louver.crypto.prf import ALPHABET
from louver.minimize.placeholders import CODE_LENGTH, LABEL

# A placeholder as a model sees it: a label, and a code without vowels.
_PLACEHOLDER = re.compile(
    rf"(?<![A-Za-z0-9_])({LABEL.pattern})_([{ALPHABET}]{{{CODE_LENGTH}}})(?![A-Za-z0-9])"
)
_TOKEN = re.compile(r"\s*(?:[^\W\d_]{1,6}|\d{1,3}|[^\w\s]|_)|\s+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”»)\]]*\s+")
_ABBREVIATION = re.compile(
    r"(?:^|\s)(?:[^\W\d_]|Dr|Mr|Mrs|Ms|St|No|Nr|Hr|Fr|Sr|Sra|Dra|Mme|ca|bzw|vs|vgl)\.$",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\b\d{1,2}\.$")
_AFTER_ORDINAL = re.compile(r"(?:Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|[a-zà-ÿ])")
_STEM = 5
_SHORTEST_WORD = 3
_SENTENCE = 600


@dataclass(frozen=True, slots=True)
class Mention:
    """A placeholder that stands in a text at [start, end), and what kind of thing it replaces."""

    label: str
    text: str
    start: int
    end: int


def mentions(text: str) -> Iterator[Mention]:
    """The placeholders in `text`, in order, repeated ones too."""
    for match in _PLACEHOLDER.finditer(text):
        yield Mention(match[1], match[0], match.start(), match.end())


def tokens(text: str) -> tuple[str, ...]:
    """Pieces such as a language model would emit; joined, they are `text` again.

    >>> tokens("Hello EMAIL_KXQW!")
    ('Hello', ' EMAIL', '_', 'KXQW', '!')
    """
    return tuple(match[0] for match in _TOKEN.finditer(text))


def sentences(text: str) -> list[str]:
    """The sentences and lines of `text`, without their surrounding space; long ones are cut."""
    parts: list[str] = []
    for line in text.splitlines():
        begun: list[str] = []
        for piece in _SENTENCE_END.split(line):
            if begun and not _continues(begun[-1], piece):
                parts.append(" ".join(begun))
                begun = []
            begun.append(piece.strip())
        parts.append(" ".join(begun))
    return [shortened(part, _SENTENCE) for part in parts if _WORD.search(part)]


def _continues(before: str, after: str) -> bool:
    """Whether the period after a title, an initial or a German ordinal ends no sentence."""
    return bool(
        _ABBREVIATION.search(before[-8:])
        or (_ORDINAL.search(before[-4:]) and _AFTER_ORDINAL.match(after))
    )


def shortened(text: str, length: int) -> str:
    """At most `length` code points (and an ellipsis), cut between words, so that none is broken."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    cut = text.rfind(" ", 0, length)
    return "…" if cut <= 0 else f"{text[:cut]} …"


def fold(text: str) -> str:
    """Lower case without accents, for comparing words."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The words of `text`, folded; a placeholder gives the words of its label, not its code."""
    return _WORD.findall(fold(_PLACEHOLDER.sub(lambda match: match[1], text)).replace("_", " "))


def stems(text: str, ignored: Iterable[str] = ()) -> set[str]:
    """The beginnings of the words that carry meaning; placeholders count by label and as such."""
    skipped = set(ignored)
    found = {
        word.removesuffix("s")[:_STEM]
        for word in words(text)
        if len(word) >= _SHORTEST_WORD and word not in skipped
    }
    return found | {mention.text for mention in mentions(text)}
