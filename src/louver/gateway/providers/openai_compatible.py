"""Asks any server that speaks OpenAI chat completions; sends the minimized body and nothing else.

The only headers that leave are ours: content type, our key, and `X-No-Store` where asked for.
"""

from __future__ import annotations

import string
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import orjson
from yarl import URL

from louver.core.errors import Invalid, UpstreamFailed
from louver.core.exchanges import JsonTree, Minimized, Operation, Reply
from louver.core.policy import Destination, Location
from louver.core.sensitive import Sensitive
from louver.gateway.providers.openai_compatible_json import decode, invalid
from louver.gateway.providers.sse import Event, EventStream
from louver.gateway.providers.transport import Limits, Response, Transport

_PASSED = frozenset({"retry-after", "retry-after-ms", "x-should-retry", "x-request-id"})
_PASSED_PREFIX = "x-ratelimit-"
_HEADER_VALUE = 256
_PRINTABLE = frozenset(string.printable) - frozenset(string.whitespace)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class OpenAICompatible:
    """A provider over HTTP; see `louver.gateway.providers.interface.Provider`.

    Assumes that a stream is whole when it says `[DONE]`, or when every choice has a finish reason.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        key: Sensitive[str] | None,
        limits: Limits | None = None,
    ) -> None:
        """Raises Invalid for a base_url or key that cannot be used safely."""
        headers = {}
        if key is not None:
            if not key.reveal() or not set(key.reveal()) <= _PRINTABLE:
                raise Invalid(f"destination '{destination.name}': its key is empty or unprintable")
            headers["Authorization"] = f"Bearer {key.reveal()}"
        self._limits = limits or Limits()
        self._model = destination.model
        self._transport = Transport(
            _endpoint(destination), headers, destination.timeout, self._limits
        )

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """See `Provider.request`."""
        if operation is Operation.EMBEDDINGS:
            return {**body, "model": self._model}
        return {**body, "model": self._model, "store": False}

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        headers = {"Accept": "text/event-stream" if request.stream else "application/json"}
        if request.no_store:
            headers["X-No-Store"] = "1"
        async with self._transport.post(request.body, headers) as response:
            if not 200 <= response.status < 300:
                raise await _failed(response)
            if request.stream:
                async with aclosing(self._stream(request, response)) as replies:
                    async for reply in replies:
                        yield reply
            else:
                yield await _whole(response)

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()

    async def _stream(self, request: Minimized, response: Response) -> AsyncGenerator[Reply, None]:
        if response.media_type not in {None, "text/event-stream"}:
            raise invalid("the provider was asked for a stream and answered with something else")
        unfinished = _Unfinished()
        stream = EventStream(self._limits.event_bytes)
        async with aclosing(response.chunks()) as chunks:
            async for chunk in chunks:
                for event in stream.feed(chunk):
                    if _is_done(event):
                        return
                    yield unfinished.follow(_reply(event))
                if stream.failure is not None:
                    raise stream.failure
        for event in stream.finish():
            if _is_done(event):
                return
            yield unfinished.follow(_last_reply(event))
        if not unfinished.finished(request):
            raise _reset()


class _Unfinished:
    """Which choices of a stream have not yet said how they ended."""

    def __init__(self) -> None:
        self._open: set[object] = set()
        self._closed: set[object] = set()

    def follow(self, reply: Reply) -> Reply:
        choices = reply.event.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, dict):
                index = choice.get("index", 0)
                if isinstance(index, int):
                    (self._closed if choice.get("finish_reason") else self._open).add(index)
        return reply

    def finished(self, request: Minimized) -> bool:
        asked = decode(request.body).get("n")
        count = asked if isinstance(asked, int) else 1
        return len(self._closed) >= count and self._open <= self._closed


def _is_done(event: Event) -> bool:
    return event.data.strip() == b"[DONE]"


def _reply(event: Event) -> Reply:
    tree = decode(event.data)
    if tree.get("error") or event.type == "error":
        raise _error_event(tree)
    return Reply(tree)


def _last_reply(event: Event) -> Reply:
    """An event without its blank line: whole, or the place where the connection broke."""
    try:
        return _reply(event)
    except UpstreamFailed as failure:
        broken = failure.code == "upstream_invalid"
        if not broken:
            raise
    raise _reset()


async def _whole(response: Response) -> Reply:
    if response.media_type == "text/event-stream":
        raise invalid("the provider was not asked for a stream and answered with one")
    data = await response.whole()
    tree = decode(data)
    if tree.get("error"):
        raise _error_event(tree)
    return Reply(tree)


async def _failed(response: Response) -> UpstreamFailed:
    """The failure behind an HTTP status that is no success."""
    headers = _passed_headers(response.headers)
    if response.status < 400:
        return UpstreamFailed(
            "the provider redirects elsewhere; set its base_url to where it really is",
            code="upstream_redirect",
        )
    if response.status in {401, 403, 407}:
        return _our_key(headers)
    body = await response.beginning()
    try:
        told = isinstance(decode(body).get("error"), dict | str)
    except UpstreamFailed:
        told = False
    return UpstreamFailed(
        f"the provider answered with status {response.status}",
        status=response.status,
        body=body if told else b"",
        headers=headers,
    )


def _error_event(tree: Mapping[str, JsonTree]) -> UpstreamFailed:
    """The failure that a provider tells inside an answer that began as a success."""
    error = tree.get("error")
    status = error.get("code") if isinstance(error, dict) else None
    if status in {401, 403}:
        return _our_key(())
    told = isinstance(status, int) and 400 <= status < 600
    return UpstreamFailed(
        "the provider reported an error inside its answer",
        status=status if told and isinstance(status, int) else 502,
        # Written anew: in several lines it would be no event for the client.
        body=orjson.dumps(tree) if error else b"",
    )


def _our_key(headers: tuple[tuple[str, str], ...]) -> UpstreamFailed:
    """The client's key is fine; ours is not. The body is dropped: it may quote our key."""
    return UpstreamFailed(
        "the provider refused the gateway's own key; check the destination's key",
        code="upstream_auth",
        headers=headers,
    )


def _reset() -> UpstreamFailed:
    return UpstreamFailed(
        "the provider's stream ended before the answer was complete; try again",
        code="upstream_reset",
        begun=True,
    )


def _passed_headers(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, value in sorted(headers.items())
        if (name in _PASSED or name.startswith(_PASSED_PREFIX))
        and len(value) <= _HEADER_VALUE
        and set(value) <= _PRINTABLE | {" "}
    )


def _endpoint(destination: Destination) -> URL:
    """Where to post. Raises Invalid; a URL that may hold a password is never repeated."""
    name = destination.name
    if destination.base_url is None:
        raise Invalid(f"destination '{name}': set its base_url")
    try:
        base = URL(destination.base_url)
        host = base.host
    except ValueError:
        host = None
    if host is None or base.scheme not in {"http", "https"}:
        raise Invalid(f"destination '{name}': its base_url is not an http or https URL")
    if base.user is not None or base.password is not None:
        raise Invalid(
            f"destination '{name}': no user or password in base_url; use key_variable instead"
        )
    if destination.location is Location.REMOTE and base.scheme != "https" and host not in _LOOPBACK:
        raise Invalid(f"destination '{name}': a remote base_url must be https")
    return base.with_path(f"{base.path.rstrip('/')}/chat/completions", keep_query=True)
