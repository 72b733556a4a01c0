"""`louver consent`: what a person has agreed to; each change is an entry of the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import click

from louver.core import retention
from louver.core.consent import ConsentKey, ConsentState
from louver.core.errors import Invalid
from louver.core.policy import Location, Policy
from louver.core.sensitive import Sensitive
from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import moment, show_json, show_table, wants_json
from louver.doors.settings.problems import did_you_mean
from louver.doors.settings.units import seconds

F = TypeVar("F", bound=Callable[..., object])


@click.group(epilog=examples("louver consent grant --person patient-7"))
def consent() -> None:
    """Record and list what people agreed to."""


def _about(function: F) -> F:
    """The options that name one answer."""
    for decorate in (
        click.option("--recipient", help="Who receives the data; by default the only remote one."),
        click.option("--purpose", help="What for; by default the policy's first purpose."),
        click.option("--tenant", default="default", show_default=True, help="Whose person it is."),
        click.option("--person", required=True, help="The application's id of the person."),
    ):
        function = decorate(function)
    return function


@consent.command(
    epilog=examples(
        "louver consent grant --person patient-7",
        'louver consent grant --person patient-7 --recipient "Example AI Ltd." --expires 30d',
        "louver consent grant --person patient-7 --purpose retention",
    )
)
@_about
@click.option("--expires", help="How long the answer counts, such as 30d; by default no end.")
@shared
def grant(
    person: str, tenant: str, purpose: str | None, recipient: str | None, expires: str | None
) -> None:
    """Record that a person agrees."""
    end = None
    if expires is not None:
        try:
            end = time.time() + seconds(expires)
        except ValueError:
            raise Invalid("--expires takes a time such as 12h or 30d") from None
    _record(Sensitive(person), tenant, (purpose, recipient), ConsentState.GIVEN, end)


@consent.command(epilog=examples("louver consent refuse --person patient-7"))
@_about
@shared
def refuse(person: str, tenant: str, purpose: str | None, recipient: str | None) -> None:
    """Record that a person said no."""
    _record(Sensitive(person), tenant, (purpose, recipient), ConsentState.REFUSED)


@consent.command(epilog=examples("louver consent withdraw --person patient-7"))
@_about
@shared
def withdraw(person: str, tenant: str, purpose: str | None, recipient: str | None) -> None:
    """Record that a person no longer agrees; no request leaves under it after this returns.

    Withdrawing the purpose `retention` also erases the conversations that are kept.
    """
    _record(Sensitive(person), tenant, (purpose, recipient), ConsentState.WITHDRAWN)


@consent.command(
    "list", epilog=examples("louver consent list", "louver consent list --person patient-7 --json")
)
@click.option("--tenant", default="default", show_default=True, help="Whose people.")
@click.option("--person", help="The application's id of one person.")
@shared
def list_consents(tenant: str, person: str | None) -> None:
    """List the recorded answers; people are shown by their internal ids."""
    from louver.house import opened_store

    with opened_store(current_settings(starting=False)) as store:
        internal = None if person is None else store.known_person(tenant, Sensitive(person))
        unknown = person is not None and internal is None
        answers = () if unknown else store.list_consents(tenant, internal)
    now = time.time()
    if wants_json():
        show_json(
            [
                {
                    "person": a.key.person,
                    "purpose": a.key.purpose,
                    "recipient": a.key.recipient,
                    "state": a.at(now).value,
                    "since": a.since,
                    "expires": a.expires,
                }
                for a in answers
            ]
        )
        return
    columns = ("person", "purpose", "recipient", "state", "since (UTC)", "expires (UTC)")
    rows = [
        (
            *(a.key.person, a.key.purpose, a.key.recipient),
            *(a.at(now).value, moment(a.since), moment(a.expires)),
        )
        for a in answers
    ]
    show_table(columns, rows, empty="No answers are recorded.")


def _record(
    person: Sensitive[str],
    tenant: str,
    about: tuple[str | None, str | None],
    state: ConsentState,
    expires: float | None = None,
) -> None:
    from louver.house import opened_store

    settings = current_settings(starting=False)
    # A no is recorded about what the policy no longer names, too.
    asking = state is ConsentState.GIVEN
    purpose = _purpose(settings.policy, about[0], asking=asking)
    if purpose == retention.PURPOSE:
        recipient = _this_house(about[1])
    else:
        recipient = _recipient(settings.policy, about[1], asking=asking)
    with opened_store(settings) as store:
        internal = store.person(tenant, person).result()
        key = ConsentKey(tenant, internal, purpose, recipient)
        entry = store.set_consent(key, state, expires).result()
    if wants_json():
        show_json(
            {
                "person": internal,
                "purpose": purpose,
                "recipient": recipient,
                "state": state.value,
                "expires": expires,
                "entry": entry,
            }
        )
    else:
        about_it = f"for {purpose} to {recipient}"
        click.echo(f"recorded {state.value} of {internal} {about_it} (ledger entry {entry})")


def _purpose(policy: Policy, given: str | None, *, asking: bool) -> str:
    purpose = given or policy.default_purpose
    known = policy.purposes | {retention.PURPOSE}
    if asking and purpose not in known:
        raise Invalid(f"the policy has no such purpose{did_you_mean(purpose, known)}")
    return purpose


def _this_house(given: str | None) -> str:
    """Who keeps conversations; nobody else is asked for."""
    if given not in {None, retention.RECIPIENT}:
        raise Invalid(f"purpose {retention.PURPOSE} has one recipient: '{retention.RECIPIENT}'")
    return retention.RECIPIENT


def _recipient(policy: Policy, given: str | None, *, asking: bool) -> str:
    destinations = policy.destinations.values()
    known = sorted({d.recipient for d in destinations if d.location is Location.REMOTE})
    if given is None and len(known) == 1:
        return known[0]
    if given is not None and (given in known or not asking):
        return given
    listed = "; ".join(known) or "none: the policy names no remote destination"
    raise Invalid(f"name a recipient of the policy with --recipient. There are: {listed}")
