"""Operating a gateway: ending, reloading, halting, limiting, and what leaves it thereby.

Each test is about `louver serve` as a process; commands run in processes of their own.
"""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionChunk
from support import canaries
from support.models import Echo, chunk, whole
from support.processes import Served, louver, serving, until
from support.upstream import Plain

from louver.core.categories import TAXONOMY
from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Minimized, Reply
from louver.doors.http.app import Gateway
from louver.doors.http.server import serve_in_thread
from louver.doors.settings.load import load
from louver.gateway.providers.interface import Provider, ReadsHubForm
from louver.house import opened_store

SETTINGS = """
version: 1
server: {{port: 0, drain: {drain}, drain_delay: {delay}}}
store: {{url: "sqlite:///louver.db", key_file: louver.key}}
categories: {categories}
{more}
destinations:
  home: {{kind: openai, location: local, base_url: "{upstream}"}}
  spare: {{kind: practice, location: local}}
models: {{louver: [home, spare], home: [home]}}
"""
HELLO: list[Any] = [{"role": "user", "content": "Hello."}]
Stream = openai.Stream[ChatCompletionChunk]


@dataclass
class Held(ReadsHubForm):
    """Says one word, then waits until it is let go."""

    go: threading.Event = field(default_factory=threading.Event)
    ended: int = 0

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        try:
            if not request.stream:
                yield Reply(whole({"content": "whole"}))
                return
            yield Reply(chunk({"content": "one "}))
            while not self.go.is_set():
                await asyncio.sleep(0.01)
            yield Reply(chunk({"content": "two"}))
            yield Reply(chunk({}, finish="stop"))
        finally:
            self.ended += 1

    async def close(self) -> None:
        return


@dataclass
class House:
    """An installation in a folder, with a model's server of ours in front of which it stands."""

    config: Path
    upstream: str
    plain: Plain
    key: str = ""

    def write(self, **changes: str) -> None:
        filled = {
            "drain": "20s", "delay": "0s", "categories": "{}", "more": "",
            "upstream": self.upstream, **changes,
        }  # fmt: skip
        self.config.write_text(SETTINGS.format(**filled), encoding="utf-8")

    def entries(self, kind: str) -> list[dict[str, Any]]:
        with opened_store(load(self.config)) as store:
            return [dict(e.event) for e in store.entries(limit=10_000) if e.kind == kind]


@contextmanager
def house(folder: Path, model: Provider, **changes: str) -> Iterator[House]:
    plain = Plain(model)
    with serve_in_thread(Gateway(plain)) as upstream:
        made = House(folder / "louver.yaml", upstream, plain)
        made.write(**changes)
        made.key = louver(made.config, "keys", "create")["key"]
        yield made


def begin(served: Served) -> Stream:
    """A stream whose first word has come."""
    stream: Stream = served.client().chat.completions.create(
        model="home", messages=HELLO, stream=True
    )
    assert next(stream).choices[0].delta.content == "one "
    return stream


def text(stream: Stream) -> str:
    return "".join(e.choices[0].delta.content or "" for e in stream if e.choices)


def ask(served: Served, content: str = "Hello.", model: str = "home") -> str:
    answer = served.client().chat.completions.create(
        model=model, messages=[{"role": "user", "content": content}]
    )
    return answer.choices[0].message.content or ""


def ready(served: Served) -> tuple[int, dict[str, Any]]:
    url = served.base_url.removesuffix("/v1") + "/readyz"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def refuses_connections(served: Served) -> bool:
    try:
        ready(served)
    except OSError:
        return True
    return False


# The end


def test_sigterm_lets_a_stream_finish(tmp_path: Path) -> None:
    held = Held()
    with house(tmp_path, held, delay="1s") as made, serving(made.config, made.key) as served:
        stream = begin(served)
        assert ready(served)[0] == 200
        served.signal(signal.SIGTERM)
        until(lambda: ready(served)[0] == 503)
        assert ready(served)[1]["reasons"] == ["draining"]
        assert ask(served) == "whole"  # the port is still open: nobody is turned away yet
        until(lambda: refuses_connections(served))
        time.sleep(0.3)
        held.go.set()
        assert text(stream) == "two"
        assert served.ended() == 0
        assert [e["outcome"] for e in made.entries("answered")] == ["answered", "answered"]


def test_what_does_not_finish_in_time_is_told_and_recorded(tmp_path: Path) -> None:
    held = Held()
    with house(tmp_path, held, drain="500ms") as made, serving(made.config, made.key) as served:
        with begin(served) as stream:
            started = time.monotonic()
            served.signal(signal.SIGTERM)
            with pytest.raises(openai.APIError) as caught:
                text(stream)
        assert caught.value.code == "draining"
        assert served.ended() == 0
        assert 0.4 < time.monotonic() - started < 5
        assert [e["outcome"] for e in made.entries("answered")] == ["drained"]
        assert [line["code"] for line in served.log if "code" in line] == ["draining"]
        assert [line for line in served.log if line["level"] == "error"] == []
        until(lambda: held.ended == 1)


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    with house(tmp_path, Held()) as made, serving(made.config, made.key) as served:
        with begin(served) as stream:
            served.signal(signal.SIGTERM)
            until(lambda: refuses_connections(served))
            assert served.process.poll() is None
            started = time.monotonic()
            served.signal(signal.SIGTERM)
            assert served.ended(5) == 0
            assert time.monotonic() - started < 3
            with pytest.raises(openai.APIError) as caught:
                text(stream)
        assert caught.value.code == "draining"
        assert [e["outcome"] for e in made.entries("answered")] == ["drained"]
        assert [line for line in served.log if line["level"] == "error"] == []


# A new policy


def test_a_new_policy_takes_force_and_a_stream_goes_on_by_the_old_one(tmp_path: Path) -> None:
    held = Held()
    with house(tmp_path, held) as made, serving(made.config, made.key) as served:
        stream = begin(served)
        made.write(categories="{contact.email: refuse}", more="limits: {requests_per_minute: 1000}")
        served.signal(signal.SIGHUP)
        until(lambda: any(line["event"] == "reloaded" for line in served.log))
        with pytest.raises(openai.PermissionDeniedError) as caught:
            ask(served, "Mail alice@example.com")
        assert caught.value.code == "refused_category"
        assert ask(served) == "whole"
        held.go.set()
        assert text(stream) == "two"
        assert ready(served)[0] == 200
        served.signal(signal.SIGTERM)
        assert served.ended() == 0
        policies = [e["policy"] for e in made.entries("sent")]
        assert len(policies) == 2
        assert len(set(policies)) == 2
        assert policies == [e["digest"] for e in made.entries("policy")]


def test_a_file_that_is_wrong_changes_nothing_and_its_place_is_logged(tmp_path: Path) -> None:
    with house(tmp_path, Held()) as made, serving(made.config, made.key) as served:
        made.write(categories="{contact.emial: refuse}")
        served.signal(signal.SIGHUP)
        until(lambda: any(line["event"] == "reload_refused" for line in served.log))
        (line,) = (line for line in served.log if line["event"] == "reload_refused")
        assert line["place"] == f"{made.config}:5:14"
        assert ask(served, "Mail alice@example.com") == "whole"
        assert ready(served)[0] == 200


# Halts and limits


def test_halted_from_another_process_within_a_second(tmp_path: Path) -> None:
    held = Held()
    with house(tmp_path, held) as made, serving(made.config, made.key) as served:
        halted: list[float] = []

        def read(stream: Stream) -> None:
            with stream, pytest.raises(openai.APIError) as caught:
                text(stream)
            assert caught.value.code == "halted"
            halted.append(time.monotonic())

        thread = threading.Thread(target=read, args=(begin(served),))
        thread.start()
        louver(made.config, "halt", "route", "home", "--because", "incident")
        acknowledged = time.monotonic()
        # From here on nothing leaves on it, in whatever process.
        with pytest.raises(openai.InternalServerError) as caught:
            ask(served)
        assert (caught.value.status_code, caught.value.code) == (503, "halted")
        thread.join(10)
        assert halted
        assert halted[0] - acknowledged < 1.0
        until(lambda: held.ended == 1)
        louver(made.config, "resume", "route", "home")
        until(lambda: _answers(served))
        events = [(e["what"], e["state"], e["because"]) for e in made.entries("halt")]
        assert events == [("route", "halted", "incident"), ("route", "resumed", "resumed")]


def _answers(served: Served) -> bool:
    try:
        return ask(served) == "whole"
    except openai.InternalServerError:
        return False


def test_a_key_over_its_limits_gets_a_rate_limit_error(tmp_path: Path) -> None:
    more = "limits: {requests_per_minute: 3, tokens_per_day: 1000000}"
    with house(tmp_path, Held(), more=more) as made, serving(made.config, made.key) as served:
        for _ in range(3):
            assert ask(served) == "whole"
        with pytest.raises(openai.RateLimitError) as caught:
            ask(served)
        assert caught.value.code == "rate_limit_exceeded"
        assert 0 < int(caught.value.response.headers["retry-after"]) <= 20
        made.write(more="limits: {tokens_per_day: 1}")
        served.signal(signal.SIGHUP)
        until(lambda: any(line["event"] == "reloaded" for line in served.log))
        with pytest.raises(openai.RateLimitError) as caught:
            ask(served)
        assert caught.value.code == "budget_exhausted"


# Failing servers


def test_a_server_that_keeps_failing_is_left_alone_and_the_next_one_asked(tmp_path: Path) -> None:
    with house(tmp_path, Held()) as made:
        made.upstream = "http://127.0.0.1:1/v1"
        made.write()
        with serving(made.config, made.key) as served:
            codes: list[str | None] = []
            while len(codes) < 20:
                try:
                    answer = ask(served, model="louver")
                except openai.APIStatusError as error:
                    codes.append(error.code)
                else:
                    break
            assert set(codes) == {"upstream_unreachable"}
            assert "practice model" in answer  # the spare one, on the same machine
            assert ready(served)[1]["upstreams"] == {"open": 1, "closed": 1}
            with pytest.raises(openai.InternalServerError) as caught:
                ask(served, model="home")
            assert caught.value.code == "upstream_down"
            assert 0 < int(caught.value.response.headers["retry-after"]) <= 15
        sent, answered = made.entries("sent"), made.entries("answered")
        assert len(sent) == len(answered) == len(codes) + 1
        assert sent[-1]["because"][-2:] == ["-local", "+local"]


def test_a_retry_sends_the_same_bytes_under_the_same_record(tmp_path: Path) -> None:
    class Flaky(Echo):
        async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
            first = not self.asked
            async for reply in super().ask(request):
                if first:
                    raise UpstreamFailed("busy", status=503)
                yield reply

    model = Flaky()
    with house(tmp_path, model) as made, serving(made.config, made.key) as served:
        assert ask(served, "Mail alice@example.com") == "Mail alice@example.com"
        assert len(model.asked) == 2
        assert model.asked[0] == model.asked[1]
        assert "alice" not in json.dumps(model.asked)
        assert len(made.entries("sent")) == len(made.entries("answered")) == 1


# What is exported


class Collector(BaseHTTPRequestHandler):
    """Takes whatever is posted."""

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        self.server.taken.append((self.path, self.rfile.read(length)))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def collecting() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    taken: list[tuple[str, bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.taken = taken  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Telling(Echo):
    """Says how many tokens it took, as hosted models do."""

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        async for reply in super().ask(request):
            yield Reply({**reply.event, "usage": {"prompt_tokens": 11, "completion_tokens": 13}})


MANY = "Mail " + ", ".join(f"person{n}@example.com" for n in range(37)) + "."


def test_what_is_exported_and_logged_holds_no_content_and_no_counts(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk")
    with (
        collecting() as (endpoint, taken),
        house(tmp_path, Telling()) as made,
    ):
        made.write(
            more=f"telemetry: {{endpoint: '{endpoint}', interval: 500ms, "
            "metrics_key_variable: METRICS_TOKEN}"
        )
        secret = {"METRICS_TOKEN": "scrape-me"}
        with serving(made.config, made.key, secret) as served:
            trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            client = served.client(**{"X-Louver-Person": "patient-4711", "traceparent": trace})
            for planted in (*canaries.ALL, MANY):
                client.chat.completions.create(
                    model="home",
                    messages=[{"role": "user", "content": f"Note {planted} please."}],
                    user="patient-4711",
                )
            with pytest.raises(openai.NotFoundError):
                client.chat.completions.create(model=canaries.EMAIL, messages=HELLO)
            request = urllib.request.Request(
                served.base_url.removesuffix("/v1") + "/metrics",
                headers={"Authorization": "Bearer scrape-me"},
            )
            with urllib.request.urlopen(request) as response:
                scraped = response.read()
            served.signal(signal.SIGTERM)
            assert served.ended() == 0
        paths = {path for path, _ in taken}
        assert paths == {"/v1/traces", "/v1/metrics"}
        exported = b"\n".join(body for _, body in taken)
        assert b"gen_ai.usage.input_tokens" in exported
        assert b"gen_ai.client.token.usage" in exported
        # The client's trace goes on in ours, and ends here: a model's server could link by it.
        assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") in exported
        assert made.plain.headers == [{}] * 7
        logged = served.stderr.read_bytes()
        assert b"louver.access" in logged
        for output in (exported, logged, scraped):
            for secret_ in (*canaries.ALL, "patient-4711", "person7@", made.key, made.key[3:11]):
                assert secret_.encode() not in output
            for code in TAXONOMY:
                assert code.encode() not in output
        # Nor a number that could be one: 37 addresses were found in one request.
        assert b" 37\n" not in scraped
        assert not any(37 in line.values() for line in served.log if line["event"] == "request")
