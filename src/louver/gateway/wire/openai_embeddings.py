"""OpenAI embeddings, `/v1/embeddings`: the hub form itself, with vectors as the client asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from louver.core.errors import LouverError
from louver.core.exchanges import Exchange, JsonTree
from louver.gateway.wire.embeddings import embeddings_exchange_of, numbers, written
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.interface import EVENT_STREAM, AnswerWriter, Asked, ErrorBody
from louver.gateway.wire.reading import read_object


class OpenAIEmbeddings:
    """The format as the line sees it; `error_body` writes an error as the doors do."""

    stream_type = EVENT_STREAM

    def __init__(self, error_body: ErrorBody) -> None:
        self._error_body = error_body

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        return embeddings_exchange_of(read_object(body), asked, size=len(body))

    def writer(self, exchange: Exchange) -> AnswerWriter:
        base64 = exchange.body.reveal().get("encoding_format") == "base64"
        return _VectorsWriter(self._error_body, base64=base64)


class _VectorsWriter:
    """Writes the whole answer; there is no other."""

    def __init__(self, error_body: ErrorBody, *, base64: bool) -> None:
        self._error_body = error_body
        self._base64 = base64

    def chunk(self, _event: dict[str, JsonTree]) -> Iterator[bytes]:
        return iter(())

    def finish(self) -> Iterator[bytes]:
        return iter(())

    def end(self) -> bytes:
        return b""

    def failed(self, error: LouverError) -> bytes:
        return self._error_body(error)

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        spelled = written if self._base64 else numbers
        data = cast("list[dict[str, JsonTree]]", event["data"])
        return encode(
            {**event, "data": [{**item, "embedding": spelled(item["embedding"])} for item in data]}
        )
