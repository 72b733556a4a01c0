"""OpenAI chat completions, `/v1/chat/completions`: the hub form itself, framed as SSE."""

from __future__ import annotations

from collections.abc import Iterator

from louver.core.errors import LouverError
from louver.core.exchanges import Exchange, JsonTree
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import EVENT_STREAM, AnswerWriter, Asked, ErrorBody
from louver.gateway.wire.reading import read_object


class OpenAIChat:
    """The format as the line sees it; `error_body` writes an error as the doors do."""

    stream_type = EVENT_STREAM

    def __init__(self, error_body: ErrorBody) -> None:
        self._error_body = error_body

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        return exchange_of(read_object(body), asked, size=len(body))

    def writer(self, _exchange: Exchange) -> AnswerWriter:
        return ChatWriter(self._error_body)


class ChatWriter:
    """Frames events; there is nothing to convert."""

    def __init__(self, error_body: ErrorBody) -> None:
        self._error_body = error_body

    def chunk(self, event: dict[str, JsonTree]) -> Iterator[bytes]:
        yield b"data: " + encode(event) + b"\n\n"

    def finish(self) -> Iterator[bytes]:
        return iter(())

    def end(self) -> bytes:
        return b"data: [DONE]\n\n"

    def failed(self, error: LouverError) -> bytes:
        return b"data: " + self._error_body(error) + b"\n\n"

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        return encode(event)
