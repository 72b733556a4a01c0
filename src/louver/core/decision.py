"""The one question: may this data, for this purpose, flow to this destination?

`decide()` is a pure function of the question, the policy and the consents; its trace names every
rule that was looked at, so that `louver explain` shows the decision and never guesses it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from louver.core.consent import ConsentKey, Consents, ConsentState
from louver.core.errors import (
    ConsentNeeded,
    ConsentRequired,
    Halted,
    LocalUnable,
    LouverError,
    Refused,
    Unavailable,
    Uninspectable,
    UpstreamDown,
)
from louver.core.halts import Halt, HaltKind, Halts
from louver.core.policy import PRESETS, Action, Destination, Location, Mode, PartKind, Policy, Route


@dataclass(frozen=True, slots=True)
class Part:
    """A message part that cannot be inspected, and where it stands (`messages[2].content[1]`).

    `shown` is where it stands for the client, if its format has another place for it.
    """

    kind: PartKind
    path: str
    shown: str = ""

    @property
    def place(self) -> str:
        return self.shown or self.path


@dataclass(frozen=True, slots=True)
class Needs:
    """What the request asks of a model; `context` is an estimate in tokens."""

    context: int = 0
    tools: bool = False
    structured: bool = False
    language: str | None = None
    embeddings: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """All facts about one request that a rule may look at; no content.

    `person` is Louver's internal id. `categories` counts the findings by taxonomy code. `tools` are
    the declared tools' names and where they stand, needed only while a tool is halted. `down` are
    the destinations that keep failing, and for how many seconds they are left alone.
    """

    tenant: str
    application: str
    person: str | None
    purpose: str
    model: str
    now: float
    task: str | None = None
    mode_asked: Mode | None = None
    needs: Needs = field(default_factory=Needs)
    categories: Mapping[str, int] = field(default_factory=dict)
    uninspectable: tuple[Part, ...] = ()
    halts: Halts = field(default_factory=Halts)
    tools: Mapping[str, str] = field(default_factory=dict)
    down: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at: its name, whether it let the request pass, and why."""

    rule: str
    passed: bool
    because: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: a destination or a refusal; `consent` must still hold when `sent` is recorded."""

    mode: Mode
    trace: tuple[Step, ...]
    destination: Destination | None = None
    consent: ConsentKey | None = None
    refusal: LouverError | None = None

    @property
    def explanation(self) -> str:
        """Every rule that was looked at and what it said, in one line."""
        return "; ".join(f"{step.rule}: {step.because}" for step in self.trace)

    @property
    def because(self) -> tuple[str, ...]:
        """The rule names that decided, content-free, for the ledger."""
        return tuple(f"{'+' if s.passed else '-'}{s.rule}" for s in self.trace)

    def require(self) -> Destination:
        """The destination. Raises the refusal where there is none."""
        if self.refusal is not None:
            raise self.refusal
        if self.destination is None:
            raise Refused("no destination is allowed by the policy")
        return self.destination


def decide(question: Question, policy: Policy, consents: Consents) -> Decision:
    """Answer `question`. Raises UnknownModel; every other outcome is a Decision."""
    trace: list[Step] = []
    mode = mode_of(question, policy)
    trace.append(Step("mode", True, f"{mode.name.lower()} (the strictest of those that apply)"))
    refusal = _refused_outright(question, policy, trace)
    if refusal is not None:
        return Decision(mode, tuple(trace), refusal=refusal)
    return _choose(question, policy, consents, mode, trace)


def mode_of(question: Question, policy: Policy) -> Mode:
    """The strictest mode among installation, tenant, application, person and request."""
    asked = [
        policy.mode,
        policy.tenant_modes.get(question.tenant),
        policy.application_modes.get(f"{question.tenant} {question.application}"),
        policy.person_modes.get(question.person) if question.person else None,
        question.mode_asked,
    ]
    return min(m for m in asked if m is not None)


def _refused_outright(question: Question, policy: Policy, trace: list[Step]) -> LouverError | None:
    halted = _halted(question, trace)
    if halted is not None:
        return halted
    if question.purpose not in policy.purposes:
        trace.append(Step("purpose", False, "the policy does not know this purpose"))
        known = ", ".join(sorted(policy.purposes))
        return Refused(
            f"this purpose is not in the policy; it knows: {known}", code="unknown_purpose"
        )
    trace.append(Step("purpose", True, f"{question.purpose} is in the policy"))
    for part in question.uninspectable:
        if part.kind not in policy.allowed_parts:
            kind = part.kind.value
            trace.append(Step("parts", False, f"{kind} at {part.place} cannot be inspected"))
            return Uninspectable(
                f"{part.place} is a part of kind '{kind}' that cannot be inspected; "
                f"send text, or allow it with `parts: {{{kind}: allow}}` in louver.yaml",
                param=part.place,
            )
    for code in sorted(question.categories):
        if policy.action(code) is Action.REFUSE:
            trace.append(Step("categories", False, f"{code} is refused"))
            return Refused(
                f"the policy refuses requests that contain {code}", code="refused_category"
            )
    trace.append(Step("categories", True, "no refused category was found"))
    return None


def _halted(question: Question, trace: list[Step]) -> Halted | None:
    """What the operator has stopped of all that the request stands on, but its destination."""
    asked = [
        (Halt(HaltKind.TENANT, question.tenant), None),
        (Halt(HaltKind.ROUTE, question.model), "model"),
        *((Halt(HaltKind.TOOL, name), place) for name, place in question.tools.items()),
    ]
    for halt, place in asked:
        if question.halts.halted(halt.kind, halt.name):
            what = halt.kind.value
            trace.append(Step("halts", False, f"the {what} is halted"))
            return Halted(f"the {what} '{halt.name}' is halted by the operator", param=place)
    return None


def _choose(
    question: Question, policy: Policy, consents: Consents, mode: Mode, trace: list[Step]
) -> Decision:
    route = policy.route(question.model)
    local = [d for d in _destinations(route, policy) if d.location is Location.LOCAL]
    remote = [d for d in _destinations(route, policy) if d.location is Location.REMOTE]
    reason = "no_local_model"
    resting: Unavailable | None = None  # What could and may answer, and is out of service.
    for destination in local:
        incapable = unable(destination, question)
        if incapable is not None:
            reason = incapable
            because = f"{destination.name}: insufficient_capability: {reason}"
            trace.append(Step("local", False, because))
            continue
        out = _out_of_service(destination, question)
        if out is None:
            trace.append(Step("local", True, f"{destination.name} can do it"))
            return Decision(mode, tuple(trace), destination=destination)
        trace.append(Step("local", False, f"{destination.name}: {out.code}"))
        resting = _sooner(resting, out)
    if not local:
        trace.append(Step("local", False, "the route names no local model"))
    refusal: LouverError | None = None
    for destination in remote:
        outcome = _ask_remote(destination, question, policy, consents, mode, trace)
        if isinstance(outcome, ConsentKey):
            return Decision(mode, tuple(trace), destination=destination, consent=outcome)
        if isinstance(outcome, Unavailable):
            resting = _sooner(resting, outcome)
        # What a person can allow is worth more to the caller than what nobody can do.
        elif refusal is None or isinstance(outcome, ConsentRequired):
            refusal = outcome
    fallback = _fallback(question, policy, trace)
    if isinstance(fallback, Destination):
        return Decision(mode, tuple(trace), destination=fallback)
    # Nobody is asked to agree to more only because what they agreed to is out of service.
    refusal = _sooner(resting, fallback) or refusal
    refusal = refusal or LocalUnable(
        f"the local model cannot do this ({reason}), and the route names no other destination; "
        "choose another model, or ask for less"
    )
    return Decision(mode, tuple(trace), refusal=refusal)


def _fallback(
    question: Question, policy: Policy, trace: list[Step]
) -> Destination | Unavailable | None:
    if policy.fallback is None:
        return None
    destination = policy.destinations[policy.fallback]
    out = _out_of_service(destination, question)
    if out is not None:
        trace.append(Step("fallback", False, f"{destination.name}: {out.code}"))
        return out
    trace.append(Step("fallback", True, f"the policy names {destination.name}"))
    return destination


def _out_of_service(destination: Destination, question: Question) -> Unavailable | None:
    """Why a destination that could answer is not asked: it is halted, or keeps failing."""
    name = destination.name
    if question.halts.halted(HaltKind.MODEL, name):
        return Halted(f"the model '{name}' is halted by the operator")
    wait = question.down.get(name)
    if wait is None:
        return None
    message = "the model's server keeps failing and is left alone for a while; try again later"
    return UpstreamDown(message, retry_after=max(1, math.ceil(wait)))


def _sooner(one: Unavailable | None, other: Unavailable | None) -> Unavailable | None:
    """The one after which trying again may help, and the sooner of two such."""
    known = [error for error in (one, other) if error is not None]
    return min(known, key=lambda error: error.retry_after or math.inf, default=None)


def unable(destination: Destination, question: Question) -> str | None:
    """What `destination` cannot do of what the request needs; None when it can do all."""
    can, needs = destination.capabilities, question.needs
    if needs.context > can.context:
        return "context_length"
    if needs.tools and not can.tools:
        return "tool_use"
    if needs.structured and not can.structured:
        return "structured_output"
    if needs.embeddings and not can.embeddings:
        return "embeddings"
    if needs.language and can.languages and needs.language not in can.languages:
        return "language"
    if question.task is not None and question.task in can.tasks_excluded:
        return "task_excluded_by_policy"
    return None


def _ask_remote(
    destination: Destination,
    question: Question,
    policy: Policy,
    consents: Consents,
    mode: Mode,
    trace: list[Step],
) -> ConsentKey | LouverError:
    """The consent under which `destination` may be asked, or why it may not."""
    name = destination.name
    if not PRESETS[mode].remote:
        trace.append(Step("remote", False, f"{name}: mode {mode.name.lower()} is local only"))
        message = (
            f"mode {mode.name.lower()} keeps requests on local models, and none can do this one"
        )
        return LocalUnable(message)
    for code in sorted(question.categories):
        if policy.action(code) is Action.LOCAL or policy.tier(code) > policy.remote_tier:
            trace.append(Step("sensitivity", False, f"{name}: {code} stays on local models"))
            return LocalUnable(f"the policy keeps {code} on local models, and none can do this one")
    trace.append(Step("sensitivity", True, f"{name}: what remains may go to a remote model"))
    reason = unable(destination, question)
    if reason is not None:
        trace.append(Step("remote", False, f"{name}: insufficient_capability: {reason}"))
        return LocalUnable(f"no destination of this model can do it: {reason}")
    state = ConsentState.UNKNOWN
    if question.person is not None:
        key = ConsentKey(question.tenant, question.person, question.purpose, destination.recipient)
        state = consents.state(key, question.now)
        if state is ConsentState.GIVEN:
            trace.append(Step("consent", True, f"given for {key.purpose} to {key.recipient}"))
            out = _out_of_service(destination, question)
            if out is not None:
                trace.append(Step("remote", False, f"{name}: {out.code}"))
            return out or key
    trace.append(Step("consent", False, f"{state.value} for {question.purpose}"))
    return ConsentRequired(
        f"a remote model ({destination.recipient}) could answer this; ask the person to agree to "
        f"purpose '{question.purpose}', then record it with `louver consent grant`",
        ConsentNeeded(
            purpose=question.purpose,
            recipient=destination.recipient,
            person_known=question.person is not None,
            state=state.value,
        ),
    )


def _destinations(route: Route, policy: Policy) -> Iterator[Destination]:
    for name in route.destinations:
        yield policy.destinations[name]
