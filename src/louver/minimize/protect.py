"""Plain text without its values, and the way back; what the library and `louver protect` offer."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from louver.core.errors import Refused, Tampered
from louver.core.policy import Action, Policy
from louver.core.sensitive import Sensitive
from louver.core.spans import Finding
from louver.minimize.detectors.shapes import placeholder_places
from louver.minimize.pseudonyms import Pseudonyms
from louver.minimize.survey import Finds

_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Protected:
    """A text without its values; `values` maps each placeholder to what it stands for.

    `findings` have their places in the original text; `counts` are by taxonomy code.
    """

    text: str
    values: Mapping[str, Sensitive[str]]
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]


def protect(
    text: str, finder: Finds, policy: Policy, pseudonyms: Pseudonyms, *, remember: bool = True
) -> Protected:
    """Replace what `finder` finds in `text` and the policy does not keep.

    Raises DetectorFailed; Refused for a category that the policy refuses.
    """
    findings = tuple(finder.find(text, remember=remember))
    counts: Counter[str] = Counter()
    safe = replace_all(text, to_replace(findings, policy), pseudonyms, counts)
    for _ in range(_ROUNDS):
        found = finder.find_besides(safe, pseudonyms.values, remember=remember)
        missed = unseen(safe, to_replace(found, policy), pseudonyms)
        if not missed:
            return Protected(safe, dict(pseudonyms.values), findings, dict(counts))
        safe = replace_all(safe, missed, pseudonyms, counts)
    raise Refused("values remained after replacing", code="minimization_incomplete")


def to_replace(findings: Sequence[Finding], policy: Policy) -> Sequence[Finding]:
    """The findings that must not stay. Raises Refused for one that may not even be replaced."""
    actions = {category: policy.action(category) for category in {f.category for f in findings}}
    refused = [category for category, action in actions.items() if action is Action.REFUSE]
    if refused:
        raise Refused(f"the policy refuses {min(refused)}", code="refused_category")
    if Action.KEEP not in actions.values():
        return findings
    return [f for f in findings if actions[f.category] is not Action.KEEP]


def replace_all(
    text: str, findings: Sequence[Finding], pseudonyms: Pseudonyms, counts: Counter[str]
) -> str:
    """`text` with each of `findings` (as a `Finder` gives them) replaced by its placeholder."""
    if not findings:
        return text
    out: list[str] = []
    at = 0
    for finding in findings:
        span, category = finding.span, finding.category
        out.append(text[at : span.start])
        out.append(pseudonyms.for_surface(category, text[span.start : span.end]))
        at = span.end
        counts[category] += 1
    out.append(text[at:])
    return "".join(out)


def unseen(text: str, findings: Sequence[Finding], pseudonyms: Pseudonyms) -> Sequence[Finding]:
    """Those `findings` that no placeholder of ours has a part in."""
    if not findings:
        return findings
    values = pseudonyms.values
    own = [place for place in placeholder_places(text) if text[place[0] : place[1]] in values]
    ends = [end for _, end in own]
    missed: list[Finding] = []
    for finding in findings:
        # Neither overlap among themselves: only the first that ends later can have a part in it.
        at = bisect_right(ends, finding.span.start)
        if at == len(own) or own[at][0] >= finding.span.end:
            missed.append(finding)
    return missed


def dump_values(values: Mapping[str, Sensitive[str]]) -> bytes:
    """The plain bytes of a map; whoever writes them anywhere seals them first."""
    return orjson.dumps({name: value.reveal() for name, value in values.items()})


def load_values(data: bytes) -> dict[str, Sensitive[str]]:
    """The reverse of `dump_values`. Raises Tampered."""
    tree = orjson.loads(data)
    if not isinstance(tree, dict):
        raise Tampered("this is not a map of placeholders")
    return {name: Sensitive(value) for name, value in tree.items()}
