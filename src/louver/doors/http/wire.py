"""The ASGI vocabulary that the gateway speaks, typed; and the few header rules it keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from louver.core.errors import Invalid

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = tuple[tuple[str, str], ...]

# What two different readers of one request could understand differently is refused.
_ONCE = frozenset({"authorization", "content-type", "content-encoding", "content-length"})
_NAMES = {
    name.encode(): name
    for name in (*_ONCE, "host", "user-agent", "accept", "accept-encoding", "connection")
}
_ALSO_OURS = frozenset({"x-no-store", "traceparent"})
_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


@dataclass(frozen=True, slots=True)
class Whole:
    """A complete answer in one piece."""

    status: int
    headers: Headers
    body: bytes


def request_headers(scope: Scope) -> dict[str, str]:
    """Header values by lower-case name. Raises Invalid where one that decides is given twice."""
    headers: dict[str, str] = {}
    raw: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for raw_name, raw_value in raw:
        name = _NAMES.get(raw_name) or raw_name.decode("latin-1").lower()
        if name in headers and (name in _ONCE or name.startswith(("x-louver-", "x-no-store"))):
            raise Invalid("a header is given twice; send it once", code="repeated_header")
        headers[name] = _value(name, raw_value)
    return headers


def _value(name: str, raw: bytes) -> str:
    """Our own headers are UTF-8, as bodies are: one person is one id, wherever it is written."""
    if not name.startswith("x-louver-"):
        return raw.decode("latin-1").strip()
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        pass
    raise Invalid(f"the header {name} is not UTF-8", param=name)


def own_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those headers that steer Louver, and a trace's ids; no other goes further than the door."""
    return {
        name: value
        for name, value in headers.items()
        if name.startswith("x-louver-") or name in _ALSO_OURS
    }


def start_message(status: int, headers: Headers) -> Message:
    """`headers` and those that every answer has: nothing is cached, sniffed or buffered."""
    raw = [(n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in headers]
    raw += _ALWAYS
    return {"type": "http.response.start", "status": status, "headers": raw}


def body_message(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def send_whole(answer: Whole, send: Send, *, more: bool = False) -> None:
    """Send `answer`; with `more` its end is left open, for who still has to drain a request."""
    length = (("content-length", str(len(answer.body))),)
    await send(start_message(answer.status, answer.headers + length))
    await send(body_message(answer.body, more=more))
