"""The upstream client against a real server: what leaves, what comes back, how it fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web
from gateway.providers.upstream import (
    KEY,
    SSE,
    asked,
    chunk,
    collect,
    contents,
    minimized,
    provider,
    serving,
)

from louver.core.errors import Invalid, UpstreamFailed
from louver.core.exchanges import Operation, Reply
from louver.core.policy import Destination, Location
from louver.core.sensitive import Sensitive
from louver.gateway.providers.openai_compatible import OpenAICompatible


def test_only_our_headers_and_the_body_leave() -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    async def route(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen.append((request.path, headers, await request.read()))
        return web.json_response({"object": "chat.completion", "choices": []})

    async def run() -> None:
        async with serving(route) as url:
            client = provider(url)
            replies, failure = await collect(client, minimized(stream=False, body=b'{"a":1}'))
            assert failure is None
            assert [dict(reply.event) for reply in replies] == [
                {"object": "chat.completion", "choices": []}
            ]
            await collect(client, minimized(stream=False, no_store=True))
            embeddings = replace(minimized(stream=False), operation=Operation.EMBEDDINGS)
            await collect(client, embeddings)
            await client.close()

    asyncio.run(run())
    (path, headers, body), (_, second, _), (embedding, _, _) = seen
    assert embedding == "/v1/embeddings"
    assert path == "/v1/chat/completions"
    assert body == b'{"a":1}'
    assert headers.keys() == {
        "host", "accept", "accept-encoding", "authorization", "content-length", "content-type",
        "user-agent",
    }  # fmt: skip
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"] == "louver"
    assert second["x-no-store"] == "1"


def test_a_stream_cut_at_every_byte_is_the_same_stream() -> None:
    raw = chunk("é🪟") + b": ping\r\n\r\n" + chunk("", "stop") + b"data: [DONE]\n\n"

    async def route(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=SSE)
        await response.prepare(request)
        for i in range(len(raw)):
            await response.write(raw[i : i + 1])
            await asyncio.sleep(0)
        return response

    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with serving(route) as url:
            return await asked(url)

    replies, failure = asyncio.run(run())
    assert failure is None
    assert contents(replies) == ["é🪟", ""]


def test_events_arrive_while_the_stream_still_runs() -> None:
    async def run() -> None:
        release = asyncio.Event()

        async def route(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers=SSE)
            await response.prepare(request)
            await response.write(chunk("first"))
            await release.wait()
            await response.write(chunk("second") + b"data: [DONE]\n\n")
            return response

        async with serving(route) as url:
            client = provider(url)
            answer = client.ask(minimized())
            assert contents([await anext(answer)]) == ["first"]
            release.set()
            assert contents([reply async for reply in answer]) == ["second"]
            await client.close()

    asyncio.run(run())


def test_one_connection_serves_many_streams() -> None:
    ports: set[object] = set()

    async def route(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername")[1])
        response = web.StreamResponse(headers=SSE)
        await response.prepare(request)
        await response.write(b"data: [DONE]\n\n")
        await asyncio.sleep(0.02)
        return response

    async def run() -> None:
        async with serving(route) as url:
            client = provider(url)
            for _ in range(3):
                assert await collect(client, minimized()) == ([], None)
                await asyncio.sleep(0.1)
            await client.close()

    asyncio.run(run())
    assert len(ports) == 1


@pytest.mark.parametrize("how", ["aclose", "cancel"])
def test_leaving_closes_the_connection_at_once(how: str) -> None:
    async def run() -> float:
        gone = asyncio.Event()

        async def route(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers=SSE)
            await response.prepare(request)
            await response.write(chunk("first"))
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                gone.set()
                raise
            return response

        async with serving(route) as url:
            client = provider(url, timeout=30)
            answer = client.ask(minimized())
            await anext(answer)
            loop = asyncio.get_running_loop()
            if how == "aclose":
                left = loop.time()
                await answer.aclose()
            else:
                reading = asyncio.ensure_future(anext(answer))
                await asyncio.sleep(0.05)
                left = loop.time()
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading
            await asyncio.wait_for(gone.wait(), 2)
            seconds = loop.time() - left
            await client.close()
            return seconds

    assert asyncio.run(run()) < 1


def test_the_client_can_be_closed_twice_and_asked_again() -> None:
    async def route(_: web.Request) -> web.Response:
        return web.json_response({"choices": []})

    async def run() -> None:
        async with serving(route) as url:
            client = provider(url)
            await client.close()
            for _ in range(2):
                assert (await collect(client, minimized(stream=False)))[1] is None
                await client.close()
            await client.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        "",
        "ftp://example.com",
        "example.com/v1",
        "https://",
        "http://[::1/v1",
        "https://user:hunter2@example.com/v1",
        "http://models.example.com/v1",
    ],
)
def test_a_base_url_that_is_not_safe_is_refused(base_url: str | None) -> None:
    place = Destination("d", "openai", Location.REMOTE, "Example", "m", base_url=base_url)
    with pytest.raises(Invalid) as caught:
        OpenAICompatible(place, key=None)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "a\r\nX-Other: 1", "ключ", "two words"])
def test_a_key_that_is_not_safe_is_refused(key: str) -> None:
    place = Destination("d", "openai", Location.LOCAL, "x", "m", base_url="http://10.0.0.7/v1")
    with pytest.raises(Invalid) as caught:
        OpenAICompatible(place, key=Sensitive(key))
    assert not key or key not in str(caught.value)
