"""Pass-through: the gateway's HTTP door, its key check and its upstream client; no stage between.

There is no such mode of the product, because Louver answers nothing that it has not looked at and
recorded. This shows what the door and the transport by themselves add to the floor.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

from yarl import URL

from bench.serving.floor import listen
from louver.core.encoding import Json
from louver.core.exchanges import JsonTree
from louver.core.policy import Destination
from louver.core.sensitive import Sensitive
from louver.doors.cli.serve import _collect_rarely
from louver.doors.http.app import Gateway
from louver.doors.http.server import server
from louver.doors.settings.load import load
from louver.gateway.answering import Complete
from louver.gateway.line import Incoming, Line, Outgoing
from louver.gateway.providers.transport import Limits, Transport
from louver.house import build

_JSON = ("content-type", "application/json")
_STREAM = ("content-type", "text/event-stream; charset=utf-8")


class Relay:
    """The services of a gateway that only knows who asks."""

    def __init__(self, line: Line, url: str) -> None:
        self._line = line
        secret = {"Authorization": "Bearer sk-upstream"}
        self._transport = Transport(URL(url), secret, 120.0, Limits())

    async def answer(self, incoming: Incoming) -> Outgoing:
        self._line.authenticate(incoming.authorization)
        body = incoming.body.reveal()
        if b'"stream":true' in body:
            return Outgoing((_STREAM,), True, self._passed(body))
        async with self._transport.post(body, {"Accept": "application/json"}) as response:
            return Outgoing((_JSON,), False, Complete(await response.whole()))

    async def _passed(self, body: bytes) -> AsyncGenerator[bytes]:
        async with self._transport.post(body, {"Accept": "text/event-stream"}) as response:
            async for chunk in response.chunks():
                yield chunk

    def authenticate(self, authorization: Sensitive[str] | None) -> object:
        return self._line.authenticate(authorization)

    def models(self) -> Sequence[str]:
        return self._line.models()

    def destinations(self, model: str) -> Sequence[Destination]:
        return self._line.destinations(model)

    def receipt_keys(self) -> Mapping[str, Json]:
        return self._line.receipt_keys()

    async def kept(self, incoming: Incoming, id_: str) -> Mapping[str, JsonTree]:
        return await self._line.kept(incoming, id_)

    async def forget(self, incoming: Incoming, id_: str) -> None:
        await self._line.forget(incoming, id_)

    def new_id(self) -> str:
        return self._line.new_id()

    async def close(self) -> None:
        await self._transport.close()


def main() -> None:
    settings = load(Path(sys.argv[1]))
    with build(settings) as house:
        _collect_rarely()
        gateway = Gateway(Relay(house.line, sys.argv[2]))
        server(gateway, settings.server).run([listen()])


if __name__ == "__main__":
    main()
