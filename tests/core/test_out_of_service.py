"""What is halted is not asked; what keeps failing makes room for what may be asked instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.consent import Consent, ConsentKey, Consents, ConsentState
from louver.core.decision import Needs, Question, decide
from louver.core.errors import ConsentRequired, Halted, LocalUnable, LouverError, UpstreamDown
from louver.core.halts import Halt, HaltKind, Halts, Standing
from louver.core.policy import Capabilities, Destination, Location, Mode, Policy, Route

LOCAL = Destination(
    "home", "practice", Location.LOCAL, "us", "m", capabilities=Capabilities(context=100)
)
SPARE = replace(LOCAL, name="spare")
CLOUD = Destination("cloud", "openai", Location.REMOTE, "Example AI", "m")
OTHER = replace(CLOUD, name="other", recipient="Other AI")
POLICY = Policy(
    digest="d",
    mode=Mode.FULL,
    destinations={d.name: d for d in (LOCAL, SPARE, CLOUD, OTHER)},
    routes={
        "louver": Route("louver", ("home", "cloud")),
        "local": Route("local", ("home", "spare")),
        "remote": Route("remote", ("cloud", "other")),
    },
)
ASK = Question(
    tenant="t", application="a", person="p1", purpose="assistance", model="louver", now=50
)


def agreed(*recipients: str) -> Consents:
    keys = [ConsentKey("t", "p1", "assistance", recipient) for recipient in recipients]
    return Consents(1, {key: Consent(key, ConsentState.GIVEN, 0, None) for key in keys})


def halted(kind: HaltKind, name: str) -> Halts:
    halt = Halt(kind, name)
    return Halts(1, {halt: Standing(halt, "test", 0.0)})


def outcome(question: Question, consents: Consents) -> Destination | LouverError:
    decision = decide(question, POLICY, consents)
    return decision.destination or decision.refusal or LouverError("nothing was decided")


def down(**seconds: float) -> Mapping[str, float]:
    return seconds


def test_the_next_one_that_may_be_asked_is_asked() -> None:
    assert outcome(replace(ASK, model="local", down=down(home=9.5)), agreed()) is SPARE
    assert outcome(replace(ASK, down=down(home=9.5)), agreed("Example AI")) is CLOUD
    remote = replace(ASK, model="remote", down=down(cloud=9.5))
    assert outcome(remote, agreed("Example AI", "Other AI")) is OTHER


def test_nobody_is_asked_to_agree_to_more_because_of_a_failure() -> None:
    """Without consent the remote one stays unasked: the local one will be back."""
    error = outcome(replace(ASK, down=down(home=9.5)), agreed())
    assert isinstance(error, UpstreamDown)
    assert (error.code, error.retry_after) == ("upstream_down", 10)
    only_one = replace(ASK, model="remote", down=down(cloud=3.0))
    error = outcome(only_one, agreed("Example AI"))
    assert isinstance(error, UpstreamDown)


def test_who_has_not_agreed_is_asked_whatever_is_down() -> None:
    hard = replace(ASK, needs=Needs(context=101), down=down(cloud=3.0))
    assert isinstance(outcome(hard, agreed()), ConsentRequired)
    assert isinstance(outcome(hard, agreed("Example AI")), UpstreamDown)


def test_strict_mode_stays_local_in_a_failure_too() -> None:
    strict = replace(ASK, mode_asked=Mode.STRICT, down=down(home=1.0))
    assert isinstance(outcome(strict, agreed("Example AI")), UpstreamDown)


def test_what_can_do_it_decides_before_what_is_up() -> None:
    """A model that could not answer anyway is not missed."""
    hard = replace(ASK, model="local", needs=Needs(context=101), down=down(home=1.0))
    assert isinstance(outcome(hard, agreed()), LocalUnable)


def test_a_halted_model_is_passed_over_and_the_trace_says_so() -> None:
    question = replace(ASK, model="local", halts=halted(HaltKind.MODEL, "home"))
    decision = decide(question, POLICY, agreed())
    assert decision.require() is SPARE
    assert ("local", "home: halted") in [(s.rule, s.because) for s in decision.trace]
    both = {**halted(HaltKind.MODEL, "home").standing, **halted(HaltKind.MODEL, "spare").standing}
    error = outcome(replace(question, halts=Halts(1, both)), agreed())
    assert isinstance(error, Halted)
    assert error.retry_after is None


def test_of_a_halt_and_a_failure_the_failure_is_told() -> None:
    """It will pass; the halt is the operator's."""
    question = replace(
        ASK, model="local", halts=halted(HaltKind.MODEL, "home"), down=down(spare=2.0)
    )
    assert isinstance(outcome(question, agreed()), UpstreamDown)


@pytest.mark.parametrize(
    ("halts", "param"),
    [
        (halted(HaltKind.TENANT, "t"), None),
        (halted(HaltKind.ROUTE, "louver"), "model"),
        (halted(HaltKind.TOOL, "send_mail"), "tools[1]"),
    ],
    ids=["tenant", "route", "tool"],
)
def test_tenants_routes_and_tools_end_the_request(halts: Halts, param: str | None) -> None:
    question = replace(ASK, halts=halts, tools={"search": "tools[0]", "send_mail": "tools[1]"})
    error = outcome(question, agreed("Example AI"))
    assert isinstance(error, Halted)
    assert (error.code, error.param) == ("halted", param)
    other = replace(question, tenant="u", model="local", tools={"search": "tools[0]"})
    assert outcome(other, agreed()) is LOCAL


def test_a_halt_of_another_kind_with_the_same_name_is_another_halt() -> None:
    for kind in (HaltKind.TENANT, HaltKind.ROUTE, HaltKind.TOOL):
        assert outcome(replace(ASK, halts=halted(kind, "home")), agreed()) is LOCAL


def test_the_fallback_is_not_asked_while_it_is_out_of_service() -> None:
    policy = replace(POLICY, fallback="spare")
    hard = replace(ASK, model="remote")
    assert decide(hard, policy, agreed()).require() is SPARE
    refusal = decide(replace(hard, down=down(spare=4.0)), policy, agreed()).refusal
    assert isinstance(refusal, UpstreamDown)
    refusal = decide(replace(hard, halts=halted(HaltKind.MODEL, "spare")), policy, agreed()).refusal
    assert isinstance(refusal, Halted)


@given(
    out=st.sets(st.sampled_from(["home", "spare", "cloud", "other"])),
    stopped=st.sets(st.sampled_from(["home", "spare", "cloud", "other"])),
    model=st.sampled_from(["louver", "local", "remote"]),
    recipients=st.sets(st.sampled_from(["Example AI", "Other AI"])),
    context=st.sampled_from([1, 101]),
)
def test_being_out_of_service_opens_no_door(
    out: set[str], stopped: set[str], model: str, recipients: set[str], context: int
) -> None:
    """No destination is asked that is out of service, or would not be allowed if it came first."""
    standing = {h: Standing(h, "x", 0.0) for h in (Halt(HaltKind.MODEL, n) for n in stopped)}
    question = replace(
        ASK,
        model=model,
        needs=Needs(context=context),
        halts=Halts(1, standing),
        down=dict.fromkeys(out, 1.0),
    )
    chosen = outcome(question, agreed(*recipients))
    if isinstance(chosen, Destination):
        assert chosen.name not in out | stopped
        if chosen.location is Location.REMOTE:
            assert chosen.recipient in recipients
        else:
            assert context <= chosen.capabilities.context
