"""Answers in words, by quoting: the sentences that share most with the question."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

from louver.gateway.providers.practice.labels import answers, asked_labels
from louver.gateway.providers.practice.phrases import NOTICE, STOP_WORDS, Phrases, phrases_for
from louver.gateway.providers.practice.prompt import Prompt
from louver.gateway.providers.practice.words import (
    mentions,
    sentences,
    shortened,
    stems,
    words,
)

_QUESTION = re.compile(r"\?(?=$|[\s\"'”»)])")
_QUOTE = 280
_MOST_SENTENCES = 2_000
_MOST_MENTIONS = 24
_LABEL_WEIGHT = 0.75
_ENOUGH = 0.5
_WRITE = frozenset(
    words(
        "write draft compose reply respond schreibe schreib verfasse entwirf antworte formuliere "
        "escribe redacta responde ecris ecrivez redige redigez reponds repondez"
    )
)
_SUMMARIZE = frozenset(
    words(
        "summarize summarise summary recap zusammenfassen zusammenfassung fasse resume resumen "
        "resumir resumeme resumez"
    )
)
_LIST = frozenset(words("list extract enumerate liste nenne lista enumera extrae enumere extrais"))
_ORDERS = _WRITE | _SUMMARIZE | _LIST


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the conversation; `fresh` ones stand in the last message."""

    text: str
    stems: frozenset[str]
    fresh: bool


def answer(prompt: Prompt, variant: int = 0) -> str:
    """The practice model's words for `prompt`; a `variant` quotes more or fewer sentences."""
    phrases = phrases_for(prompt.question)
    body = _tool_result(prompt, phrases) or _by_intent(prompt, phrases, 3 - variant % 3)
    mentioned = _mentioned(prompt, phrases)
    return "\n".join([NOTICE, *body, *mentioned])


def quotes(prompt: Prompt, count: int) -> list[str]:
    """The `count` sentences that answer the last question best, in their own order."""
    material = _material(prompt)
    asking = stems(_asking(prompt), STOP_WORDS)
    asked = asked_labels(words(_asking(prompt)))
    frequency = Counter(stem for sentence in material for stem in sentence.stems)
    scores = [_score(sentence, asking, asked, frequency) for sentence in material]
    best = sorted(range(len(material)), key=lambda i: (-scores[i], -i))[:count]
    # What matches half as well as the best is left out: a short true quote beats a long one.
    least = _ENOUGH * max(scores, default=0.0)
    return [shortened(material[i].text, _QUOTE) for i in sorted(best) if scores[i] > least]


def _score(
    sentence: Sentence, asking: set[str], asked: frozenset[str], frequency: Counter[str]
) -> float:
    """Rare shared words count more, and so does a placeholder of the kind that is asked for."""
    shared = sum(1 / math.sqrt(frequency[stem]) for stem in sentence.stems & asking)
    kinds = sum(answers(mention.label, asked) for mention in mentions(sentence.text))
    score = shared + _LABEL_WEIGHT * min(kinds, 1)
    return score + 0.1 if score > 0 and sentence.fresh else score


def _material(prompt: Prompt) -> list[Sentence]:
    """What may be quoted: all that was said, except the question itself and our own words."""
    asking = {sentence: _told(sentence) for sentence in _asking_sentences(prompt)}
    last = len(prompt.messages) - 1
    found: dict[str, Sentence] = {}
    for place, message in enumerate(prompt.messages):
        if message.role == "assistant" and message.text.startswith(NOTICE):
            continue
        earlier_request = place != last and message.role != "tool"
        for sentence in sentences(message.text):
            text = asking.get(sentence, sentence)
            if earlier_request and (_asks(sentence) or _orders(sentence)):
                text = _told(sentence)
            if text and text not in found:
                stem_set = frozenset(stems(text, STOP_WORDS))
                found[text] = Sentence(text, stem_set, fresh=place == last)
    return list(found.values())[-_MOST_SENTENCES:]


def _asking_sentences(prompt: Prompt) -> list[str]:
    """The questions at the end; else an order at the end or the beginning; else what asks."""
    said = sentences(prompt.question)
    end = len(said)
    while end and _asks(said[end - 1]):
        end -= 1
    if end < len(said):
        return said[end:]
    edges = [sentence for sentence in (*said[-1:], *said[:1]) if _orders(sentence)]
    inside = [s for s in said if _ORDERS.intersection(words(s)[:1])]
    return edges[:1] or inside[:1] or [s for s in said if _asks(s)] or said[-1:]


def _asks(sentence: str) -> bool:
    """Whether a question mark ends something; the one inside a link does not."""
    return bool(_QUESTION.search(sentence))


def _orders(sentence: str) -> bool:
    return not _ORDERS.isdisjoint(words(sentence)[:4])


def _told(sentence: str) -> str:
    """What an order brings along: `Summarize this: the train was late.`"""
    head, _, tail = sentence.partition(": ")
    return tail if _orders(head) else ""


def _asking(prompt: Prompt) -> str:
    return " ".join(_asking_sentences(prompt))


def _by_intent(prompt: Prompt, phrases: Phrases, count: int) -> list[str]:
    told = set(words(_asking(prompt)))
    if told & _WRITE:
        return _letter(prompt, phrases, count)
    if told & _SUMMARIZE:
        return [phrases.summary, *(f"- {text}" for text in _summary(prompt, count))]
    if told & _LIST:
        found = quotes(prompt, count + 5) or _summary(prompt, count)
        return [phrases.items, *(f"- {text}" for text in found)]
    if not _asks(prompt.question):
        noted = sentences(prompt.question)[:count]
        return [phrases.noted, *(f"> {shortened(text, _QUOTE)}" for text in noted)]
    fresh = any(sentence.fresh for sentence in _material(prompt))
    found = quotes(prompt, count) or (_summary(prompt, count) if fresh else [])
    return [phrases.says, *(f"> {text}" for text in found)] if found else [phrases.nothing]


def _letter(prompt: Prompt, phrases: Phrases, count: int) -> list[str]:
    named = [*mentions(_asking(prompt)), *mentions(prompt.question)]
    people = [mention.text for mention in named if mention.label == "PERSON"]
    greeting = phrases.greeting.format(people[0]) if people else phrases.greeting_open
    about = quotes(prompt, count) or _summary(prompt, count)
    return [greeting, "", phrases.thanks, *(f"> {text}" for text in about), "", phrases.closing, ""]


def _summary(prompt: Prompt, count: int) -> list[str]:
    """The sentences whose words the whole conversation uses most; the last message first."""
    material = _material(prompt)
    material = [sentence for sentence in material if sentence.fresh] or material
    frequency = Counter(stem for sentence in material for stem in sentence.stems)
    weight = [
        sum(frequency[stem] for stem in sentence.stems) / (4 + len(sentence.stems))
        for sentence in material
    ]
    best = sorted(range(len(material)), key=lambda i: (-weight[i], i))[:count]
    return [shortened(material[i].text, _QUOTE) for i in sorted(best)]


def _tool_result(prompt: Prompt, phrases: Phrases) -> list[str]:
    """Where the last messages are tool results: what each said."""
    lines: list[str] = []
    for message in reversed(prompt.messages):
        if message.role != "tool":
            break
        head = phrases.result.format(message.tool or "").replace("  ", " ")
        lines = [head, f"> {shortened(message.text, 2 * _QUOTE)}", *lines]
    return lines


def _mentioned(prompt: Prompt, phrases: Phrases) -> list[str]:
    """One line that names the placeholders seen, by kind, each once."""
    by_label: dict[str, dict[str, None]] = {}
    seen = [mention for message in prompt.messages for mention in mentions(message.text)]
    for mention in seen:
        by_label.setdefault(mention.label, {})[mention.text] = None
    kinds: list[str] = []
    left = _MOST_MENTIONS
    for label, texts in by_label.items():
        shown = list(texts)[:left]
        left -= len(shown)
        if shown:
            kinds.append(f"{phrases.label(label)}: {', '.join(shown)}")
    return [f"{phrases.mentioned} {'; '.join(kinds)}."] if kinds else []
