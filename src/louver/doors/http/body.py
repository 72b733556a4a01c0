"""Reads a request body within a size and a time; memory stays bounded whatever a client sends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from louver.core.errors import Invalid, TooLarge, TooSlow
from louver.doors.errors import WrongType
from louver.doors.http.wire import Receive, Scope

_DRAIN_SECONDS = 5.0
_DRAIN_BYTES = 128 * 2**20


class ClientLeft(Exception):
    """The client hung up before its request was complete; there is nobody to answer."""


def check_type(headers: Mapping[str, str]) -> None:
    """Raises WrongType unless the body is plain JSON, as far as the headers tell."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("", "application/json"):
        raise WrongType("send JSON, with the header Content-Type: application/json")
    charset = headers.get("content-type", "").lower().replace('"', "").partition("charset=")[2]
    if charset.strip() not in ("", "utf-8", "utf8"):
        raise WrongType("send JSON in UTF-8")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        # A small compressed body may be a large one; no SDK compresses requests.
        raise WrongType("send the body uncompressed, without Content-Encoding")


def check_length(headers: Mapping[str, str], limit: int) -> None:
    """Raises TooLarge before anything is read where the announced length is over `limit` bytes."""
    announced = headers.get("content-length", "0")
    if not (announced.isascii() and announced.isdigit()):
        raise Invalid("the Content-Length header is not a number")
    if len(announced) > 18 or int(announced) > limit:
        raise _too_large(limit)


class RequestBody:
    """The body of one request, read at most once."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
        self._unread: bool | None = None  # None until somebody has looked
        self._begun = False

    @property
    def unread(self) -> bool:
        """Whether some of it is still to come."""
        if self._unread is None:
            names = {name.lower(): value for name, value in self._headers}
            length = names.get(b"content-length", b"0").strip()
            self._unread = b"transfer-encoding" in names or length != b"0"
        return self._unread

    @property
    def taken(self) -> bool:
        """Whether all of it was read, for somebody who asked for it."""
        return self._begun and self._unread is False

    @property
    def _waits_for_us(self) -> bool:
        return not self._begun and any(name.lower() == b"expect" for name, _ in self._headers)

    async def read(self, limit: int, seconds: float) -> bytes:
        """The whole body. Raises TooLarge, TooSlow, ClientLeft."""
        body = bytearray()
        self._begun = True
        try:
            async with asyncio.timeout(seconds):
                more = True
                while more:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ClientLeft
                    body += message.get("body", b"")
                    if len(body) > limit:
                        raise _too_large(limit)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise TooSlow(
                f"the request body did not arrive within {seconds:g} s; send it faster or smaller"
            ) from None
        self._unread = False
        return bytes(body)

    async def drain(self) -> None:
        """Read and forget the rest, within limits.

        A connection that is closed on unread data loses the answer; one that stays open with a body
        to come can be held by sending it slowly. So it is drained, and then closed.
        """
        seen = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while self.unread and not self._waits_for_us and seen < _DRAIN_BYTES:
                    message = await self._receive()
                    seen += len(message.get("body", b""))
                    gone = message["type"] == "http.disconnect"
                    self._unread = not gone and message.get("more_body", False)
        except TimeoutError:
            return


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the request body is larger than {limit} bytes; send less, or raise max_body")
