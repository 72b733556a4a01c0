"""Whoever is let in is seen off: limits, halts, a new policy and the end, in mid-answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import openai
import pytest
from openai.types.chat import ChatCompletionChunk
from support.clocks import Hands, Loaded
from support.houses import Watched, running, settings
from support.http import chat, post
from support.models import Echo, Scripted, chunk, whole

from louver.core.errors import Draining, Invalid, UpstreamFailed
from louver.core.exchanges import Minimized, Outcome, Reply
from louver.core.halts import Halt, HaltKind, Halts
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.doors.settings.values import Settings, Term
from louver.gateway.line import Incoming, Line, Outgoing
from louver.gateway.providers.interface import ReadsHubForm
from louver.gateway.quotas import Quotas
from louver.gateway.reception import Desk, Reception
from louver.gateway.upstreams import Upstream, UpstreamRule
from louver.gateway.visit import Visit
from louver.house import build

HELLO: list[Any] = [{"role": "user", "content": "Hello."}]


@dataclass
class Held(ReadsHubForm):
    """Says one word, then waits until it is let go; a whole answer waits too."""

    go: threading.Event = field(default_factory=threading.Event)
    asked: int = 0
    ended: int = 0
    closed: int = 0

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        self.asked += 1
        try:
            if request.stream:
                yield Reply(chunk({"content": "one "}))
            while not self.go.is_set():
                await asyncio.sleep(0.005)
            if request.stream:
                yield Reply(chunk({"content": "two"}))
                yield Reply(chunk({}, finish="stop"))
            else:
                yield Reply(whole({"content": "one two"}))
        finally:
            self.ended += 1

    async def close(self) -> None:
        self.closed += 1


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def text(stream: openai.Stream[ChatCompletionChunk]) -> str:
    return "".join(e.choices[0].delta.content or "" for e in stream if e.choices)


def begin(watched: Watched, **more: Any) -> openai.Stream[ChatCompletionChunk]:
    """A stream whose first word has come."""
    stream: openai.Stream[ChatCompletionChunk] = watched.client().chat.completions.create(
        model="home", messages=HELLO, stream=True, **more
    )
    assert next(stream).choices[0].delta.content == "one "
    return stream


def outcomes(watched: Watched) -> list[str]:
    entries = watched.house.store.entries()
    return [str(e.event["outcome"]) for e in entries if e.kind == "answered"]


# Limits


def test_a_stream_holds_its_place_until_it_ends(tmp_path: Path) -> None:
    held = Held()
    with running(tmp_path, providers={"home": held}, more="limits: {concurrent: 1}") as watched:
        stream = begin(watched)
        got = post(watched, chat("hi"))
        assert (got.status, got.error["code"]) == (429, "rate_limit_exceeded")
        assert (got.error["type"], got.headers["retry-after"]) == ("rate_limit_error", "1")
        assert got.headers["x-should-retry"] == "true"
        held.go.set()
        assert text(stream) == "two"
        assert post(watched, chat("hi")).status == 200
        assert held.asked == 2


def test_a_client_that_leaves_gives_its_place_back(tmp_path: Path) -> None:
    held = Held()
    with running(tmp_path, providers={"home": held}, more="limits: {concurrent: 1}") as watched:
        begin(watched).close()
        until(lambda: watched.house.reception.under_way == 0)
        assert outcomes(watched) == ["client_left"]
        begin(watched).close()
        until(lambda: watched.house.reception.under_way == 0)


@pytest.mark.parametrize(
    "request_",
    [b"{", chat("hi", model="nosuch"), chat("hi", logprobs=True), chat("hi")],
    ids=["not json", "no such model", "never supported", "upstream fails"],
)
def test_every_failure_gives_the_place_back(tmp_path: Path, request_: bytes) -> None:
    failing = Scripted(lambda _: [UpstreamFailed("no")])
    more = "limits: {concurrent: 1}"
    with running(tmp_path, providers={"home": failing}, more=more) as watched:
        statuses = {post(watched, request_).status for _ in range(3)}
        assert len(statuses) == 1
        assert 429 not in statuses
        assert watched.house.reception.under_way == 0


def test_each_key_has_limits_of_its_own_and_the_sdk_waits_for_them(tmp_path: Path) -> None:
    more = "limits: {requests_per_minute: 120}\n"
    more += "tenants: {clinic: {limits: {requests_per_minute: 2}}}"
    with running(tmp_path, providers={"home": Echo()}, more=more) as watched:
        first, second = (
            watched.house.store.create_key("clinic", "desk").result().reveal() for _ in range(2)
        )
        client = watched.client().with_options(api_key=first)
        for _ in range(2):
            client.chat.completions.create(model="home", messages=HELLO)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="home", messages=HELLO)
        assert caught.value.code == "rate_limit_exceeded"
        assert caught.value.response.headers["retry-after"] == "30"
        client.with_options(api_key=second).chat.completions.create(model="home", messages=HELLO)
        watched.client().chat.completions.create(model="home", messages=HELLO)
        sent = [e for e in watched.house.store.entries() if e.kind == "sent"]
        assert len(sent) == 4  # what is refused for its limit is not even recorded


def test_tokens_are_counted_as_told_and_end_the_budget(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50}
    telling = Scripted(lambda _: [{**whole({"content": "ok"}), "usage": usage}])
    more = "limits: {tokens_per_day: 100}"
    with running(tmp_path, providers={"home": telling}, more=more) as watched:
        for _ in range(2):
            assert post(watched, chat("hi")).status == 200
        got = post(watched, chat("hi"))
        assert (got.status, got.error["code"]) == (429, "budget_exhausted")
        assert got.headers["x-should-retry"] == "false"
        assert 0 < int(got.headers["retry-after"]) <= 86_400
        answered = [e.event for e in watched.house.store.entries() if e.kind == "answered"]
        assert [(e["tokens_in"], e["tokens_out"]) for e in answered] == [(30, 20)] * 2
        assert answered[0]["key"] == watched.house.store.list_keys()[0].id


def test_tokens_that_nobody_tells_are_estimated(tmp_path: Path) -> None:
    visits: list[Visit] = []
    with running(tmp_path, providers={"home": Echo()}, watch=(visits.append,)) as watched:
        stream = watched.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": "x" * 400}], stream=True
        )
        text(stream)
        until(lambda: len(visits) == 1)
    tokens = visits[0].tokens
    assert tokens.estimated
    assert tokens.out == 100
    assert 100 < tokens.into < 200


# Halts


@pytest.mark.parametrize(
    ("halt", "param"),
    [
        (Halt(HaltKind.ROUTE, "home"), "model"),
        (Halt(HaltKind.TENANT, "default"), None),
        (Halt(HaltKind.MODEL, "home"), None),
        (Halt(HaltKind.TOOL, "send_mail"), "tools[1]"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Halt) else "",
)
def test_what_is_halted_is_not_asked(tmp_path: Path, halt: Halt, param: str | None) -> None:
    tools = [{"type": "function", "function": {"name": n}} for n in ("search", "send_mail")]
    with running(tmp_path, providers={"home": Echo()}) as watched:
        watched.house.store.halt(halt, "test").result()
        got = post(watched, chat("hi", tools=tools))
        assert (got.status, got.error["code"]) == (503, "halted")
        assert got.error["param"] == param
        assert got.headers["x-should-retry"] == "false"
        assert "retry-after" not in got.headers
        assert watched.left == []
        watched.house.store.resume(halt).result()
        assert post(watched, chat("hi", tools=tools)).status == 200


@pytest.mark.parametrize(
    "halt",
    [
        Halt(HaltKind.ROUTE, "home"),
        Halt(HaltKind.TENANT, "default"),
        Halt(HaltKind.MODEL, "home"),
        Halt(HaltKind.TOOL, "send_mail"),
    ],
    ids=lambda halt: halt.kind.value,
)
def test_the_commit_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, halt: Halt
) -> None:
    """A halt of another process that this one has not heard of yet: nothing leaves all the same."""
    tools = [{"type": "function", "function": {"name": "send_mail"}}]
    with running(tmp_path, providers={"home": Echo()}) as watched:
        store = watched.house.store
        monkeypatch.setattr(store, "halts", Halts)
        store.halt(halt, "test").result()
        got = post(watched, chat("hi", tools=tools))
        assert (got.status, got.error["code"]) == (503, "halted")
        assert watched.left == []
        assert [e.kind for e in store.entries() if e.kind == "sent"] == []


def test_a_halted_model_leaves_room_for_the_next_one(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo(), "cloud": Echo()}) as watched:
        watched.house.store.halt(Halt(HaltKind.MODEL, "home"), "test").result()
        refused = post(watched, chat("hi", model="louver"))
        assert (refused.status, refused.error["code"]) == (503, "halted")


@pytest.mark.parametrize(
    "halt",
    [Halt(HaltKind.ROUTE, "home"), Halt(HaltKind.TENANT, "default"), Halt(HaltKind.MODEL, "home")],
    ids=lambda halt: halt.kind.value,
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_is_under_way_ends_within_a_second(tmp_path: Path, halt: Halt, stream: bool) -> None:
    held = Held()
    with running(tmp_path, providers={"home": held}) as watched:
        failures: list[openai.APIError] = []

        def ask() -> None:
            try:
                if stream:
                    with begin(watched) as answer:
                        text(answer)
                else:
                    watched.client().chat.completions.create(model="home", messages=HELLO)
            except openai.APIError as error:
                failures.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: held.asked == 1)
        time.sleep(0.05)
        watched.house.store.halt(halt, "test").result()
        started = time.monotonic()
        thread.join(10)
        assert time.monotonic() - started < 1.0
        assert [error.code for error in failures] == ["halted"]
        assert held.ended == 1  # the model's server is not left to talk to nobody
        assert outcomes(watched) == ["halted"]


def test_a_halt_of_something_else_ends_nothing(tmp_path: Path) -> None:
    held = Held()
    with running(tmp_path, providers={"home": held}) as watched:
        stream = begin(watched)
        watched.house.store.halt(Halt(HaltKind.TOOL, "send_mail"), "test").result()
        watched.house.store.halt(Halt(HaltKind.MODEL, "cloud"), "test").result()
        time.sleep(0.6)
        held.go.set()
        assert text(stream) == "two"


# A new policy


def turn(watched: Watched, new: Settings) -> None:
    """As SIGHUP does it."""
    house = watched.house
    watched.on_its_loop(house.reception.turn(lambda: house.refurnish(new)))


def test_a_stream_goes_on_by_the_policy_that_it_began_with(tmp_path: Path) -> None:
    held = Held()
    with running(tmp_path, providers={"home": held}) as watched:
        before = watched.house.policy.digest
        stream = begin(watched)
        turn(watched, settings(tmp_path, categories="{contact.email: refuse}"))
        after = watched.house.policy.digest
        assert before != after
        assert post(watched, chat("Mail alice@example.com")).error["code"] == "refused_category"
        held.go.set()
        assert text(stream) == "two"
        assert post(watched, chat("hi")).status == 200
        sent = [e.event["policy"] for e in watched.house.store.entries() if e.kind == "sent"]
        assert sent == [before, after]
        assert outcomes(watched) == ["answered", "answered"]


def test_requests_in_the_middle_of_a_change_are_answered_by_one_policy(tmp_path: Path) -> None:
    """Many clients while the policy changes back and forth: each is answered, none gets a 503."""
    with running(tmp_path, providers={"home": Echo()}) as watched:
        stop = threading.Event()
        statuses: list[int] = []

        def ask() -> None:
            while not stop.is_set():
                statuses.append(post(watched, chat("Hello there.")).status)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(12):
            action = ("keep", "replace")[number % 2]
            turn(watched, settings(tmp_path, categories=f"{{contact.email: {action}}}"))
        stop.set()
        for thread in threads:
            thread.join()
        assert len(statuses) > 12
        assert set(statuses) == {200}


def test_new_detectors_find_in_what_comes_next(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        post(watched, chat("Ask Dora Quill about it."))
        assert b"Dora" in watched.left[-1][1]
        old = settings(tmp_path)
        terms = (*old.detectors.dictionary, Term(Sensitive("Dora Quill"), "person.name"))
        turn(watched, replace(old, detectors=replace(old.detectors, dictionary=terms)))
        post(watched, chat("Ask Dora Quill about it."))
        assert b"Dora" not in watched.left[-1][1]


def test_settings_that_cannot_be_made_change_nothing(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        before = watched.house.policy

        def make() -> Desk:
            raise Invalid("no such plugin")

        with pytest.raises(Invalid):
            watched.on_its_loop(watched.house.reception.turn(make))
        assert watched.house.policy is before
        assert post(watched, chat("hi")).status == 200
        turn(watched, settings(tmp_path, categories="{contact.email: keep}"))
        assert watched.house.policy is not before
        assert post(watched, chat("hi")).status == 200


def test_a_house_puts_nothing_in_force_that_it_cannot_make(tmp_path: Path) -> None:
    good = settings(tmp_path)
    policy = good.policy
    home = replace(policy.destinations["home"], kind="nosuch")
    odd = replace(policy, digest="other", destinations={**policy.destinations, "home": home})
    with build(good) as house:
        with pytest.raises(Invalid, match="no plugin 'nosuch'"):
            house.refurnish(replace(good, policy=odd))
        active = house.store.active_policy()
        assert active is not None
        assert active.digest == policy.digest
        assert house.policy is policy


def test_what_did_not_change_is_used_again(tmp_path: Path) -> None:
    """Connections, breakers and what was found stay; only what differs is made anew."""
    old = settings(tmp_path)
    cloud = replace(old.policy.destinations["cloud"], timeout=7.0)
    policy = replace(
        old.policy, digest="b", destinations={**old.policy.destinations, "cloud": cloud}
    )
    with build(old) as house:
        before, finder = house.line.upstreams, house.finder
        house.refurnish(replace(old, policy=policy))
        after = house.line.upstreams
        assert after["home"] is before["home"]
        assert after["cloud"] is not before["cloud"]
        assert house.finder is finder


@dataclass
class Closing:
    """A line whose destinations note that they are closed."""

    names: tuple[str, ...]
    shared: dict[str, Upstream]

    @property
    def upstreams(self) -> dict[str, Upstream]:
        return {name: self.shared[name] for name in self.names}

    def authenticate(self, _: object) -> Caller:
        return Caller("t", "a", "k")

    async def answer(self, *_: object) -> Outgoing:
        return Outgoing((), True, Echoing())

    async def close(self) -> None:
        for upstream in self.upstreams.values():
            await upstream.close()


class Echoing:
    """A body without end."""

    def __aiter__(self) -> Echoing:
        return self

    async def __anext__(self) -> bytes:
        return b"x"

    async def aclose(self) -> None:
        return


def test_a_line_is_closed_after_its_last_answer_but_for_what_others_use() -> None:
    providers = {name: Held() for name in ("old", "both", "new")}
    rule, clock = UpstreamRule(), Hands()
    shared = {n: Upstream(p, rule, clock, Loaded()) for n, p in providers.items()}

    def desk(*names: str) -> Desk:
        return Desk(cast("Line", Closing(names, shared)))

    async def play() -> list[tuple[int, int, int]]:
        seen = []

        def look() -> None:
            seen.append(
                (providers["old"].closed, providers["both"].closed, providers["new"].closed)
            )

        quotas = Quotas(clock, lambda _: 0)
        reception = Reception(desk("old", "both"), quotas, Halts, clock)
        first = await reception.answer(Incoming(None, {}, Sensitive(b"")))
        second = await reception.answer(Incoming(None, {}, Sensitive(b"")))
        await reception.turn(lambda: desk("both", "new"))
        look()  # two answers are under way on the old line
        await first.body.aclose()
        await first.body.aclose()
        look()
        await second.body.aclose()
        await asyncio.sleep(0)
        look()  # it is closed, but for what the new line uses
        await reception.close()
        look()
        return seen

    assert asyncio.run(play()) == [(0, 0, 0), (0, 0, 0), (1, 0, 0), (1, 1, 1)]


# The end


def test_what_is_left_at_the_end_is_told_and_recorded(tmp_path: Path) -> None:
    held = Held()
    with running(tmp_path, providers={"home": held}) as watched:
        stream = begin(watched)
        watched.house.reception.drain()
        begin(watched).close()  # as before, until the port is closed

        async def end() -> None:
            watched.house.reception.end_all()

        watched.on_its_loop(end())
        with stream, pytest.raises(openai.APIError) as caught:
            text(stream)
        assert caught.value.code == "draining"
        assert held.ended == 2
        until(lambda: len(outcomes(watched)) == 2)
        assert sorted(outcomes(watched)) == ["client_left", "drained"]


def test_a_request_that_is_stopped_before_it_is_asked_is_not_asked(tmp_path: Path) -> None:
    """Between its record and its first byte: it ends, and nothing leaves."""
    held = Held()
    with running(tmp_path, providers={"home": held}) as watched:
        line, reception = watched.house.line, watched.house.reception
        visits: list[Visit] = []
        answer = line.answer

        async def stopped(incoming: Incoming, caller: Caller, visit: Visit) -> Outgoing:
            visit.stop.pull(Draining("the end"))
            visits.append(visit)
            return await answer(incoming, caller, visit)

        line.answer = stopped  # type: ignore[method-assign, assignment]  # the line's own seam
        got = post(watched, chat("hi"))
        assert (got.status, got.error["code"]) == (503, "draining")
        assert held.asked == 0
        assert visits[0].outcome is Outcome.DRAINED
        assert reception.under_way == 0
