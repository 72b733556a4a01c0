"""One HTTP call to a provider: bounded, never redirected, and its failures told without content.

Nothing is ever decompressed: the request asks for `identity`, and an encoded answer is refused,
so a decompression bomb has no fuse. No text of the HTTP library reaches an error message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import TracebackType

import aiohttp
from aiohttp.http import HttpProcessingError
from yarl import URL

from louver.core.errors import UpstreamFailed

_HEADER_BYTES = 16_384
_DRAIN_BYTES = 4_096
_DRAIN_SECONDS = 1.0
_FAILURES = (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may cost: sizes in bytes, times in seconds.

    The longest silence is the destination's own `timeout`; `total_seconds` bounds a slow drip.
    """

    connect_seconds: float = 10.0
    total_seconds: float = 1_800.0
    event_bytes: int = 8 * 1024 * 1024
    answer_bytes: int = 64 * 1024 * 1024
    error_bytes: int = 64 * 1024
    connections: int = 512


class Response:
    """The provider's answer while it arrives."""

    def __init__(self, response: aiohttp.ClientResponse, limits: Limits) -> None:
        self._response = response
        self._limits = limits
        self.status = response.status

    @property
    def headers(self) -> dict[str, str]:
        """Values by lower-case name."""
        return {name.lower(): value for name, value in self._response.headers.items()}

    @property
    def media_type(self) -> str | None:
        """The declared media type without parameters; None where none is declared."""
        declared = self._response.headers.get("Content-Type")
        return None if declared is None else declared.partition(";")[0].strip().lower()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes in. Raises UpstreamFailed for a reset, a stall, or too much."""
        received = 0
        while chunk := await self._some():
            received += len(chunk)
            self._check(received)
            yield chunk

    async def whole(self) -> bytes:
        """The whole body. Raises UpstreamFailed."""
        parts: list[bytes] = []
        received = 0
        while chunk := await self._some():
            received += len(chunk)
            self._check(received)
            parts.append(chunk)
        return b"".join(parts)

    async def beginning(self) -> bytes:
        """The whole body of an error; empty where it is over the limit or breaks off."""
        body = b""
        try:
            while chunk := await self._some():
                body += chunk
                if len(body) > self._limits.error_bytes:
                    return b""
        except UpstreamFailed:
            return b""
        return body

    def _check(self, received: int) -> None:
        if received > self._limits.answer_bytes:
            raise UpstreamFailed(
                "the provider's answer is larger than the limit", code="upstream_too_large"
            )

    async def _some(self) -> bytes:
        failure: UpstreamFailed
        try:
            return await self._response.content.readany()
        except _FAILURES as error:
            failure = translate(error)
        failure.begun = True
        # Raised outside the handler, so that the library's error is not even the context.
        raise failure


class Call:
    """One POST; on leaving early, by error, cancellation or close, the connection is closed."""

    def __init__(self, transport: Transport, body: bytes, headers: Mapping[str, str]) -> None:
        self._transport = transport
        self._body = body
        self._headers = headers
        self._response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> Response:
        """Raises UpstreamFailed where no answer begins."""
        self._response = await self._transport.begin(self._body, self._headers)
        return Response(self._response, self._transport.limits)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        response = self._response
        if response is None:
            return
        if kind is None:
            self._transport.give_back(response)
        elif response.content.at_eof():
            # An error answer was read to its end; anything else is broken off here and now.
            response.release()
        else:
            response.close()


class Transport:
    """Posts JSON over one pool of connections, opened lazily in the running event loop."""

    def __init__(
        self, url: URL, headers: Mapping[str, str], silence: float, limits: Limits
    ) -> None:
        """`silence`: the longest time (s) without a byte."""
        self.limits = limits
        self._url = url
        self._headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "louver",
            **headers,
        }
        self._timeout = aiohttp.ClientTimeout(
            total=limits.total_seconds,
            sock_connect=min(limits.connect_seconds, silence),
            sock_read=silence,
        )
        self._session: aiohttp.ClientSession | None = None
        self._drains: set[asyncio.Task[None]] = set()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Call:
        """A call that sends `body` when it is entered (`async with`)."""
        return Call(self, body, headers)

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        for task in list(self._drains):
            task.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)
        if session is not None:
            await session.close()

    async def begin(self, body: bytes, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Send `body`. Raises UpstreamFailed where no answer begins."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self.limits.connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=_HEADER_BYTES,
                max_field_size=_HEADER_BYTES,
                timeout=self._timeout,
                trust_env=False,
            )
        failure: UpstreamFailed
        try:
            response = await self._session.post(
                self._url, data=body, headers={**self._headers, **headers}, allow_redirects=False
            )
        except (*_FAILURES, ValueError) as error:
            failure = translate(error)
        else:
            if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
                response.close()
                failure = UpstreamFailed(
                    "the provider compressed its answer although it was asked not to",
                    code="upstream_invalid",
                )
            else:
                return response
        raise failure

    def give_back(self, response: aiohttp.ClientResponse) -> None:
        """Give the connection back to the pool once the last bytes, often none, were read.

        In the background: the caller has its whole answer and must not wait for the framing.
        """
        if response.content.at_eof():
            response.release()
            return
        task = asyncio.get_running_loop().create_task(_drain(response))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)


async def _drain(response: aiohttp.ClientResponse) -> None:
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            rest = 0
            while rest <= _DRAIN_BYTES and (chunk := await response.content.readany()):
                rest += len(chunk)
    except _FAILURES:
        pass
    finally:
        if response.content.at_eof():
            response.release()
        else:
            response.close()


def translate(error: Exception) -> UpstreamFailed:
    """What a client may know about a failure of the HTTP library: its kind, never its text."""
    if isinstance(error, TimeoutError):
        return UpstreamFailed(
            "the provider did not answer in time; try again", status=504, code="upstream_timeout"
        )
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL):
        return UpstreamFailed(
            "the provider cannot be reached; check its base_url, certificate and network",
            code="upstream_unreachable",
        )
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError | ValueError):
        return UpstreamFailed(
            "the provider's answer is not valid HTTP, or its headers are too large",
            code="upstream_invalid",
        )
    return UpstreamFailed(
        "the connection to the provider broke before its answer was complete; try again",
        code="upstream_reset",
    )
