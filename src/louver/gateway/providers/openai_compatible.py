"""Asks any server that speaks OpenAI chat completions; sends the minimized body and nothing else.

The only headers that leave are ours: content type, our key, and `X-No-Store` where asked for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import orjson

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree, Minimized, Operation, Reply
from louver.core.policy import Destination
from louver.core.sensitive import Sensitive
from louver.gateway.providers.failures import bearer, endpoint, failed, our_key, reset
from louver.gateway.providers.openai_compatible_json import decode, invalid
from louver.gateway.providers.sse import Event, EventStream
from louver.gateway.providers.transport import Limits, Response, Transport
from louver.gateway.wire.plain import plain

_PATHS = {Operation.CHAT: "/chat/completions", Operation.EMBEDDINGS: "/embeddings"}


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
        self._limits = limits or Limits()
        self._model = destination.model
        shown = bearer(destination, key)
        self._transports = {
            operation: Transport(
                endpoint(destination, path), shown, destination.timeout, self._limits
            )
            for operation, path in _PATHS.items()
        }

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """See `Provider.request`."""
        told = plain(body)
        if operation is Operation.EMBEDDINGS:
            return {**told, "model": self._model}
        return {**told, "model": self._model, "store": False}

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        headers = {"Accept": "text/event-stream" if request.stream else "application/json"}
        if request.no_store:
            headers["X-No-Store"] = "1"
        transport = self._transports[request.operation]
        async with transport.post(request.body, headers) as response:
            if not 200 <= response.status < 300:
                raise await failed(response)
            if request.stream:
                async with aclosing(self._stream(request, response)) as replies:
                    async for reply in replies:
                        yield reply
            else:
                yield await _whole(response)

    async def close(self) -> None:
        """Release connections."""
        for transport in self._transports.values():
            await transport.close()

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
            raise reset()


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
    raise reset()


async def _whole(response: Response) -> Reply:
    if response.media_type == "text/event-stream":
        raise invalid("the provider was not asked for a stream and answered with one")
    data = await response.whole()
    tree = decode(data)
    if tree.get("error"):
        raise _error_event(tree)
    return Reply(tree)


def _error_event(tree: Mapping[str, JsonTree]) -> UpstreamFailed:
    """The failure that a provider tells inside an answer that began as a success."""
    error = tree.get("error")
    status = error.get("code") if isinstance(error, dict) else None
    if status in {401, 403}:
        return our_key()
    told = isinstance(status, int) and 400 <= status < 600
    return UpstreamFailed(
        "the provider reported an error inside its answer",
        status=status if told and isinstance(status, int) else 502,
        # Written anew: in several lines it would be no event for the client.
        body=orjson.dumps(tree) if error else b"",
    )
