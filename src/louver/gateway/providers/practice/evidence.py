"""Finds values for named fields in what was said: by kind of placeholder, and by words nearby."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from louver.gateway.providers.practice.labels import answers, asked_labels
from louver.gateway.providers.practice.phrases import STOP_WORDS
from louver.gateway.providers.practice.words import fold, mentions, shortened, words

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,12}(?:[.,]\d{1,6})?(?![\w-]|[.,]\d)")
_ISO_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_LONG_DATE = re.compile(
    r"(?<!\d)(\d{1,2})\.?\s+(?:de\s+)?([^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(\d{4})"
)
_US_DATE = re.compile(r"([^\W\d_]{3,10})\.?\s+(\d{1,2}),?\s+(\d{4})")
_VALUE = (
    r"[\s:=]+(?:is\s+|ist\s+|es\s+|est\s+)?"
    r"(?:\"([^\"\n]{1,80})\"|“([^”\n]{1,80})”|([^\W\d_a-zà-ÿ][\w.@/+-]*(?:\s[^\W\d_a-zà-ÿ][\w-]*)*))"
)
_HINTS = {
    "origin": "from von ab de desde depuis",
    "departure": "from von ab desde depuis",
    "from": "von de desde",
    "destination": "to nach hacia para vers pour a",
    "arrival": "to nach hacia vers",
    "to": "nach hacia vers a",
    "sender": "from von",
    "recipient": "to an",
    "name": "i'm im heisse llamo appelle",
    "order": "order bestellung pedido commande",
}
_DATE_NAMES = frozenset(words("date day when until start end datum fecha jour departure arrival"))
_FREE_TEXT = frozenset(
    words(
        "query text message body content reason question note notes summary subject topic prompt "
        "description input details comment answer title request"
    )
)
_NEGATIONS = frozenset(words("no not without never don't kein keine ohne nicht sin nunca sans pas"))
_NUMBER_WORDS = {
    word: number
    for number, group in enumerate(
        (
            "one eine einen uno una un une",
            "two zwei dos deux",
            "three drei tres trois",
            "four vier cuatro quatre",
            "five funf cinco cinq",
            "six sechs seis",
            "seven sieben siete sept",
            "eight acht ocho huit",
            "nine neun nueve neuf",
            "ten zehn diez dix",
        ),
        start=1,
    )
    for word in group.split()
}
_ARTICLES = frozenset("a an one eine einen uno una un une".split())  # noqa: SIM905 - one line
_MONTHS = ("jan ene", "feb fev", "mar", "apr abr avr", "may mai", "jun juin", "jul juil",
           "aug ago aou", "sep", "oct okt", "nov", "dec dez dic")  # fmt: skip
_NEAR = 48
_MOST = 200
_FREE_LENGTH = 300


class Evidence:
    """What a conversation says about a field; `texts` are its messages, the newest first."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._words = [list(_words_at(text)) for text in texts]
        self._taken: set[str] = set()

    def text(self, name: str, about: str, *, date: bool = False) -> str | None:
        """A value for the field `name`, described by `about`; None where nothing points to one."""
        asked = _name_words(name)
        value = self._placeholder(asked, asked_labels(asked))
        if value is None and (date or asked & _DATE_NAMES):
            value = self._date()
        if value is None:
            value = self._beside(asked | _hints(asked))
        if value is None:
            value = self._placeholder(asked, asked_labels(words(about)))
        if value is None and asked & _FREE_TEXT:
            value = self._free_text()
        if value is not None:
            self._taken.add(value)
        return value

    def texts(self, name: str, about: str) -> list[str]:
        """Every placeholder of the kind that the field asks for, each once, in order."""
        asked = asked_labels(_name_words(name)) or asked_labels(_name_words(about))
        found = (
            mention.text
            for text in reversed(self._texts)
            for mention in mentions(text)
            if answers(mention.label, asked)
        )
        return list(dict.fromkeys(found))

    def number(self, name: str) -> float | None:
        """The number that stands nearest to a word of the field's name."""
        asked = {word[:4] for word in _name_words(name) if len(word) > 3}
        best: tuple[int, float] | None = None
        for text, said in zip(self._texts, self._words, strict=True):
            places = [i for i, word in said if word[:4] in asked][:_MOST]
            for start, value in islice(_numbers(text), _MOST):
                for place in places:
                    distance = abs(place - start)
                    if distance <= _NEAR and (best is None or distance < best[0]):
                        best = distance, value
            if best is not None:
                return best[1]
        return None

    def flag(self, name: str) -> bool | None:
        """True where the field's name is spoken of, False where it is with a negation."""
        asked = {word[:5] for word in _name_words(name) if len(word) > 3}
        for said in self._words:
            for place, (_, word) in enumerate(said):
                if word[:5] in asked:
                    before = {word for _, word in said[max(0, place - 3) : place]}
                    return _NEGATIONS.isdisjoint(before)
        return None

    def choice(self, options: Iterable[object]) -> object | None:
        """The first option whose words all stand in a message."""
        known = [(option, words(str(option))) for option in options if isinstance(option, str)]
        for text in self._texts:
            said = {word[:5] for word in words(text)}
            for option, needed in known:
                if needed and all(word[:5] in said for word in needed):
                    return option
        return None

    def _placeholder(self, asked: set[str], labels: frozenset[str]) -> str | None:
        """The placeholder of a kind in `labels`, best one with a hint right before it."""
        hints = _hints(asked)
        rest: str | None = None
        for text in self._texts:
            for mention in mentions(text):
                if not answers(mention.label, labels):
                    continue
                before = words(text[max(0, mention.start - 20) : mention.start])[-2:]
                if not hints.isdisjoint(before):
                    return mention.text
                if rest is None and mention.text not in self._taken:
                    rest = mention.text
        return rest

    def _beside(self, hints: set[str]) -> str | None:
        names = "|".join(re.escape(word) for word in sorted(hints, key=len, reverse=True))
        if not names:
            return None
        pattern = re.compile(rf"(?<!\w)(?i:{names}){_VALUE}")
        for text in self._texts:
            for match in pattern.finditer(text):
                value = next(group for group in match.groups() if group is not None)
                if fold(value) not in STOP_WORDS:
                    return value.rstrip(".,;:-/")
        return None

    def _date(self) -> str | None:
        found = (date for text in self._texts for date in _dates(text))
        fresh = [date for date in dict.fromkeys(found) if date not in self._taken]
        return fresh[0] if fresh else None

    def _free_text(self) -> str | None:
        said = next((text for text in self._texts if text.strip()), None)
        return None if said is None else shortened(said, _FREE_LENGTH)


def _name_words(name: str) -> set[str]:
    return set(words(_CAMEL.sub(" ", name)))


def _hints(asked: set[str]) -> set[str]:
    return {hint for word in asked for hint in _HINTS.get(word, "").split()}


def _words_at(text: str) -> Iterator[tuple[int, str]]:
    """The words of `text`, folded, each with the place where it begins."""
    for match in re.finditer(r"[^\W\d_]+", text):
        yield match.start(), fold(match[0])


def _numbers(text: str) -> Iterator[tuple[int, float]]:
    for match in _NUMBER.finditer(text):
        yield match.start(), float(match[0].replace(",", "."))
    for start, word in _words_at(text):
        if word in _NUMBER_WORDS and word not in _ARTICLES:
            yield start, float(_NUMBER_WORDS[word])


def _dates(text: str) -> Iterator[str]:
    """The dates in `text` as YYYY-MM-DD, in order of their form, then of their place."""
    for match in _ISO_DATE.finditer(text):
        yield match[0]
    for match in _LONG_DATE.finditer(text):
        yield from _date(match[3], match[2], match[1])
    for match in _US_DATE.finditer(text):
        yield from _date(match[3], match[1], match[2])


def _date(year: str, month: str, day: str) -> Iterator[str]:
    name = fold(month)
    # "juin" and "juil" share three letters, so the longer beginnings are tried first.
    by_length = [
        (start, number)
        for number, starts in enumerate(_MONTHS, start=1)
        for start in starts.split()
    ]
    for start, number in sorted(by_length, key=lambda pair: -len(pair[0])):
        if name.startswith(start) and 1 <= int(day) <= 31:
            yield f"{year}-{number:02d}-{int(day):02d}"
            return
