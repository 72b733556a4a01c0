"""`louver serve`: the gateway on a socket, with what a first user needs to know."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from louver.core.errors import Unavailable
from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import show_json, wants_json

if TYPE_CHECKING:
    import socket

    from louver.doors.operations import Operations
    from louver.doors.settings.values import Server, Settings
    from louver.house import House

_KNOWN = "<your API key; `louver keys create` makes another>"


@click.command(epilog=examples("louver serve", "louver serve --port 9000 --log json"))
@click.option("--host", help="Listen on this address instead of the settings' one.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0: a free one.")
@click.option(
    "--log", type=click.Choice(["text", "json"]),
    help="How log lines look instead of the settings' way; they never hold content.",
)  # fmt: skip
@shared
def serve(host: str | None, port: int | None, log: str | None) -> None:
    """Start the gateway; the first start makes an API key and shows it once.

    SIGTERM lets what is under way finish; a second one ends it. SIGHUP reads the settings again.
    """
    from louver.doors import logs
    from louver.doors.http.server import base_url
    from louver.doors.telemetry.watching import Watching
    from louver.house import Seams, build

    settings = _overridden(current_settings(starting=True), host, port)
    structured = settings.logs.json if log is None else log == "json"
    logs.install(structured=structured)
    if hasattr(signal, "SIGHUP"):  # Until the server knows what to do with it.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    watching = Watching(settings, sys.stderr, structured=structured)
    seams = Seams(watch=watching.watch)
    listener = _bound(settings.server)
    with listener, closing(watching), build(settings, seams) as house:
        house.warm()
        _introduce(base_url(listener), _first_key(house), settings)
        _collect_rarely()
        _run(house, watching.operations(house, seams), listener, (host, port))


def _run(
    house: House,
    operations: Operations,
    listener: socket.socket,
    where: tuple[str | None, int | None],
) -> None:
    from louver.doors.http.app import Gateway, Limits
    from louver.doors.http.graceful import Control
    from louver.doors.http.server import server
    from louver.doors.reloading import Reloading
    from louver.doors.settings.load import load

    settings = house.settings
    file = settings.source
    read = None if file is None else lambda: _overridden(load(file, environment=os.environ), *where)
    control = Control(
        house.reception,
        settings.server.drain,
        settings.server.drain_delay,
        Reloading(house, read),
    )
    limits = Limits(settings.server.max_body, settings.server.body_timeout)
    server(Gateway(house.reception, limits, operations), settings.server, control).run([listener])


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
