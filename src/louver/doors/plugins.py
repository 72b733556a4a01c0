"""Detectors and providers by entry point; ours are registered the same way as anybody's.

A plugin is code that somebody installed; only the kinds that the settings name are ever imported.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast

from louver.core.errors import Invalid
from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.gateway.providers.interface import Provider
from louver.minimize.interface import Detector

DETECTORS = "louver.detectors"
PROVIDERS = "louver.providers"

MakeProvider = Callable[[Destination, Sensitive[str] | None, Clock], Provider]


def detector(name: str) -> Detector:
    """The detector registered as `name`. Raises Invalid."""
    return cast("Callable[[], Detector]", _load(DETECTORS, name))()


def provider(destination: Destination, key: Sensitive[str] | None, clock: Clock) -> Provider:
    """A client for `destination`, by its kind. Raises Invalid."""
    return cast("MakeProvider", _load(PROVIDERS, destination.kind))(destination, key, clock)


def kinds(group: str) -> tuple[str, ...]:
    """What is registered under `group`, sorted."""
    return tuple(sorted(entry_points(group=group).names))


def _load(group: str, name: str) -> object:
    found = entry_points(group=group, name=name)
    if not found:
        known = ", ".join(kinds(group))
        raise Invalid(f"no plugin '{name}' is installed for {group}; there are: {known}")
    return next(iter(found)).load()
