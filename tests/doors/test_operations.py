"""`/readyz` and `/metrics` over HTTP: what they say, to whom, and what they never say."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from doors.http.fake import FakeServices
from support.clocks import Hands
from support.houses import Watched, running
from support.http import Got, chat, post
from support.models import Echo
from support.visits import answered

from louver.core.sensitive import Sensitive
from louver.doors.http.app import Gateway
from louver.doors.http.server import serve_in_thread
from louver.doors.operations import Operations, Scraped
from louver.doors.telemetry.metrics import Metrics
from louver.doors.telemetry.told import told
from louver.gateway.breaker import State
from louver.gateway.readiness import Readiness
from louver.gateway.visit import Visit


def get(base_url: str, path: str, **headers: str) -> Got:
    request = urllib.request.Request(base_url.removesuffix("/v1") + path, headers=headers)
    try:
        with urllib.request.urlopen(request) as response:
            return Got(response.status, response.read(), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, error.read(), dict(error.headers))


def readiness(watched: Watched) -> tuple[int, dict[str, object]]:
    got = get(watched.base_url, "/readyz")
    body: dict[str, object] = json.loads(got.body)
    return got.status, body


def test_a_gateway_is_ready_without_a_key_and_names_nobody(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        status, body = readiness(watched)
        assert status == 200
        assert body == {"status": "ready", "reasons": [], "upstreams": {"closed": 2}}


def test_it_is_not_ready_while_another_policy_is_in_force(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        watched.house.store.activate_policy("another", b"{}").result()
        assert readiness(watched)[1]["reasons"] == ["policy_changed"]
        watched.house.put_in_force()
        assert readiness(watched)[0] == 200


def test_it_is_not_ready_once_it_is_about_to_end_and_still_answers(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        watched.house.reception.drain()
        status, body = readiness(watched)
        assert (status, body["status"], body["reasons"]) == (503, "unready", ["draining"])
        assert post(watched, chat("hi")).status == 200


def test_it_is_not_ready_without_its_database(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        (tmp_path / "louver.db").rename(tmp_path / "gone.db")
        time.sleep(1.1)  # What it knew is kept for a second.
        status, body = readiness(watched)
        assert (status, body["reasons"]) == (503, ["store_lost"])
        (tmp_path / "gone.db").rename(tmp_path / "louver.db")
        assert readiness(watched)[0] == 200


@dataclass
class Probed:
    looks: int = 0

    async def look(self) -> Readiness:
        self.looks += 1
        await asyncio.sleep(0)
        return Readiness(("store_lost",), {"open": 1})


@dataclass
class Served:
    base_url: str
    seen: list[Visit] = field(default_factory=list)


@pytest.fixture
def served() -> Iterator[Served]:
    metrics, seen = Metrics(tenants=False), list[Visit]()
    metrics(answered())
    scraped = Scraped(metrics, Sensitive("right"), lambda: (3, {"home": State.CLOSED}))
    operations = Operations(Probed(), Hands(), (metrics, seen.append), scraped)
    with serve_in_thread(Gateway(FakeServices(), operations=operations)) as base_url:
        yield Served(base_url, seen)


@pytest.mark.parametrize("shown", ["", "Bearer wrong", "Bearer lv_test", "Basic right", "right"])
def test_metrics_need_their_own_token(served: Served, shown: str) -> None:
    headers = {"Authorization": shown} if shown else {}
    got = get(served.base_url, "/metrics", **headers)
    assert (got.status, got.error["code"]) == (401, "invalid_api_key")
    assert b"louver_" not in got.body


def test_metrics_are_plain_text_for_who_shows_it(served: Served) -> None:
    got = get(served.base_url, "/metrics", Authorization="Bearer right")
    assert got.status == 200
    assert got.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"louver_requests_under_way 3\n" in got.body
    assert b'destination="cloud"' in got.body


def test_without_a_token_in_the_settings_there_are_no_metrics() -> None:
    operations = Operations(Probed(), Hands())
    with serve_in_thread(Gateway(FakeServices(), operations=operations)) as base_url:
        assert get(base_url, "/metrics").status == 404
        assert get(base_url, "/readyz").status == 503


def test_what_never_reached_the_line_is_noted_by_a_name_of_ours(served: Served) -> None:
    for path in ("/v1/models", "/nosuch/alice", "/v1/models/alice", "/healthz", "/readyz"):
        get(served.base_url, path, Authorization="Bearer lv_test")
    asked = urllib.request.Request(f"{served.base_url}/chat/completions", method="GET")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(asked)
    caught.value.close()
    noted = [(told(visit).path, told(visit).status) for visit in served.seen]
    assert noted == [
        ("/v1/models", 200),
        ("other", 404),
        ("/v1/models/{model}", 404),
        ("/v1/chat/completions", 405),
    ]


def test_each_request_is_noted_once(tmp_path: Path) -> None:
    seen: list[Visit] = []
    with running(tmp_path, providers={"home": Echo()}, watch=(seen.append,)) as watched:
        post(watched, chat("hi"))
        post(watched, b"{")
        post(watched, b"x", Content_Type="text/plain")
        post(watched, chat("hi"), Authorization="Bearer nobody")
        stream = watched.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        assert list(stream)
    noted = [(told(visit).path, told(visit).status) for visit in seen]
    path = "/v1/chat/completions"
    assert noted == [(path, 200), (path, 400), (path, 415), (path, 401), (path, 200)]
