"""The settings as frozen values, parsed and checked; what the house is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from louver.core.policy import Policy
from louver.core.sensitive import Sensitive
from louver.gateway.quotas import Limits
from louver.gateway.upstreams import UpstreamRule


@dataclass(frozen=True, slots=True)
class Server:
    """Where the gateway listens and what it tolerates; times in seconds, sizes in bytes."""

    host: str
    port: int
    max_body: int
    header_timeout: float
    body_timeout: float
    max_connections: int
    drain: float = 30.0
    drain_delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Store:
    """Where records are kept. `url` may hold a password and is therefore not shown."""

    url: str = field(repr=False)
    key_file: Path
    sweep_after: float


@dataclass(frozen=True, slots=True)
class Term:
    """A word or name of the house's own dictionary."""

    term: Sensitive[str]
    category: str


@dataclass(frozen=True, slots=True)
class Detectors:
    """What looks at the text: detectors by their registered names, and a dictionary's terms."""

    names: tuple[str, ...]
    dictionary: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Logs:
    """How log lines look; `access` is one line per request."""

    json: bool = False
    access: bool = True


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What is measured and who gets it; `interval` in seconds, None for nobody."""

    endpoint: str | None = None
    service: str = "louver"
    interval: float = 60.0
    tenants: bool = False
    metrics_key_variable: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that `house.build` needs; `source` is its file, None for the default."""

    policy: Policy
    server: Server
    store: Store
    detectors: Detectors
    source: Path | None = None
    limits: Limits = field(default_factory=Limits)
    upstreams: Mapping[str, UpstreamRule] = field(default_factory=dict)
    logs: Logs = field(default_factory=Logs)
    telemetry: Telemetry = field(default_factory=Telemetry)
