"""A real server on 127.0.0.1 for the tests of the upstream client, and a way to ask it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Minimized, Reply
from louver.core.policy import Destination, Location
from louver.core.sensitive import Sensitive
from louver.gateway.providers.openai_compatible import OpenAICompatible
from louver.gateway.providers.transport import Limits

KEY = "key-that-is-ours"
LIMITS = Limits(connect_seconds=2, total_seconds=5, event_bytes=2_000, answer_bytes=50_000)
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def minimized(*, stream: bool = True, no_store: bool = False, body: bytes = b"{}") -> Minimized:
    return Minimized("x1", body, stream, no_store, {}, {})


def provider(base_url: str, *, timeout: float = 2, limits: Limits = LIMITS) -> OpenAICompatible:
    place = Destination(
        "test", "openai", Location.REMOTE, "Example", "m", base_url=base_url, timeout=timeout
    )
    return OpenAICompatible(place, key=Sensitive(KEY), limits=limits)


@asynccontextmanager
async def serving(route: Route) -> AsyncIterator[str]:
    """An aiohttp server whose every POST is answered by `route`; yields its base URL."""
    application = web.Application(client_max_size=2**20)
    application.router.add_post("/{path:.*}", route)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A bare TCP (or TLS) server, for what no HTTP server would send."""

    talks: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        await asyncio.gather(*(talk for talk in talks if talk is not None))


def sends(raw: bytes, *, reset: bool = False) -> Talk:
    """Send `raw` and close; with `reset`, by a TCP RST."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if reset:
            writer.transport.abort()

    return talk


async def collect(
    client: OpenAICompatible, request: Minimized
) -> tuple[list[Reply], UpstreamFailed | None]:
    """All replies, and the failure that ended them."""
    replies: list[Reply] = []
    try:
        async for reply in client.ask(request):
            replies.append(reply)  # noqa: PERF401 - what came before the failure counts
    except UpstreamFailed as failure:
        return replies, failure
    return replies, None


async def asked(
    base_url: str, request: Minimized | None = None, *, timeout: float = 2
) -> tuple[list[Reply], UpstreamFailed | None]:
    client = provider(base_url, timeout=timeout)
    try:
        return await collect(client, request or minimized())
    finally:
        await client.close()


SSE = {"Content-Type": "text/event-stream; charset=utf-8"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


def chunk(content: str, finish: str | None = None, index: int = 0) -> bytes:
    choice = {"index": index, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def contents(replies: list[Reply]) -> list[object]:
    events = [json.loads(json.dumps(dict(reply.event))) for reply in replies]
    return [event["choices"][0]["delta"]["content"] for event in events]


def framed(*parts: bytes) -> bytes:
    """An HTTP answer in chunked encoding without its end."""
    return (
        HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    )


def ask_bytes(raw: bytes, *, reset: bool = False) -> tuple[list[Reply], UpstreamFailed | None]:
    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with talking(sends(raw, reset=reset)) as url:
            return await asked(url)

    return asyncio.run(run())


def ask_status(
    status: int, body: bytes, *, stream: bool = True, headers: dict[str, str] | None = None
) -> tuple[list[Reply], UpstreamFailed | None]:
    async def route(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers=headers)

    async def run() -> tuple[list[Reply], UpstreamFailed | None]:
        async with serving(route) as url:
            return await asked(url, minimized(stream=stream))

    return asyncio.run(run())


def code(ended: tuple[list[Reply], UpstreamFailed | None]) -> str:
    assert ended[1] is not None
    assert ended[1].__context__ is None
    assert ended[1].__cause__ is None
    return ended[1].code
