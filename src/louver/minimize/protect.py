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
from louver.minimize.canonical import canonical
from louver.minimize.detectors.shapes import placeholder_spans
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
        missed = unseen(safe, to_replace(finder.find(safe, remember=remember), policy), pseudonyms)
        if not missed:
            return Protected(safe, dict(pseudonyms.values), findings, dict(counts))
        safe = replace_all(safe, missed, pseudonyms, counts)
    raise Refused("values remained after replacing", code="minimization_incomplete")


def to_replace(findings: Sequence[Finding], policy: Policy) -> list[Finding]:
    """The findings that must not stay. Raises Refused for one that may not even be replaced."""
    for finding in findings:
        if policy.action(finding.category) is Action.REFUSE:
            raise Refused(f"the policy refuses {finding.category}", code="refused_category")
    return [f for f in findings if policy.action(f.category) is not Action.KEEP]


def replace_all(
    text: str, findings: list[Finding], pseudonyms: Pseudonyms, counts: Counter[str]
) -> str:
    """`text` with each of `findings` (as a `Finder` gives them) replaced by its placeholder."""
    out, at = [], 0
    for finding in findings:
        surface = finding.span.of(text)
        value = canonical(finding.category, surface)
        out += [text[at : finding.span.start]]
        out += [pseudonyms.for_value(finding.category, value, surface)]
        at = finding.span.end
        counts[finding.category] += 1
    return "".join([*out, text[at:]])


def unseen(text: str, findings: list[Finding], pseudonyms: Pseudonyms) -> list[Finding]:
    """Those `findings` that no placeholder of ours has a part in."""
    if not findings:
        return []
    own = [span for span in placeholder_spans(text) if span.of(text) in pseudonyms.values]
    ends = [span.end for span in own]
    missed: list[Finding] = []
    for finding in findings:
        # Neither overlap among themselves: only the first that ends later can have a part in it.
        at = bisect_right(ends, finding.span.start)
        if at == len(own) or own[at].start >= finding.span.end:
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
