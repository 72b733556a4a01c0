"""Ollama's paths as the line sees them; streams are the default, one JSON object per line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias, cast

from louver.core.errors import LouverError
from louver.core.exchanges import Exchange, JsonTree
from louver.core.seams import Clock
from louver.gateway.wire.embeddings import embeddings_exchange_of, numbers
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import AnswerWriter, Asked, ErrorBody
from louver.gateway.wire.ollama import requests
from louver.gateway.wire.ollama.answers import AnswerTimes, LinesWriter, counts
from louver.gateway.wire.reading import read_object

LINES = "application/x-ndjson"

_Read: TypeAlias = Callable[[Mapping[str, JsonTree]], dict[str, JsonTree]]


class _Generating:
    """A path whose answer is words; `error_body` writes an error as the doors do."""

    stream_type = LINES

    def __init__(self, clock: Clock, error_body: ErrorBody, read: _Read, *, chat: bool) -> None:
        self._clock = clock
        self._error_body = error_body
        self._read = read
        self._chat = chat

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        tree = read_object(body)
        return exchange_of(self._read(tree), asked, size=len(body), original=tree)

    def writer(self, exchange: Exchange) -> AnswerWriter:
        return LinesWriter(exchange, self._clock, self._error_body, chat=self._chat)


class OllamaChat(_Generating):
    """`/api/chat`."""

    def __init__(self, clock: Clock, error_body: ErrorBody) -> None:
        super().__init__(clock, error_body, requests.chat, chat=True)


class OllamaGenerate(_Generating):
    """`/api/generate`."""

    def __init__(self, clock: Clock, error_body: ErrorBody) -> None:
        super().__init__(clock, error_body, requests.generate, chat=False)


class _Embedding:
    """A path whose answer is vectors; `texts` is the field that holds what to embed."""

    stream_type = LINES
    texts = "input"

    def __init__(self, clock: Clock, error_body: ErrorBody) -> None:
        self._clock = clock
        self._error_body = error_body

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        tree = read_object(body)
        hub = requests.embed(tree, self.texts)
        return embeddings_exchange_of(hub, asked, size=len(body), original=tree)

    def writer(self, exchange: Exchange) -> AnswerWriter:
        return _VectorsWriter(
            exchange, self._clock, self._error_body, single=self.texts == "prompt"
        )


class OllamaEmbed(_Embedding):
    """`/api/embed`."""


class OllamaEmbeddings(_Embedding):
    """`/api/embeddings`, which takes one text; Ollama calls it superseded."""

    texts = "prompt"


class _VectorsWriter:
    """Writes the whole answer; there is no other."""

    def __init__(
        self, exchange: Exchange, clock: Clock, error_body: ErrorBody, *, single: bool
    ) -> None:
        self._model = exchange.model
        self._times = AnswerTimes(exchange, clock)
        self._error_body = error_body
        self._single = single

    def chunk(self, _event: dict[str, JsonTree]) -> Iterator[bytes]:
        return iter(())

    def finish(self) -> Iterator[bytes]:
        return iter(())

    def end(self) -> bytes:
        return b""

    def failed(self, error: LouverError) -> bytes:
        return self._error_body(error)

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        data = cast("list[Mapping[str, JsonTree]]", event["data"])
        vectors = [numbers(item["embedding"]) for item in data]
        if self._single:
            return encode({"embedding": vectors[0]})
        told = dict(counts(cast("Mapping[str, JsonTree]", event["usage"])))
        told.pop("eval_count", None)
        return encode(
            {"model": self._model, "embeddings": vectors, **self._times.overall(), **told}
        )
