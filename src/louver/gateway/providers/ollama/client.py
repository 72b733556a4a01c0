"""Asks an Ollama server; sends the minimized body and nothing else.

The only headers that leave are ours: content type, our key where there is one, and `X-No-Store`
where asked for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree, Minimized, Operation, Reply
from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.gateway.providers.failures import bearer, endpoint, failed, reset
from louver.gateway.providers.ndjson import LineStream
from louver.gateway.providers.ollama import request as wire
from louver.gateway.providers.ollama.reply import AnswerReader, embeddings, error_of
from louver.gateway.providers.openai_compatible_json import decode, invalid
from louver.gateway.providers.transport import Limits, Response, Transport

BASE_URL = "http://127.0.0.1:11434"
_PATHS: Mapping[Operation, str] = {
    Operation.CHAT: "/api/chat",
    Operation.EMBEDDINGS: "/api/embed",
}
_STREAM_TYPES = frozenset({None, "application/x-ndjson", "application/ndjson", "application/json"})


class Ollama:
    """A provider over HTTP; see `louver.gateway.providers.interface.Provider`.

    Assumes that an answer is whole when an object says `done`; what comes after it is not read.
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
        headers = bearer(destination, key)
        self._transports = {
            operation: Transport(
                endpoint(destination, path, otherwise=BASE_URL),
                headers,
                destination.timeout,
                self._limits,
            )
            for operation, path in _PATHS.items()
        }

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        """See `Provider.request`. Raises Invalid, NotYetSupported."""
        write = wire.embed if operation is Operation.EMBEDDINGS else wire.chat
        return write(body, self._model)

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply, None]:
        """See `Provider.ask`."""
        headers = {"Accept": "application/x-ndjson" if request.stream else "application/json"}
        if request.no_store:
            headers["X-No-Store"] = "1"
        transport = self._transports[request.operation]
        async with transport.post(request.body, headers) as response:
            if not 200 <= response.status < 300:
                raise await _failed(response)
            if request.stream:
                async with aclosing(self._stream(request, response)) as replies:
                    async for reply in replies:
                        yield reply
            else:
                yield Reply(self._whole(request, _object(await response.whole())))

    async def close(self) -> None:
        """Release connections."""
        for transport in self._transports.values():
            await transport.close()

    def _whole(self, request: Minimized, tree: Mapping[str, JsonTree]) -> Mapping[str, JsonTree]:
        if request.operation is Operation.EMBEDDINGS:
            return embeddings(tree, self._model)
        return self._reader(request).whole(tree)

    async def _stream(self, request: Minimized, response: Response) -> AsyncGenerator[Reply, None]:
        if response.media_type not in _STREAM_TYPES:
            raise invalid("the provider was asked for a stream and answered with something else")
        reader = self._reader(request)
        stream = LineStream(self._limits.event_bytes)
        async with aclosing(response.chunks()) as chunks:
            async for chunk in chunks:
                for line in stream.feed(chunk):
                    yield Reply(reader.chunk(_object(line)))
                    if reader.done:
                        return
                if stream.failure is not None:
                    raise stream.failure
        for line in stream.finish():
            yield Reply(reader.chunk(_last_object(line)))
        if not reader.done:
            raise reset()

    def _reader(self, request: Minimized) -> AnswerReader:
        created = 0 if self._clock is None else int(self._clock.now())
        return AnswerReader(request, self._model, created)


def _object(data: bytes) -> Mapping[str, JsonTree]:
    tree = decode(data)
    if tree.get("error"):
        raise error_of(tree)
    return tree


def _last_object(line: bytes) -> Mapping[str, JsonTree]:
    """A line without its end: whole, or the place where the connection broke."""
    try:
        return _object(line)
    except UpstreamFailed as failure:
        if failure.code != "upstream_invalid":
            raise
    raise reset()


async def _failed(response: Response) -> UpstreamFailed:
    """The failure behind an HTTP status that is no success, its words in the hub's shape."""
    failure = await failed(response)
    if not failure.body:
        return failure
    told = error_of(decode(failure.body), failure.status)
    return UpstreamFailed(
        failure.message, status=failure.status, body=told.body, headers=failure.headers
    )
