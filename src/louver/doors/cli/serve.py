"""`louver serve`: the gateway on a socket, with what a first user needs to know."""

from __future__ import annotations

import gc
import signal
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

import click

from louver.core.errors import Unavailable
from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import show_json, wants_json

if TYPE_CHECKING:
    import socket

    from louver.doors.settings.values import Server, Settings
    from louver.house import House

_KNOWN = "<your API key; `louver keys create` makes another>"


@click.command(epilog=examples("louver serve", "louver serve --port 9000 --log json"))
@click.option("--host", help="Listen on this address instead of the settings' one.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0: a free one.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="How log lines look; they never hold content.",
)  # fmt: skip
@shared
def serve(host: str | None, port: int | None, log: str) -> None:
    """Start the gateway; the first start makes an API key and shows it once."""
    from louver.doors import logs
    from louver.doors.http.app import Gateway, Limits
    from louver.doors.http.server import base_url, server
    from louver.house import build

    logs.install(structured=log == "json")
    settings = _overridden(current_settings(starting=True), host, port)
    listener = _bound(settings.server)
    with listener, build(settings) as house:
        _introduce(base_url(listener), _first_key(house), settings)
        limits = Limits(settings.server.max_body, settings.server.body_timeout)
        # uvicorn ends by raising the signal that ended it; the house is still to be closed then.
        signal.signal(signal.SIGTERM, _interrupt)
        _collect_rarely()
        try:
            server(Gateway(house.line, limits), settings.server).run([listener])
        except KeyboardInterrupt:
            return


def _overridden(settings: Settings, host: str | None, port: int | None) -> Settings:
    changed = settings.server
    if host is not None:
        changed = replace(changed, host=host)
    if port is not None:
        changed = replace(changed, port=port)
    return replace(settings, server=changed)


def _bound(settings: Server) -> socket.socket:
    from louver.doors.http.server import bind

    try:
        return bind(settings)
    except OSError:
        message = "cannot listen there; is the port taken? `louver serve --port 0` takes a free one"
        raise Unavailable(message, code="cannot_listen") from None


def _collect_rarely() -> None:
    """What the start made stays, and requests leave few cycles: looking often costs a quarter."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _first_key(house: House) -> str | None:
    """A new key where there is none that works; None where its holder has it already."""
    if any(record.revoked is None for record in house.store.list_keys()):
        return None
    return house.store.create_key("default", "default").result().reveal()


def _introduce(url: str, key: str | None, settings: Settings) -> None:
    model = next(iter(settings.policy.routes))
    if wants_json():
        show_json({"base_url": url, "key": key, "models": sorted(settings.policy.routes)})
        return
    source = settings.source or "the built-in default (`louver init` writes a file to edit)"
    shown = key or _KNOWN
    click.echo(f"Louver listens on {url}\nSettings: {source}\nAPI key:  {shown}")
    if key is not None:
        click.echo("          (shown this once; only its digest is stored)")
    click.echo(_SNIPPETS.format(url=url, key=shown, model=model))


_SNIPPETS = """
With curl:

  curl {url}/chat/completions \\
    -H "Authorization: Bearer {key}" \\
    -H "Content-Type: application/json" \\
    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'

With Python:

  from openai import OpenAI
  client = OpenAI(base_url="{url}", api_key="{key}")
  answer = client.chat.completions.create(
      model="{model}", messages=[{{"role": "user", "content": "Hello"}}])
  print(answer.choices[0].message.content)

Stop with Ctrl+C.
"""
