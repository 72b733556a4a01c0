"""Scanning speed: RE2 behind its gate against Python's `re`, on chat text full of personal data.

Both engines run the same rules in the same job and must report the same spans; figures are CPU time
of the process, least of several rounds, in MB of UTF-8 per second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from louver.minimize.detectors.catalog import RULES
from louver.minimize.detectors.engines.reference import ReEngine
from louver.minimize.detectors.health_terms import HealthTermsDetector
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.finder import Finder

_COMMAND = "make bench"
_ROUNDS = 5

_TURNS = (
    "Hi, my name is {name} and my order has not arrived. You can write to {mail} or call {phone}; "
    "the package was sent to 12 Baker Street, and nobody was at home when they came.",
    "Thanks for your patience. I looked into it: the payment with card {card} was received on the "
    "third, and the parcel left the warehouse on the next morning. Is there anything else?",
    "Guten Tag, hier ist Frau {name}. Meine IBAN ist {iban}, bitte überweisen Sie den Betrag. Ich "
    "bin am 17.05.1984 geboren, geb. 17.05.1984, und tagsüber unter {phone} zu erreichen.",
    "[2026-05-17 10:12:44] INFO request from {ip} user={user} status=200 duration=14ms path=/v1",
    "Bonjour, je m'appelle {name}. Pouvez-vous changer mon adresse ? J'habite maintenant au 3 rue "
    "de la Paix, et mon courriel reste {mail}. Merci beaucoup pour votre aide.",
    "Could you summarize the following paragraph in two sentences? The committee met in the spring "
    "and agreed that the plan was sound, although some of the members had doubts about its cost.",
    "Buenos días, me llamo {name}, mi teléfono es {phone} y quiero saber cuándo llega mi pedido.",
)
_NAMES = ("Anna Weber", "Luc Petit", "Inés Romero", "Tom Baker", "Jürgen Groß", "Zoé Martin")
_CARDS = ("4111 1111 1111 1111", "5500-0055-5555-5559", "378282246310005")
_IBANS = ("DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "NL91 ABNA 0417 1643 00")


def documents(count: int = 400) -> list[str]:
    """Made-up chat of about 500 characters with a value every 60: a worst case."""
    return [" ".join(_turn(3 * index + turn) for turn in range(3)) for index in range(count)]


def chat(count: int = 400) -> list[str]:
    """Made-up chat of about 550 characters with a value every 190, as in a busy support desk."""
    return [" ".join([_TURNS[5], _turn(index), _TURNS[5]]) for index in range(count)]


def _turn(index: int) -> str:
    name = _NAMES[index % len(_NAMES)]
    handle = name.lower().replace(" ", ".").encode("ascii", "ignore").decode()
    return _TURNS[index % len(_TURNS)].format(
        name=name,
        mail=f"{handle}{index}@mail{index % 7}.example.com",
        phone=f"+49 30 {1_000_000 + index * 37}",
        card=_CARDS[index % len(_CARDS)],
        iban=_IBANS[index % len(_IBANS)],
        ip=f"203.0.{index % 113}.{index % 251}",
        user=handle,
    )


def plain(count: int = 400) -> list[str]:
    """The same amount of prose without any value."""
    return [" ".join([_TURNS[5]] * 3) for _ in range(count)]


def speed(work: Callable[[list[str]], object], texts: list[str], rounds: int = _ROUNDS) -> float:
    """MB of UTF-8 per CPU second, best of `rounds`."""
    size = sum(len(text.encode()) for text in texts)
    least = min(_timed(work, texts) for _ in range(rounds))
    return size / 1e6 / least


def _timed(work: Callable[[list[str]], object], texts: list[str]) -> float:
    start = time.process_time()
    work(texts)
    return time.process_time() - start


def rows() -> list[dict[str, object]]:
    """One row per figure: name, value, bar (None if there is none), holds, command."""
    return list(_rows())


def _rows() -> Iterator[dict[str, object]]:
    fast, slow = PatternDetector(), PatternDetector(engine=ReEngine(RULES))
    dense, prose = documents(), plain()
    same = all(sorted(fast.find(t)) == sorted(slow.find(t)) for t in dense[:60])
    yield _row("scan: spans of re2 equal those of re", float(same), 1.0)
    quick = speed(lambda texts: [fast.find(t) for t in texts], dense)
    reference = speed(lambda texts: [slow.find(t) for t in texts], dense[:60], rounds=2)
    yield _row("scan: re2, a value every 60 characters, MB/s", quick, None)
    yield _row("scan: re, a value every 60 characters, MB/s", reference, None)
    yield _row("scan: re2 / re", quick / reference, 1.0)
    usual = chat()
    yield _row(
        "scan: re2, a value every 190 characters, MB/s",
        speed(lambda texts: [fast.find(t) for t in texts], usual),
        None,
    )
    yield _row("scan: re2, prose, MB/s", speed(lambda x: [fast.find(t) for t in x], prose), None)
    finder = Finder([fast, HealthTermsDetector()], digest=lambda data: data[:16])
    whole = speed(lambda texts: [finder.find(t, remember=False) for t in texts], usual)
    yield _row(
        "scan: finder with all built-in detectors, CPU us per KB of chat", 1000 / whole, None
    )


def _row(name: str, value: float, bar: float | None) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 3),
        "bar": bar,
        "holds": bar is None or value >= bar,
        "command": _COMMAND,
    }


def main() -> None:
    for row in rows():
        bar = "" if row["bar"] is None else f"  (bar {row['bar']}, {row['holds']})"
        print(f"{row['name']:<64} {row['value']:>10}{bar}")


if __name__ == "__main__":
    main()
