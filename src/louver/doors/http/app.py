"""The gateway as a raw ASGI application: route, read within limits, hand to the line, stream back.

A client that hangs up cancels its request at once; an answer is never buffered.
"""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from louver.core.errors import LouverError
from louver.core.sensitive import Sensitive
from louver.doors.errors import NoSuchPath, WrongMethod
from louver.doors.http import body as bodies
from louver.doors.http.errors import error_answer, unexpected_answer
from louver.doors.http.families import Family
from louver.doors.http.hangup import until_gone
from louver.doors.http.routes import (
    ASKED,
    PROBES,
    TOLD,
    Asks,
    Shown,
    Tells,
    api_key,
    family_of,
    name_of,
    shown,
)
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
from louver.doors.operations import Operations
from louver.gateway.answering import Complete
from louver.gateway.line import Incoming, Outgoing

_UNBUFFERED = ("x-accel-buffering", "no")  # nginx would otherwise collect the stream

_log = logging.getLogger("louver.http")


class Services(Shown, Protocol):
    """What the gateway asks of the house."""

    async def answer(self, incoming: Incoming) -> Outgoing: ...

    def authenticate(self, authorization: Sensitive[str] | None) -> object:
        """Raises Unauthenticated."""
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

    def __init__(
        self,
        services: Services,
        limits: Limits | None = None,
        operations: Operations | None = None,
    ) -> None:
        self._services = services
        self._limits = limits or Limits()
        self._operations = operations

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
        answer: Whole | None
        asks, tells = ASKED.get(scope["path"]), TOLD.get(scope["path"])
        family = family_of(scope["path"])
        failure: Exception | None = None
        try:
            if asks is not None:
                answer = await self._asked(asks, scope, body, receive, send)
            elif tells is not None:
                answer = await self._told(tells, scope, body)
            else:
                answer = await self._shown(scope)
        except bodies.ClientLeft:
            return
        except LouverError as error:
            failure = error
            answer = error_answer(error, family.error)
        except Exception as error:  # noqa: BLE001 - the door: no text of ours or others may leave
            failure = error
            answer = unexpected_answer(family.unexpected(self._note(error)))
        if not body.taken:  # What was taken is noted by who answered it.
            self._noted(scope, failure)
        if answer is not None:
            await _send_and_settle(answer, body, send)

    async def _shown(self, scope: Scope) -> Whole:
        path = scope["path"]
        show = shown(path)
        if show is None:
            if self._operations is None or path not in PROBES:
                raise NoSuchPath("nothing is served here; see /openapi.json for what is")
            _require("GET", scope)
            return await self._operations.shown(path, api_key(request_headers(scope)))
        _require("GET", scope)
        if not show.open:
            self._services.authenticate(api_key(request_headers(scope)))
        return show.answer(self._services)

    async def _asked(
        self, asks: Asks, scope: Scope, body: bodies.RequestBody, receive: Receive, send: Send
    ) -> Whole | None:
        """The answer, or None where it has been sent already."""
        headers, content = await self._posted(scope, body)
        incoming = Incoming(
            authorization=api_key(headers),
            headers=own_headers(headers),
            body=Sensitive(content),
            format=asks.format,
            path=scope["path"],
        )
        return await until_gone(self._stream_back(incoming, asks.family, send), scope, receive)

    async def _told(self, tells: Tells, scope: Scope, body: bodies.RequestBody) -> Whole:
        headers, content = await self._posted(scope, body)
        self._services.authenticate(api_key(headers))
        return tells.answer(content, self._services)

    async def _posted(self, scope: Scope, body: bodies.RequestBody) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a request that is posted, within the limits."""
        _require("POST", scope)
        headers = request_headers(scope)
        bodies.check_length(headers, self._limits.max_body)
        bodies.check_type(headers)
        return headers, await body.read(self._limits.max_body, self._limits.body_timeout)

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

    def _noted(self, scope: Scope, failure: Exception | None) -> None:
        probed = scope["path"] in PROBES and failure is None
        if self._operations is not None and not probed:
            self._operations.noted(name_of(scope["path"]), failure)

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
