"""Asks a server that speaks Anthropic's Messages API; sends the minimized body and nothing else.

The only headers that leave are ours: content type, the API's version, our key, and `X-No-Store`
where asked for. What a client says in `anthropic-beta` stays here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from louver.core.errors import NotYetSupported, UpstreamFailed
from louver.core.exchanges import JsonTree, Minimized, Operation, Reply
from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.gateway.providers.anthropic.reply import AnswerReader, failure_of, whole
from louver.gateway.providers.anthropic.request import messages_request
from louver.gateway.providers.failures import endpoint, failed, key_header, reset
from louver.gateway.providers.openai_compatible_json import decode, invalid
from louver.gateway.providers.sse import Event, EventStream
from louver.gateway.providers.transport import Limits, Response, Transport

BASE_URL = "https://api.anthropic.com/v1"
VERSION = "2023-06-01"


class Anthropic:
    """A provider over HTTP; see `louver.gateway.providers.interface.Provider`.

    Assumes that a stream is whole when it says `message_stop`, or why the message stopped.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        key: Sensitive[str] | None = None,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Without a `clock`, answers are dated 0. Raises Invalid for an unsafe base_url or key."""
        self._model = destination.model
        self._clock = clock
        self._limits = limits or Limits()
        url = endpoint(destination, "/messages", otherwise=BASE_URL)
        headers = {"anthropic-version": VERSION, **key_header(destination, key, "x-api-key")}
        self._transport = Transport(url, headers, destination.timeout, self._limits)

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """See `Provider.request`. Raises Invalid, NotYetSupported."""
        if operation is not Operation.CHAT:
            raise NotYetSupported("this model's server makes no embeddings", param="model")
        return messages_request(body, self._model)

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        headers = {"Accept": "text/event-stream" if request.stream else "application/json"}
        if request.no_store:
            headers["X-No-Store"] = "1"
        async with self._transport.post(request.body, headers) as response:
            if not 200 <= response.status < 300:
                raise await _failed(response)
            if request.stream:
                async with aclosing(self._stream(response)) as replies:
                    async for reply in replies:
                        yield reply
            else:
                yield await self._whole(response)

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()

    async def _whole(self, response: Response) -> Reply:
        if response.media_type == "text/event-stream":
            raise invalid("the provider was not asked for a stream and answered with one")
        tree = decode(await response.whole())
        if tree.get("error"):
            raise failure_of(tree)
        return Reply(whole(tree, self._model, self._now()))

    async def _stream(self, response: Response) -> AsyncGenerator[Reply, None]:
        if response.media_type not in {None, "text/event-stream"}:
            raise invalid("the provider was asked for a stream and answered with something else")
        reader = AnswerReader(self._model, self._now())
        stream = EventStream(self._limits.event_bytes)
        async with aclosing(response.chunks()) as chunks:
            async for chunk in chunks:
                for event in stream.feed(chunk):
                    for told in reader.event(_tree(event)):
                        yield Reply(told)
                    if reader.done:
                        return
                if stream.failure is not None:
                    raise stream.failure
        for event in stream.finish():
            for told in reader.event(_last_tree(event)):
                yield Reply(told)
        if not (reader.done or reader.ended):
            raise reset()

    def _now(self) -> int:
        return 0 if self._clock is None else int(self._clock.now())


def _tree(event: Event) -> Mapping[str, JsonTree]:
    tree = decode(event.data)
    # Servers that only resemble this one tell errors without a type.
    return {**tree, "type": "error"} if event.type == "error" or tree.get("error") else tree


def _last_tree(event: Event) -> Mapping[str, JsonTree]:
    """An event without its blank line: whole, or the place where the connection broke."""
    try:
        return _tree(event)
    except UpstreamFailed as failure:
        if failure.code != "upstream_invalid":
            raise
    raise reset()


async def _failed(response: Response) -> UpstreamFailed:
    """The failure behind an HTTP status that is no success, its words in the hub's shape."""
    failure = await failed(response)
    if not failure.body:
        return failure
    told = failure_of(decode(failure.body), failure.status)
    return UpstreamFailed(
        failure.message, status=failure.status, body=told.body, headers=failure.headers
    )
