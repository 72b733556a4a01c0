"""The one decision: local first, the strictest mode, and no remote model without given consent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.consent import Consent, ConsentKey, Consents, ConsentState
from louver.core.decision import Decision, Needs, Part, Question, decide
from louver.core.errors import (
    ConsentRequired,
    LocalUnable,
    Refused,
    Uninspectable,
    UnknownModel,
)
from louver.core.policy import (
    Action,
    Capabilities,
    Destination,
    Location,
    Mode,
    PartKind,
    Policy,
    Route,
)

LOCAL = Destination(
    "home", "practice", Location.LOCAL, "us", "m",
    capabilities=Capabilities(
        context=100, tools=False, structured=False, embeddings=False, languages=frozenset({"en"}),
        tasks_excluded=frozenset({"legal"}),
    ),
)  # fmt: skip
REMOTE = Destination("cloud", "openai", Location.REMOTE, "Example AI", "m")
POLICY = Policy(
    digest="d",
    mode=Mode.FULL,
    destinations={"home": LOCAL, "cloud": REMOTE},
    routes={
        "louver": Route("louver", ("home", "cloud")),
        "remote": Route("remote", ("cloud",)),
        "local": Route("local", ("home",)),
    },
)
KEY = ConsentKey("t", "p1", "assistance", "Example AI")
ASK = Question(
    tenant="t", application="a", person="p1", purpose="assistance", model="louver", now=50
)
HARD = replace(ASK, needs=Needs(context=101))


def answers(state: ConsentState | None, expires: float | None = None) -> Consents:
    return Consents(1, {} if state is None else {KEY: Consent(KEY, state, 0, expires)})


GIVEN = answers(ConsentState.GIVEN)
NOBODY = answers(None)


def rules(decision: Decision) -> dict[str, bool]:
    return {step.rule: step.passed for step in decision.trace}


def test_the_local_model_answers_what_it_can() -> None:
    assert decide(ASK, POLICY, GIVEN).require() is LOCAL


@pytest.mark.parametrize(
    "needs",
    [
        Needs(context=101),
        Needs(tools=True),
        Needs(structured=True),
        Needs(embeddings=True),
        Needs(language="de"),
    ],
    ids=["context", "tools", "structured", "embeddings", "language"],
)
def test_a_remote_model_is_asked_only_for_what_the_local_one_cannot_do(needs: Needs) -> None:
    decision = decide(replace(ASK, needs=needs), POLICY, GIVEN)
    assert decision.require() is REMOTE
    assert decision.consent == KEY
    assert "insufficient_capability" in next(s.because for s in decision.trace if s.rule == "local")


def test_a_task_that_policy_keeps_from_the_local_model() -> None:
    assert decide(replace(ASK, task="legal"), POLICY, GIVEN).require() is REMOTE


@pytest.mark.parametrize("state", [None, *(s for s in ConsentState if s is not ConsentState.GIVEN)])
def test_any_state_but_given_is_no_consent(state: ConsentState | None) -> None:
    with pytest.raises(ConsentRequired) as caught:
        decide(HARD, POLICY, answers(state)).require()
    assert caught.value.needed.purpose == "assistance"
    assert caught.value.needed.recipient == "Example AI"


def test_consent_ends_by_itself() -> None:
    assert decide(HARD, POLICY, answers(ConsentState.GIVEN, expires=50.1)).require() is REMOTE
    with pytest.raises(ConsentRequired):
        decide(HARD, POLICY, answers(ConsentState.GIVEN, expires=50)).require()


def test_a_request_for_nobody_has_no_consent() -> None:
    with pytest.raises(ConsentRequired) as caught:
        decide(replace(HARD, person=None), POLICY, GIVEN).require()
    assert not caught.value.needed.person_known


def test_consent_counts_for_its_own_purpose_recipient_and_tenant_only() -> None:
    policy = replace(POLICY, purposes=frozenset({"assistance", "research"}))
    for other in (replace(HARD, purpose="research"), replace(HARD, tenant="u")):
        with pytest.raises(ConsentRequired):
            decide(other, policy, GIVEN).require()


def test_the_fallback_answers_where_consent_is_missing() -> None:
    policy = replace(POLICY, fallback="home")
    assert decide(HARD, policy, NOBODY).require() is LOCAL
    with pytest.raises(ValueError, match="local"):
        replace(POLICY, fallback="cloud")


@pytest.mark.parametrize(
    "change",
    [
        {"mode": Mode.STRICT},
        {"tenant_modes": {"t": Mode.STRICT}},
        {"application_modes": {"t a": Mode.STRICT}},
        {"person_modes": {"p1": Mode.STRICT}},
    ],
    ids=["installation", "tenant", "application", "person"],
)
def test_strict_anywhere_is_strict(change: dict[str, Mode]) -> None:
    with pytest.raises(LocalUnable):
        decide(HARD, replace(POLICY, **change), GIVEN).require()  # type: ignore[arg-type]  # one field at a time


@given(st.lists(st.sampled_from(Mode) | st.none(), min_size=4, max_size=4), st.sampled_from(Mode))
def test_the_strictest_mode_wins(modes: list[Mode | None], own: Mode) -> None:
    tenant, application, person, asked = modes
    policy = replace(
        POLICY,
        mode=own,
        tenant_modes={} if tenant is None else {"t": tenant},
        application_modes={} if application is None else {"t a": application},
        person_modes={} if person is None else {"p1": person},
    )
    decision = decide(replace(ASK, mode_asked=asked), policy, GIVEN)
    assert decision.mode is min(m for m in [*modes, own] if m is not None)


def test_what_policy_keeps_at_home_stays_at_home() -> None:
    local_only = replace(POLICY, actions={"contact": Action.LOCAL})
    with pytest.raises(LocalUnable):
        decide(replace(HARD, categories={"contact.email": 1}), local_only, GIVEN).require()
    assert (
        decide(replace(ASK, categories={"contact.email": 1}), local_only, GIVEN).require() is LOCAL
    )


def test_special_categories_stay_at_home_by_default() -> None:
    with pytest.raises(LocalUnable):
        decide(replace(HARD, categories={"health.condition": 1}), POLICY, GIVEN).require()


def test_the_longest_prefix_decides_about_a_category() -> None:
    policy = replace(POLICY, actions={"contact": Action.REFUSE, "contact.email": Action.KEEP})
    assert policy.action("contact.email") is Action.KEEP
    assert policy.action("contact.phone") is Action.REFUSE
    assert policy.action("person.name") is Action.REPLACE
    assert (
        replace(POLICY, actions={"louver": Action.KEEP}).action("louver.literal") is Action.REPLACE
    )
    with pytest.raises(Refused):
        decide(replace(ASK, categories={"contact.phone": 1}), policy, GIVEN).require()


def test_parts_that_cannot_be_inspected_are_refused_by_name() -> None:
    part = Part(PartKind.IMAGE, "messages[0].content[1]")
    with pytest.raises(Uninspectable, match=r"messages\[0\].content\[1\].*image: allow"):
        decide(replace(ASK, uninspectable=(part,)), POLICY, GIVEN).require()
    allowed = replace(POLICY, allowed_parts=frozenset({PartKind.IMAGE}))
    assert decide(replace(ASK, uninspectable=(part,)), allowed, GIVEN).require() is LOCAL


def test_unknown_purposes_and_models() -> None:
    with pytest.raises(Refused, match="it knows: assistance"):
        decide(replace(ASK, purpose="ads"), POLICY, GIVEN).require()
    with pytest.raises(UnknownModel) as caught:
        decide(replace(ASK, model="canary"), POLICY, GIVEN)
    assert "canary" not in caught.value.message


def test_a_route_without_a_local_model_still_needs_consent() -> None:
    assert decide(replace(ASK, model="remote"), POLICY, GIVEN).require() is REMOTE
    with pytest.raises(ConsentRequired):
        decide(replace(ASK, model="remote"), POLICY, NOBODY).require()
    with pytest.raises(LocalUnable):
        decide(replace(HARD, model="local"), POLICY, GIVEN).require()


questions = st.builds(
    Question,
    tenant=st.sampled_from(["t", "u"]),
    application=st.just("a"),
    person=st.sampled_from(["p1", "p2", None]),
    purpose=st.sampled_from(["assistance", "ads"]),
    model=st.sampled_from(["louver", "remote", "local"]),
    now=st.floats(0, 100),
    task=st.sampled_from([None, "legal"]),
    mode_asked=st.sampled_from([None, *Mode]),
    needs=st.builds(Needs, context=st.integers(0, 200), tools=st.booleans()),
    categories=st.sampled_from([{}, {"contact.email": 1}, {"health.condition": 2}]),
)


@given(questions, st.sampled_from([None, *ConsentState]), st.floats(1, 100) | st.none())
def test_no_remote_destination_without_given_consent(
    question: Question, state: ConsentState | None, expires: float | None
) -> None:
    """The promise, for every question: remote implies given, unexpired, and not strict."""
    consents = answers(state, expires)
    decision = decide(question, POLICY, consents)
    if decision.destination is REMOTE:
        assert decision.consent is not None
        assert consents.state(decision.consent, question.now) is ConsentState.GIVEN
        assert decision.consent.person == question.person
        assert decision.mode is not Mode.STRICT
        assert "health.condition" not in question.categories
    assert (decision.destination is None) == (decision.refusal is not None)
    assert rules(decision)["mode"]
