"""The catalog of pattern rules, one file per field."""

from __future__ import annotations

from louver.minimize.detectors.catalog import (
    contact,
    documents,
    finance,
    identity_europe,
    identity_world,
    network,
    people,
    secret_assignments,
    secret_tokens,
)
from louver.minimize.detectors.rules import Rule

RULES: tuple[Rule, ...] = (
    *contact.RULES,
    *network.RULES,
    *finance.RULES,
    *identity_europe.RULES,
    *identity_world.RULES,
    *documents.RULES,
    *people.RULES,
    *secret_tokens.RULES,
    *secret_assignments.RULES,
)
"""Every built-in rule; the order decides between findings that are equal otherwise."""
