"""Law 2: one value, one placeholder, one conversation; nobody's value comes back as another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.houses import settings
from support.models import whole

from louver.core.exchanges import Exchange, Minimized
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.openai_chat import OpenAIChat
from louver.gateway.wire.restoring import ChatRestorer
from louver.gateway.wire.treatments import treatments
from louver.minimize.detectors.dictionary import DictionaryDetector, DictionaryEntry
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.finder import Finder
from louver.minimize.outgoing import Minimizing, minimize
from louver.minimize.pseudonyms import Pseudonyms, scope_of

CONVERSATIONS = 10_000
FORMAT = OpenAIChat(lambda error: b"{}")
FIRST = ["Alice", "Bob", "Ann", "Anna", "Jo", "Joan", "Max"]
LAST = ["Martin", "Martinez", "Lee", "Leeds", "Ann", "Stone"]
PEOPLE = [f"{first} {last}" for first in FIRST for last in LAST]


class Draw:
    """A small explicit generator (SplitMix64), so that every run draws the same."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, n: int) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) % 2**64
        z = self._state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return int((z ^ (z >> 31)) % n)

    def one(self, of: list[str]) -> str:
        return of[self.below(len(of))]


class Desk:
    """One replica: its own finder and pseudonyms, the installation's keys."""

    def __init__(self, folder: Path) -> None:
        entries = [DictionaryEntry(Sensitive(n), "person.name") for n in (*FIRST, *PEOPLE)]
        self._keys = Keys(b"\x07" * 32)
        self._finder = Finder(
            [PatternDetector(), DictionaryDetector(entries)], digest=self._keys.cache_digest
        )
        self._policy = settings(folder).policy

    def minimize(self, tenant: str, messages: list[dict[str, Any]]) -> tuple[Exchange, Minimized]:
        body = json.dumps({"model": "home", "messages": messages}).encode()
        exchange = FORMAT.parse(body, Asked("ex", Caller(tenant, "app", "key")))
        scope = scope_of(self._keys, tenant, None, None, exchange.opening, "ex")
        how = Minimizing(
            finder=self._finder,
            policy=self._policy,
            pseudonyms=Pseudonyms(self._keys, scope),
            rule=treatments(exchange, self._policy),
            address=dict,
            remember=True,
        )
        return exchange, minimize(exchange, how)

    def restore(self, exchange: Exchange, minimized: Minimized, text: str) -> str:
        restorer = ChatRestorer(exchange, minimized, self._policy)
        answer: Any = restorer.whole(whole({"content": text}))
        return str(answer["choices"][0]["message"]["content"])


def conversation(draw: Draw, number: int) -> list[str]:
    """Three user turns about a few people with shared and overlapping names."""
    people = [draw.one(PEOPLE) for _ in range(3)]
    turns = []
    for turn in range(3):
        parts = []
        for _ in range(3):
            name = draw.one([*people, draw.one(FIRST), people[0].split()[0]])
            mail = name.lower().replace(" ", ".") + f"{draw.below(3) or ''}@example.com"
            parts.append(draw.one([f"{name} called", f"mail {mail} now", f"{name} ({mail})"]))
        turns.append(f"Case {number}.{turn}: " + ", ".join(parts) + ".")
    return turns


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_10_000_conversations_of_two_tenants(tmp_path: Path) -> None:
    draw, desks = Draw(2026), (Desk(tmp_path), Desk(tmp_path))
    swapped = foreign = changed = 0
    owners: dict[str, tuple[str, int]] = {}
    for number in range(CONVERSATIONS):
        tenant = ("acme", "globex")[number % 2]
        messages: list[dict[str, Any]] = []
        standing: dict[str, str] = {}
        for turn, text in enumerate(conversation(draw, number)):
            messages.append({"role": "user", "content": text})
            # Every turn is another replica's; they share keys, not memory.
            exchange, minimized = desks[(number + turn) % 2].minimize(tenant, messages)
            sent = orjson.loads(minimized.body)["messages"][-1]["content"]
            swapped += desks[turn % 2].restore(exchange, minimized, sent) != text
            for placeholder, value in minimized.values.items():
                surface = value.reveal()
                changed += standing.setdefault(surface, placeholder) != placeholder
                foreign += owners.setdefault(placeholder, (tenant, number)) != (tenant, number)
            messages.append({"role": "assistant", "content": text})
    assert (swapped, foreign, changed) == (0, 0, 0)
    assert len(owners) > 2 * CONVERSATIONS


def test_two_spellings_of_one_value_are_recognizably_the_same(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    text = "alice.martin@example.com or Alice.Martin@Example.com or bob@example.com"
    exchange, minimized = desk.minimize("acme", [{"role": "user", "content": text}])
    sent = orjson.loads(minimized.body)["messages"][0]["content"]
    one, two, other = (word for word in sent.split() if word != "or")
    assert one != two
    assert one[:-3] == two[:-3]
    assert other[:-3] != one[:-3]
    assert desk.restore(exchange, minimized, sent) == text
