"""`louver demo`: the example conversations, or the user's own, through a gateway of their own."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from louver.doors.cli.options import examples
from louver.doors.cli.output import note

if TYPE_CHECKING:
    from louver.doors.demo.drive import Application
    from louver.doors.settings.values import Settings
    from louver.examples import Conversation

# The embedded default, and beside it a stand-in for a remote model: it runs here too, but is
# treated as what it stands for, so that consent and routing can be seen without a network.
POLICY = """
version: 1
purposes: [assistance, research, support]
links: [status.example.com]
detectors: {patterns: true, health_terms: true}
destinations:
  practice: {kind: practice, location: local, context: 8000, tasks_excluded: [expert_review]}
  stand-in: {kind: practice, location: remote, recipient: Example AI Ltd.}
models: {louver: [practice, stand-in]}
"""
PURPOSE, RECIPIENT = "assistance", "Example AI Ltd."


@click.command(epilog=examples("louver demo", "louver demo chats.jsonl", "louver demo --only 3"))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--only", type=click.IntRange(min=1), help="Only the conversation of this number.")
def demo(file: Path | None, only: int | None) -> None:
    """Run conversations through the gateway and show what left, what came back, and why.

    FILE has one conversation per line; without it the built-in examples are run. Everything happens
    on this machine, in a temporary folder that is removed at the end.
    """
    from rich.console import Console

    from louver.doors.demo.render import show
    from louver.examples import load
    from louver.house import verified

    conversations = load(file)
    if only is not None:
        conversations = conversations[only - 1 : only]
    start = time.monotonic()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    exchanges = 0
    with tempfile.TemporaryDirectory(prefix="louver-demo-") as folder:
        chosen = settings(Path(folder), conversations)
        with _application(chosen) as application:
            for number, conversation in enumerate(conversations, 1):
                console.rule(f"{number}. {conversation.title}", align="left", style="bright_black")
                agree(application, conversation)
                for exchanged in application.play(conversation):
                    show(console, exchanged)
                    exchanges += 1
        report = verified(chosen)
        click.echo(
            f"The ledger verifies: {report.entries} entries; {exchanges} exchanges of "
            f"{len(conversations)} conversations in {time.monotonic() - start:.1f} s."
        )
    note("\nNext: `make serve`, or `louver init` for a policy of your own.")


@contextmanager
def _application(chosen: Settings) -> Iterator[Application]:
    """A gateway on a free port, and an application that holds a key to it."""
    from louver.doors.demo.drive import Application, Watcher
    from louver.doors.http.app import Gateway
    from louver.doors.http.server import serve_in_thread
    from louver.gateway.providers.practice import Practice
    from louver.house import Seams, build

    watcher = Watcher()
    # Streamed without the pauses that make the practice model look like a slow one.
    models = {n: Practice(d, delay=0) for n, d in chosen.policy.destinations.items()}
    with build(chosen, Seams(observe=watcher, providers=models)) as house:
        key = house.store.create_key("default", "demo").result().reveal()
        with serve_in_thread(Gateway(house.line)) as base_url:
            yield Application(base_url, key, house.store, watcher)


def settings(folder: Path, conversations: Iterable[Conversation]) -> Settings:
    """The demo's settings: its policy, a store in `folder`, the examples' terms as dictionary."""
    from louver.doors.settings.load import parse
    from louver.doors.settings.values import Term

    read = parse(POLICY, file=None, folder=folder)
    terms = {(t.text, t.category) for c in conversations for t in c.terms}
    dictionary = tuple(Term(text, category) for text, category in terms)
    return replace(read, detectors=replace(read.detectors, dictionary=dictionary))


def agree(application: Application, conversation: Conversation) -> None:
    """Record the person's answer about the remote model, if the conversation has one."""
    from louver.core.consent import ConsentKey, ConsentState

    if conversation.person is None or not conversation.consent:
        return
    store = application.store
    person = store.person("default", conversation.person).result()
    purpose = conversation.purpose or PURPOSE
    key = ConsentKey("default", person, purpose, RECIPIENT)
    store.set_consent(key, ConsentState.GIVEN).result()
