"""The gateway as a raw ASGI application: route, read within limits, hand to the line, stream back.

A client that hangs up cancels its request at once; an answer is never buffered.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from louver.core.errors import LouverError
from louver.core.sensitive import Sensitive
from louver.doors.errors import NoSuchPath, WrongMethod
from louver.doors.http import body as bodies
from louver.doors.http.errors import error_answer, unexpected_answer
from louver.doors.http.families import OPENAI, Family
from louver.doors.http.hangup import until_gone
from louver.doors.http.routes import ASKED, Asks, api_key, shown
from louver.doors.http.wire import (
    Receive,
    Scope,
    Send,
    Whole,
    body_message,
    own_headers,
    request_headers,
    send_whole,
    start_message,
)
from louver.doors.logs import unexpected
from louver.gateway.answering import Complete
from louver.gateway.line import Incoming, Outgoing

_UNBUFFERED = ("x-accel-buffering", "no")  # nginx would otherwise collect the stream

_log = logging.getLogger("louver.http")


class Services(Protocol):
    """What the gateway asks of the house."""

    async def answer(self, incoming: Incoming) -> Outgoing: ...

    def authenticate(self, authorization: Sensitive[str] | None) -> object:
        """Raises Unauthenticated."""
        ...

    def models(self) -> Sequence[str]:
        """The model names that clients may ask for."""
        ...

    def new_id(self) -> str:
        """An unguessable id, by which an unexpected error is found in the log."""
        ...

    async def close(self) -> None:
        """Release what belongs to the event loop; called once, at shutdown."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds that a request body may take."""

    max_body: int = 10_000_000
    body_timeout: float = 30.0


class Gateway:
    """Serves what `routes` names: requests for models, and what is small."""

    def __init__(self, services: Services, limits: Limits | None = None) -> None:
        self._services = services
        self._limits = limits or Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            raise RuntimeError("only http is served")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._services.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bodies.RequestBody(scope, receive)
        asks = ASKED.get(scope["path"])
        family = OPENAI if asks is None else asks.family
        try:
            if asks is None:
                answer: Whole | None = self._shown(scope)
            else:
                answer = await self._asked(asks, scope, body, receive, send)
        except bodies.ClientLeft:
            return
        except LouverError as error:
            answer = error_answer(error, family.error)
        except Exception as error:  # noqa: BLE001 - the door: no text of ours or others may leave
            answer = unexpected_answer(family.unexpected(self._note(error)))
        if answer is not None:
            await _send_and_settle(answer, body, send)

    def _shown(self, scope: Scope) -> Whole:
        show = shown(scope["path"])
        if show is None:
            raise NoSuchPath("nothing is served here; see /openapi.json for what is")
        _require("GET", scope)
        if not show.open:
            self._services.authenticate(api_key(request_headers(scope)))
        return show.answer(self._services)

    async def _asked(
        self, asks: Asks, scope: Scope, body: bodies.RequestBody, receive: Receive, send: Send
    ) -> Whole | None:
        """The answer, or None where it has been sent already."""
        _require("POST", scope)
        headers = request_headers(scope)
        bodies.check_length(headers, self._limits.max_body)
        bodies.check_type(headers)
        content = await body.read(self._limits.max_body, self._limits.body_timeout)
        incoming = Incoming(
            authorization=api_key(headers),
            headers=own_headers(headers),
            body=Sensitive(content),
            format=asks.format,
        )
        return await until_gone(self._stream_back(incoming, asks.family, send), scope, receive)

    async def _stream_back(self, incoming: Incoming, family: Family, send: Send) -> Whole | None:
        outgoing = await self._services.answer(incoming)
        if isinstance(outgoing.body, Complete):
            return Whole(200, outgoing.headers, outgoing.body.content)
        async with aclosing(outgoing.body):  # which is what cancels the upstream call
            await send(start_message(200, (_UNBUFFERED, *outgoing.headers)))
            try:
                async for part in outgoing.body:
                    await send(body_message(part, more=True))
            except Exception as error:  # noqa: BLE001 - the door: the headers are out already
                event = family.event(family.unexpected(self._note(error)))
                await send(body_message(event, more=True))
            await send(body_message(b"", more=False))
            return None

    def _note(self, error: Exception) -> str:
        error_id = self._services.new_id()
        unexpected(_log, error, error_id)
        return error_id


async def _send_and_settle(answer: Whole, body: bodies.RequestBody, send: Send) -> None:
    """Send `answer`; where the request is not read to its end, drain and close."""
    if not body.unread:
        await send_whole(answer, send)
        return
    headers = (*answer.headers, ("connection", "close"))
    await send_whole(Whole(answer.status, headers, answer.body), send, more=True)
    if answer.status != 408:  # a body that came too slowly is not waited for again
        await body.drain()
    await send(body_message(b"", more=False))


def _require(method: str, scope: Scope) -> None:
    if scope["method"] != method:
        raise WrongMethod(method)
