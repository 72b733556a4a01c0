"""`louver explain`: what would be replaced, where it would go, and why, rule by rule."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
import orjson

from louver.core.categories import TAXONOMY
from louver.core.encoding import Json
from louver.core.errors import Invalid
from louver.core.identity import Caller
from louver.core.policy import Policy
from louver.core.sensitive import Sensitive
from louver.doors.cli.options import current_settings, decode, examples, read_whole, shared
from louver.doors.cli.output import show_json, show_table, wants_json
from louver.doors.cli.places import Located, located

if TYPE_CHECKING:
    from louver.core.decision import Decision
    from louver.gateway.line import Considered
    from louver.house import House

LARGEST = 10_000_000


@click.command(
    epilog=examples(
        'echo "Mail alice@example.com" | louver explain -',
        "louver explain request.json --person patient-7 --reveal",
        "louver explain --exchange ex-0123",
    )
)
@click.argument("file", required=False)
@click.option("--exchange", help="Explain a recorded exchange from the ledger instead.")
@click.option("--model", help="The model to ask for, where FILE is plain text.")
@click.option("--tenant", default="default", show_default=True, help="Whose data it is.")
@click.option("--application", default="default", show_default=True, help="Who asks.")
@click.option("--person", help="The application's id of the person whose data it is.")
@click.option("--purpose", help="What the request is for.")
@click.option("--task", help="What kind of task it is.")
@click.option("--mode", type=click.Choice(["strict", "standard", "full"]), help="A stricter mode.")
@click.option("--reveal", is_flag=True, help="Show the values too.")
@shared
def explain(
    file: str | None,
    exchange: str | None,
    model: str | None,
    tenant: str,
    application: str,
    *,
    reveal: bool,
    **about: str | None,
) -> None:
    """Explain what would happen to FILE: a text, or an OpenAI chat request as JSON (- for stdin).

    Nothing is sent and nothing is recorded.
    """
    if (file is None) == (exchange is None):
        raise click.UsageError("give either FILE or --exchange")
    if exchange is not None:
        _recorded(exchange)
        return
    from louver.house import build

    with build(current_settings(starting=False), in_force=False) as house:
        body = _as_request(read_whole(file or "-", LARGEST), model, house.policy)
        headers = {f"x-louver-{name}": value for name, value in about.items() if value}
        caller = Caller(tenant, application, "command-line")
        found = asyncio.run(_consider(house, body, headers, caller))
        _show(found, orjson.loads(body), house.policy, reveal=reveal)


async def _consider(
    house: House, body: bytes, headers: Mapping[str, str], caller: Caller
) -> Considered:
    from louver.gateway.line import Incoming

    try:
        return await house.line.consider(Incoming(None, headers, Sensitive(body)), caller)
    finally:
        await house.line.close()


def _as_request(content: bytes, model: str | None, policy: Policy) -> bytes:
    """The input as it is, where it is a chat request; else a request with it as its one message."""
    try:
        parsed = orjson.loads(content)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict) and "messages" in parsed:
        return content
    message = {"role": "user", "content": decode(content)}
    wanted = model or next(iter(policy.routes))
    return orjson.dumps({"model": wanted, "messages": [message]})


def _show(found: Considered, tree: object, policy: Policy, *, reveal: bool) -> None:
    places = [one for place in found.found.places for one in located(place, tree)]
    if wants_json():
        show_json(
            {
                "findings": [_finding(one, policy, reveal=reveal) for one in places],
                "decision": _decision(found.decision),
            }
        )
        return
    columns = ("where", "category", "rule", "action", "why")
    rows = [
        (one.where, one.finding.category, one.finding.rule, *_action(one, policy))
        + ((one.text,) if reveal else ())
        for one in places
    ]
    show_table(
        (*columns, "value") if reveal else columns, rows, empty="Nothing was found to replace."
    )
    click.echo()
    _show_decision(found.decision)


def _finding(one: Located, policy: Policy, *, reveal: bool) -> dict[str, Json]:
    action, why = _action(one, policy)
    shown: dict[str, Json] = {
        "where": one.where,
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "category": one.finding.category,
        "rule": one.finding.rule,
        "action": action,
        "because": why,
    }
    return {**shown, "value": one.text} if reveal else shown


def _action(one: Located, policy: Policy) -> tuple[str, str]:
    """What the policy does with it, and by which of its lines."""
    code = one.finding.category
    rule = code
    while rule and rule not in policy.actions:
        rule = rule.rpartition(".")[0]
    said = f"categories.{rule}" if rule else "categories.default"
    return policy.action(code).value, f"{said}; {TAXONOMY[code].meaning}"


def _decision(decision: Decision) -> dict[str, Json]:
    refusal = decision.refusal
    return {
        "mode": decision.mode.name.lower(),
        "destination": decision.destination.name if decision.destination else None,
        "refusal": None if refusal is None else {"code": refusal.code, "message": refusal.message},
        "trace": [
            {"rule": step.rule, "passed": step.passed, "because": step.because}
            for step in decision.trace
        ],
    }


def _show_decision(decision: Decision) -> None:
    for step in decision.trace:
        mark = click.style("+", fg="green") if step.passed else click.style("-", fg="yellow")
        click.echo(f"{mark} {step.rule}: {step.because}")
    if decision.refusal is not None:
        click.echo(f"refused ({decision.refusal.code}): {decision.refusal.message}")
    elif decision.destination is not None:
        where = f"{decision.destination.name} ({decision.destination.location.value})"
        click.echo(f"would be asked: {where}")


def _recorded(exchange: str) -> None:
    from louver.house import opened_store

    with opened_store(current_settings(starting=False)) as store:
        entries = store.entries(exchange=exchange)
    if not entries:
        raise Invalid("the ledger has no exchange with this id", code="unknown_exchange")
    if wants_json():
        show_json([{"entry": entry.seq, **entry.event} for entry in entries])
        return
    for entry in entries:
        click.echo(f"{entry.kind} (ledger entry {entry.seq})")
        for name, value in entry.event.items():
            if name == "because" and isinstance(value, list):
                for step in map(str, value):
                    passed = "passed" if step.startswith("+") else "did not pass"
                    click.echo(f"  {step[1:]}: {passed}")
            elif name != "kind":
                click.echo(f"  {name}: {value}")
