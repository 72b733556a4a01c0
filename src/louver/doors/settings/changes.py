"""What a change of the policy does: which rules differ, which decisions, and what gets looser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from louver.core.categories import TAXONOMY
from louver.core.consent import Consent, ConsentKey, Consents, ConsentState
from louver.core.decision import Needs, Question, decide
from louver.core.errors import LouverError
from louver.core.policy import Action, Destination, Location, Mode, PartKind, Policy

_STRICTNESS: Mapping[Action, int] = {
    Action.KEEP: 0,
    Action.REPLACE: 1,
    Action.LOCAL: 2,
    Action.REFUSE: 3,
}
_PERSON = "somebody"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `looser` means that data may now go where it could not."""

    rule: str
    before: str
    after: str
    looser: bool


def rule_changes(old: Policy, new: Policy) -> tuple[Change, ...]:
    """The rules that differ, looser ones first."""
    found = [
        *_modes(old, new),
        *_categories(old, new),
        *_sets(old, new),
        *_keeping(old, new),
        *_destinations(old, new),
        *_routes(old, new),
    ]
    return tuple(sorted(found, key=lambda change: (not change.looser, change.rule)))


def decision_changes(old: Policy, new: Policy) -> tuple[Change, ...]:
    """What the decisions become, for each model, size of request, consent and category.

    Not every request: one for each combination of rules that `decide` can look at alone.
    """
    sizes = (0, 1 + max((d.capabilities.context for d in _all(old, new)), default=0) // 2)
    grouped: dict[tuple[str, str, str], list[str]] = {}
    models = sorted(old.routes.keys() | new.routes.keys())
    for model, size, agreed in product(models, sizes, (False, True)):
        for code in (None, *TAXONOMY):
            before = _outcome(old, model, code, size, agreed=agreed)
            after = _outcome(new, model, code, size, agreed=agreed)
            if before != after:
                how = f"{model}{', long' if size else ''}{', with consent' if agreed else ''}"
                grouped.setdefault((how, before, after), []).append(code or "nothing found")
    return tuple(
        Change(f"{how}: {_listed(codes)}", before, after, _is_looser(before, after))
        for (how, before, after), codes in sorted(grouped.items())
    )


def _outcome(policy: Policy, model: str, code: str | None, size: int, *, agreed: bool) -> str:
    if model not in policy.routes:
        return "unknown model"
    question = Question(
        tenant="default",
        application="default",
        person=_PERSON,
        purpose=policy.default_purpose,
        model=model,
        now=0.0,
        needs=Needs(context=size),
        categories={code: 1} if code else {},
    )
    try:
        chosen = decide(question, policy, _everybody_agrees(policy) if agreed else _NOBODY)
    except LouverError as error:
        return f"refused ({error.code})"
    if chosen.refusal is not None or chosen.destination is None:
        return f"refused ({chosen.refusal.code if chosen.refusal else 'no_destination'})"
    kept = code is not None and policy.action(code) is Action.KEEP
    where = f"{chosen.destination.location.value} {chosen.destination.name}"
    return f"{where}, in clear" if kept else where


_NOBODY = Consents(0, {})


def _everybody_agrees(policy: Policy) -> Consents:
    recipients = {d.recipient for d in policy.destinations.values()}
    keys = [
        ConsentKey("default", _PERSON, purpose, recipient)
        for purpose, recipient in product(policy.purposes, recipients)
    ]
    return Consents(0, {key: Consent(key, ConsentState.GIVEN, 0.0) for key in keys})


def _is_looser(before: str, after: str) -> bool:
    return _reach(after) > _reach(before)


def _reach(outcome: str) -> int:
    """How far data goes: nowhere, to a local model, to a remote one; in clear is farther."""
    farther = 1 if outcome.endswith("in clear") else 0
    if outcome.startswith("remote"):
        return 4 + farther
    return 2 + farther if outcome.startswith("local") else 0


def _modes(old: Policy, new: Policy) -> Iterator[Change]:
    if old.mode != new.mode:
        yield Change("mode", _name(old.mode), _name(new.mode), new.mode > old.mode)
    for what in ("tenant_modes", "application_modes", "person_modes"):
        before: Mapping[str, Mode] = getattr(old, what)
        after: Mapping[str, Mode] = getattr(new, what)
        for name in sorted(before.keys() | after.keys()):
            was, is_ = before.get(name, Mode.FULL), after.get(name, Mode.FULL)
            if was != is_:
                shown = (_name(before.get(name)), _name(after.get(name)))
                yield Change(f"{what}.{name}", *shown, is_ > was)


def _categories(old: Policy, new: Policy) -> Iterator[Change]:
    for code in TAXONOMY:
        was, is_ = old.action(code), new.action(code)
        if was is not is_:
            looser = _STRICTNESS[is_] < _STRICTNESS[was]
            yield Change(f"categories.{code}", was.value, is_.value, looser)
    if old.remote_tier != new.remote_tier:
        was_tier, is_tier = old.remote_tier, new.remote_tier
        looser = is_tier > was_tier
        yield Change("remote_up_to", was_tier.name.lower(), is_tier.name.lower(), looser)


def _sets(old: Policy, new: Policy) -> Iterator[Change]:
    def change(rule: str, was: frozenset[str], is_: frozenset[str]) -> Iterator[Change]:
        if was != is_:
            yield Change(rule, _listed(sorted(was)), _listed(sorted(is_)), not is_ <= was)

    yield from change("purposes", old.purposes, new.purposes)
    yield from change("parts allowed", _kinds(old.allowed_parts), _kinds(new.allowed_parts))
    yield from change("links", old.link_hosts, new.link_hosts)
    if old.detectors != new.detectors:
        shown = (_listed(sorted(old.detectors)), _listed(sorted(new.detectors)))
        yield Change("detectors", *shown, looser=not old.detectors <= new.detectors)
    if old.default_purpose != new.default_purpose:
        yield Change("default purpose", old.default_purpose, new.default_purpose, looser=True)
    if old.sealed_tools != new.sealed_tools:
        shown = (_listed(sorted(old.sealed_tools)), _listed(sorted(new.sealed_tools)))
        yield Change("sealed_tools", *shown, not old.sealed_tools <= new.sealed_tools)
    if old.fallback != new.fallback:
        shown = (old.fallback or "none", new.fallback or "none")
        yield Change("fallback", *shown, old.fallback is None)


def _keeping(old: Policy, new: Policy) -> Iterator[Change]:
    if old.kept_for != new.kept_for:
        shown = (f"{old.kept_for:g} s", f"{new.kept_for:g} s")
        yield Change("vault.keep", *shown, new.kept_for > old.kept_for)
    if old.keeps_unnamed != new.keeps_unnamed:
        shown = ("true", "false") if old.keeps_unnamed else ("false", "true")
        yield Change("vault.without_person", *shown, new.keeps_unnamed)


def _destinations(old: Policy, new: Policy) -> Iterator[Change]:
    for name in sorted(old.destinations.keys() | new.destinations.keys()):
        was, is_ = old.destinations.get(name), new.destinations.get(name)
        if was == is_:
            continue
        rule = f"destinations.{name}"
        if was is None or is_ is None:
            shown = ("none", "there") if was is None else ("there", "none")
            yield Change(rule, *shown, looser=was is None)
            continue
        moved = is_.location is Location.REMOTE and was.location is Location.LOCAL
        # Another recipient or server under an old name: people agreed to somebody else.
        other = (was.recipient, was.base_url) != (is_.recipient, is_.base_url)
        can_more = is_.capabilities != was.capabilities and is_.location is Location.REMOTE
        shown = (was.location.value, is_.location.value)
        yield Change(f"{rule} (changed)", *shown, moved or other or can_more)


def _routes(old: Policy, new: Policy) -> Iterator[Change]:
    for model in sorted(old.routes.keys() | new.routes.keys()):
        was = old.routes[model].destinations if model in old.routes else ()
        is_ = new.routes[model].destinations if model in new.routes else ()
        if was != is_:
            looser = not set(is_) <= set(was)
            yield Change(f"models.{model}", _listed(was), _listed(is_), looser)


def _all(*policies: Policy) -> list[Destination]:
    return [d for policy in policies for d in policy.destinations.values()]


def _kinds(kinds: frozenset[PartKind]) -> frozenset[str]:
    return frozenset(kind.value for kind in kinds)


def _name(mode: Mode | None) -> str:
    return "none" if mode is None else mode.name.lower()


def _listed(names: list[str] | tuple[str, ...]) -> str:
    if len(names) > 6:
        return f"{', '.join(names[:5])} and {len(names) - 5} more"
    return ", ".join(names) or "none"
