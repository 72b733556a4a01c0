"""CPU per stage for one 1 KB chat prompt: find, minimize (with re-reading), restore; us each.

Two prompts: one with 22 values of two people in a row, and three turns of the support-desk chat of
`bench.scan` with a value every 190 characters. Each request is new to the caches. Figures are CPU
time of the process, least of several interleaved rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from bench.scan import chat
from louver.core.decision import Needs
from louver.core.exchanges import Exchange, JsonTree, Minimized
from louver.core.identity import Caller
from louver.core.policy import Destination, Location, Mode, Policy
from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys
from louver.gateway.wire.treatments import treatments
from louver.minimize.detectors.health_terms import HealthTermsDetector
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.finder import Finder
from louver.minimize.once import Once
from louver.minimize.outgoing import Minimizing, minimize
from louver.minimize.pseudonyms import Pseudonyms, scope_of
from louver.minimize.restore import JsonRestorer, TextRestorer, restore_text
from louver.minimize.survey import survey

_COMMAND = "python -m bench stages"
_ROUNDS, _REQUESTS = 7, 120
_DENSE = "Please tell alice.martin@example.com (+44 20 7946 0123) that order {turn} has shipped. "
_KEYS = Keys(bytes(range(32)))
_HOME = Destination("home", "practice", Location.LOCAL, "this house", "m")
_DETECTORS = (PatternDetector(), HealthTermsDetector())
_POLICY = Policy(digest="p", mode=Mode.STANDARD, destinations={"home": _HOME}, routes={})


def prompts() -> Mapping[str, list[str]]:
    """Prompts of 1 KB, each different from the others."""
    talk = chat(2 * _REQUESTS)
    return {
        "22 values": [f"{i} " + _DENSE.format(turn=i) * 11 for i in range(_REQUESTS)],
        "chat": [f"{i} {talk[2 * i]} {talk[2 * i + 1]}"[:1024] for i in range(_REQUESTS)],
    }


def exchange(text: str) -> Exchange:
    """The request whose only message says `text`."""
    body: dict[str, JsonTree] = {
        "model": "home",
        "messages": [{"role": "user", "content": text}],
        "stream": False,
    }
    return Exchange(
        id="ex-1",
        caller=Caller("default", "bench", "none"),
        body=Sensitive(body),
        model="home",
        purpose=None,
        stream=False,
        choices=1,
        tools=frozenset(),
        json_content=False,
        opening=Sensitive(text.encode()),
        conversation=None,
        needs=Needs(),
    )


class Stages:
    """One round over all prompts of a kind; each method is one stage."""

    def __init__(self, texts: list[str]) -> None:
        self.exchanges = [exchange(text) for text in texts]
        self.minimized: list[Minimized] = []
        self.answers: list[str] = []
        self.looks: list[Once] = []

    def prepare(self) -> None:
        """A finder that knows the names of models and none of the prompts."""
        finder = Finder(_DETECTORS, digest=_KEYS.cache_digest)
        for name in ("home", "m"):
            finder.find(name)
        self.looks = [Once(finder) for _ in self.exchanges]

    def find(self) -> None:
        for one, look in zip(self.exchanges, self.looks, strict=True):
            survey(one.body.reveal(), treatments(one, _POLICY), look)

    def minimize(self) -> None:
        """Findings are known from the stage before; the finished bytes are new and read again."""
        self.minimized = [
            minimize(
                one,
                Minimizing(
                    finder=look,
                    policy=_POLICY,
                    pseudonyms=Pseudonyms(_KEYS, scope_of(_KEYS, "default", opening=one.opening)),
                    rule=treatments(one, _POLICY),
                    address=lambda body: {**body, "model": "m", "store": False},
                    remember=True,
                ),
            )
            for one, look in zip(self.exchanges, self.looks, strict=True)
        ]
        said = [orjson.loads(one.body)["messages"][0]["content"] for one in self.minimized]
        self.answers = said

    def restore_whole(self) -> None:
        for one, said in zip(self.minimized, self.answers, strict=True):
            restore_text(said, one.values)

    def restore_json(self) -> None:
        for one, said in zip(self.minimized, self.answers, strict=True):
            restorer = JsonRestorer(one.values)
            restorer.feed(f'{{"text":"{said}"}}')
            restorer.finish()

    def restore_stream(self) -> None:
        for one, said in zip(self.minimized, self.answers, strict=True):
            feed = TextRestorer(one.values).feed
            for token in _tokens(said):
                feed(token)

    def chunks(self) -> int:
        return sum(len(_tokens(said)) for said in self.answers)


_CACHED: dict[str, list[str]] = {}


def _tokens(text: str) -> list[str]:
    """Pieces of about four characters, as models stream them."""
    known = _CACHED.get(text)
    if known is None:
        known = _CACHED[text] = [text[i : i + 4] for i in range(0, len(text), 4)]
    return known


def least(
    prepare: Callable[[], None], work: Mapping[str, Callable[[], object]]
) -> dict[str, float]:
    """Microseconds per request of each stage; the stages take turns."""
    best: dict[str, float] = {}
    for _ in range(_ROUNDS):
        prepare()
        for name, stage in work.items():
            start = time.process_time()
            stage()
            spent = time.process_time() - start
            best[name] = min(best.get(name, spent), spent)
    return {name: 1e6 * spent / _REQUESTS for name, spent in best.items()}


def rows() -> list[dict[str, Any]]:
    """One row per stage and prompt."""
    return list(_rows())


def _rows() -> Iterator[dict[str, Any]]:
    for kind, texts in prompts().items():
        stages = Stages(texts)
        work = {
            "find": stages.find,
            "minimize": stages.minimize,
            "restore whole": stages.restore_whole,
            "restore JSON": stages.restore_json,
            "restore stream": stages.restore_stream,
        }
        spent = least(stages.prepare, work)
        for name, microseconds in spent.items():
            yield _row(f"{kind}: {name}, us per 1 KB", microseconds)
        chunk = spent["restore stream"] * _REQUESTS / stages.chunks()
        yield _row(f"{kind}: restore stream, us per chunk of 4 characters", chunk)
        total = spent["find"] + spent["minimize"] + spent["restore whole"]
        yield _row(f"{kind}: find + minimize + restore whole, us per 1 KB", total)


def _row(name: str, value: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 2),
        "bar": None,
        "holds": True,
        "command": _COMMAND,
    }


def main() -> None:
    for row in rows():
        print(f"{row['name']:<64} {row['value']:>10}")


if __name__ == "__main__":
    main()
