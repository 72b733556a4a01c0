"""The policy's name in the ledger: SHA-256 of its canonical form; any change changes it."""

from __future__ import annotations

from dataclasses import replace

from louver.core.encoding import Json, canonical_json
from louver.core.policy import Destination, Policy
from louver.crypto.digests import sha256


def policy_digest(policy: Policy) -> str:
    """The digest of everything in `policy` but its digest, in hex."""
    return sha256(b"louver/policy/v1\0" + canonical_json(canonical_policy(policy))).hex()


def with_digest(policy: Policy) -> Policy:
    """The same policy under its own name."""
    return replace(policy, digest=policy_digest(policy))


def canonical_policy(policy: Policy) -> Json:
    """The policy as JSON: names for enumerations, sorted lists for sets, no digest."""
    return {
        "mode": policy.mode.name,
        "destinations": {n: _destination(d) for n, d in policy.destinations.items()},
        "routes": {name: list(route.destinations) for name, route in policy.routes.items()},
        "tenant_modes": {name: mode.name for name, mode in policy.tenant_modes.items()},
        "application_modes": {name: mode.name for name, mode in policy.application_modes.items()},
        "person_modes": {name: mode.name for name, mode in policy.person_modes.items()},
        "actions": {code: action.value for code, action in policy.actions.items()},
        "default_action": policy.default_action.value,
        "remote_tier": policy.remote_tier.name,
        "purposes": sorted(policy.purposes),
        "default_purpose": policy.default_purpose,
        "allowed_parts": sorted(kind.value for kind in policy.allowed_parts),
        "link_hosts": sorted(policy.link_hosts),
        "sealed_tools": sorted(policy.sealed_tools),
        "fallback": policy.fallback,
        "detectors": sorted(policy.detectors),
    }


def _destination(destination: Destination) -> Json:
    can = destination.capabilities
    return {
        "kind": destination.kind,
        "location": destination.location.value,
        "recipient": destination.recipient,
        "model": destination.model,
        "base_url": destination.base_url,
        "key_variable": destination.key_variable,
        "timeout": destination.timeout,
        "context": can.context,
        "tools": can.tools,
        "structured": can.structured,
        "embeddings": can.embeddings,
        "languages": sorted(can.languages),
        "tasks_excluded": sorted(can.tasks_excluded),
        "loading": {
            "task": destination.loading.task,
            "download": destination.loading.download,
            "at_start": destination.loading.at_start,
        },
    }
