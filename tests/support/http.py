"""Requests without a client library, for what no client library would send."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from support.houses import Watched


@dataclass(frozen=True)
class Got:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = json.loads(self.body)["error"]
        return error


def post(watched: Watched, body: bytes, *, path: str = "/chat/completions", **headers: str) -> Got:
    """POST to `path` below `/v1`; header names with `_` for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        f"{watched.base_url}{path}",
        data=body,
        headers={
            "Authorization": f"Bearer {watched.key}",
            "Content-Type": "application/json",
            **given,
        },
    )
    try:
        with urllib.request.urlopen(request) as response:
            return Got(response.status, response.read(), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, error.read(), dict(error.headers))


def connect(watched: Watched) -> socket.socket:
    """A plain connection to the gateway."""
    where = urlsplit(watched.base_url)
    return socket.create_connection((where.hostname or "", where.port or 0), timeout=20)


def chat(text: str, **more: Any) -> bytes:
    """The smallest request that says `text`."""
    messages = [{"role": "user", "content": text}]
    return json.dumps({"model": "home", "messages": messages, **more}).encode()
