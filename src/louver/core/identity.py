"""Who asks: tenant, application, and the person whose data it is, by opaque id only."""

from __future__ import annotations

from dataclasses import dataclass

from louver.core.sensitive import Sensitive


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated application, and the person it speaks for.

    `person` is the application's own opaque id; it never leaves, and only its keyed digest is kept.
    """

    tenant: str
    application: str
    key_id: str
    person: Sensitive[str] | None = None
