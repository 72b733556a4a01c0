"""A cheap guess in which language a text is written: by its script, or by its most common words.

None when unsure; a wrong guess would send a request past a model that could have answered it.
"""

from __future__ import annotations

import re

_SAMPLE = 4000  # characters looked at
_LEAST = 3  # common words that a guess needs
_LEAD = 1.4  # how many times more common words than the next language

_STOP_WORDS = {
    "en": "the and of to is that it for you with on are this have be was not from what my please "
    "can your i we would how does about they which",
    "de": "der die und das ist nicht ich sie ein eine zu mit den auf für von im dem sich wir auch "
    "bitte wie mein ihr kann wird bei nach",
    "es": "el la de que y en los un una por con para es no se las del lo como pero mi su más "
    "está usted quiero puede gracias al qué favor cómo cuando nuestro",
    "fr": "le la les de et des un une est que pour dans en je vous il qui pas sur avec ce mon du "
    "votre nous au ne plus merci être",
    "it": "il di che la e un una per non sono con del si mi è le della come ma anche questo ho "
    "più gli grazie alla nel dei lo",
    "pt": "o a de que e um uma para com não os em do da se por mais as dos como mas você eu meu "
    "obrigado está no na ao",
    "nl": "de het een en van is dat niet ik je op te zijn met voor er maar om ook aan mijn naar "
    "bij wat uw kan graag heb",
    "pl": "i w na z do nie się to jest że o jak po ale dla mam co czy od mi proszę ten są już "
    "przez moje jestem tak",
}
_WORDS = {
    word: tuple(language for language, words in _STOP_WORDS.items() if word in words.split())
    for words in _STOP_WORDS.values()
    for word in words.split()
}

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_LETTERS = re.compile(r"[^\W\d_]+")


def guess(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text`, or None.

    Knows en, de, es, fr, it, pt, nl, pl by their words, and ru, zh, ja, ko, ar, el, he, hi by their
    script (so that any language in Cyrillic letters is called ru).
    """
    sample = text[:_SAMPLE]
    words = _LETTERS.findall(sample)
    letters = sum(map(len, words))
    if not letters:
        return None
    if not sample.isascii():
        script = _script(sample, letters)
        if script is not None:
            return script
    return _by_words(words)


def _script(sample: str, letters: int) -> str | None:
    """The language whose script most letters have; kana make a text Japanese, kanji or not."""
    counts = {language: len(pattern.findall(sample)) for language, pattern in _SCRIPTS}
    if counts["ja"] and counts["ja"] + counts["zh"] > letters / 2:
        return "ja"
    language, count = max(counts.items(), key=lambda item: item[1])
    return language if count > letters / 2 else None


def _by_words(words: list[str]) -> str | None:
    """The language with a clear lead in common words; a word of many languages counts in parts."""
    scores: dict[str, float] = {}
    for word in words:
        languages = _WORDS.get(word.lower(), ())
        for language in languages:
            scores[language] = scores.get(language, 0.0) + 1 / len(languages)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return None
    best, first = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return best if first >= _LEAST and first >= _LEAD * second else None
