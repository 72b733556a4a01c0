"""`louver ask`: one question through the whole line, in this process, streamed to the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
import orjson

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.doors.cli.options import current_settings, decode, examples, read_whole, shared
from louver.doors.cli.output import note, show_json, wants_json

if TYPE_CHECKING:
    from louver.core.exchanges import Minimized
    from louver.core.policy import Destination
    from louver.house import House

LONGEST_QUESTION = 10_000_000
CALLER = Caller(tenant="default", application="ask", key_id="command-line")


@dataclass
class Seen:
    """What left the house, as the destination got it."""

    left: list[bytes] = field(default_factory=list)

    def __call__(self, minimized: Minimized, _: Destination) -> None:
        self.left.append(minimized.body)


@click.command(
    epilog=examples(
        'louver ask "Who wrote to alice@example.com?" --show', "louver ask - --person patient-7"
    )
)
@click.argument("text")
@click.option("--model", help="A model of the settings; by default the first.")
@click.option("--person", help="The application's id of the person whose data it is.")
@click.option("--purpose", help="What the question is for.")
@click.option("--task", help="What kind of task it is.")
@click.option("--mode", type=click.Choice(["strict", "standard", "full"]), help="A stricter mode.")
@click.option("--show", is_flag=True, help="Print on stderr what left the house.")
@shared
def ask(text: str, model: str | None, *, show: bool, **about: str | None) -> None:
    """Ask TEXT (or what stdin says, for -) and print the answer as it comes."""
    from louver.house import Seams, build

    question = decode(read_whole("-", LONGEST_QUESTION)) if text == "-" else text
    seen = Seen()
    settings = current_settings(starting=True)
    with build(settings, Seams(observe=seen), in_force=False) as house:
        house.put_in_force_if_none_is()
        message = {"role": "user", "content": question}
        wanted = model or next(iter(house.policy.routes))
        body = orjson.dumps({"model": wanted, "stream": True, "messages": [message]})
        headers = {f"x-louver-{name}": value for name, value in about.items() if value}
        answer = asyncio.run(_ask(house, body, headers))
    if wants_json():
        left = [orjson.loads(body) for body in seen.left] if show else None
        show_json({"answer": answer.text, **answer.headers, "left": left})
        return
    click.echo()
    if show:
        for sent in seen.left:
            note(f"left the house, to {answer.headers['destination']}:\n{decode(sent)}")
        note(f"because: {answer.headers['because']}")


@dataclass
class Answer:
    """The text that came, and the line's headers without their prefix."""

    headers: Mapping[str, str]
    text: str = ""


async def _ask(house: House, body: bytes, headers: Mapping[str, str]) -> Answer:
    from louver.gateway.line import Incoming

    try:
        incoming = Incoming(None, headers, Sensitive(body))
        outgoing = await house.line.answer(incoming, CALLER)
        named = {name.removeprefix("x-louver-"): value for name, value in outgoing.headers}
        answer = Answer(named)
        async for piece in _texts(outgoing.body):
            answer.text += piece
            if not wants_json():
                click.echo(piece, nl=False)
        return answer
    finally:
        await house.line.close()


async def _texts(body: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The content of each event. Raises LouverError for an error event."""
    async for event in body:
        data = event.removeprefix(b"data: ").strip()
        if data == b"[DONE]":
            return
        parsed = orjson.loads(data)
        if "error" in parsed:
            raise _as_error(parsed["error"])
        for choice in parsed.get("choices", ()):
            piece = choice.get("delta", {}).get("content")
            if piece:
                yield piece


def _as_error(error: Mapping[str, object]) -> LouverError:
    return UpstreamFailed(str(error.get("message", "the answer broke off")))
