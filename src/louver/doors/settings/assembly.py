"""Turns the checked file into the house's frozen values; paths become absolute here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from louver.core.categories import Tier
from louver.core.policy import (
    Action,
    Capabilities,
    Destination,
    Loading,
    Location,
    Mode,
    PartKind,
    Policy,
    Route,
)
from louver.core.sensitive import Sensitive
from louver.doors.settings.crossing import WITHOUT_STRUCTURE, WITHOUT_TOOLS
from louver.doors.settings.digest import with_digest
from louver.doors.settings.schema import (
    DestinationSection,
    DetectorsSection,
    File,
    LimitsSection,
)
from louver.doors.settings.values import (
    Detectors,
    Logs,
    Server,
    Settings,
    Store,
    Telemetry,
    Term,
)
from louver.gateway.breaker import BreakerRule
from louver.gateway.quotas import KeyLimits, Limits
from louver.gateway.retrying import RetryRule
from louver.gateway.upstreams import UpstreamRule

_SQLITE = "sqlite:///"
_EMBEDDING_KINDS = frozenset({"practice", "openai", "ollama"})


def assemble(file: File, folder: Path, terms: tuple[Term, ...], source: Path | None) -> Settings:
    """Settings from a file that has no problems. `folder` is what its relative paths start from."""
    own = tuple(Term(Sensitive(t.term), t.category) for t in file.detectors.dictionary)
    server = file.server
    return Settings(
        policy=_policy(file, len(own) + len(terms), folder),
        server=Server(
            host=server.host,
            port=server.port,
            max_body=server.max_body,
            header_timeout=server.header_timeout,
            body_timeout=server.body_timeout,
            max_connections=server.max_connections,
            drain=server.drain,
            drain_delay=server.drain_delay,
        ),
        store=Store(
            url=_store_url(file.store.url, folder),
            key_file=(folder / file.store.key_file).absolute(),
            sweep_after=file.store.sweep_after,
        ),
        detectors=Detectors(
            names=_detector_names(file.detectors),
            dictionary=own + terms,
        ),
        source=source,
        limits=_limits(file),
        upstreams={name: _upstream(d) for name, d in file.destinations.items()},
        logs=Logs(json=file.logs.format == "json", access=file.logs.access),
        telemetry=Telemetry(**file.telemetry.model_dump()),
    )


def _limits(file: File) -> Limits:
    """What is not set is inherited: from the tenant, then from everybody."""
    default = _of_key(file.limits, KeyLimits())
    tenants = {name: _of_key(t.limits, default) for name, t in file.tenants.items()}
    applications = {
        f"{tenant} {name}": _of_key(application.limits, tenants[tenant])
        for tenant, t in file.tenants.items()
        for name, application in t.applications.items()
    }
    return Limits(default, tenants, applications)


def _of_key(section: LimitsSection, inherited: KeyLimits) -> KeyLimits:
    told = {name: value for name, value in section.model_dump().items() if value is not None}
    return replace(inherited, **told)


def _upstream(section: DestinationSection) -> UpstreamRule:
    return UpstreamRule(
        RetryRule(**section.retries.model_dump()), BreakerRule(**section.breaker.model_dump())
    )


def _detector_names(section: DetectorsSection) -> tuple[str, ...]:
    built_in = {"patterns": section.patterns, "health_terms": section.health_terms}
    names = [name for name, wanted in built_in.items() if wanted]
    return tuple(dict.fromkeys(names + section.plugins))


def _store_url(url: str, folder: Path) -> str:
    if not url.startswith(_SQLITE):
        return url
    return f"{_SQLITE}{(folder / url.removeprefix(_SQLITE)).absolute()}"


def _policy(file: File, terms: int, folder: Path) -> Policy:
    actions = {code: Action(action) for code, action in file.categories.items()}
    tenants = file.tenants.items()
    parts = file.parts.model_dump()
    policy = Policy(
        digest="",
        mode=_mode(file.mode),
        destinations={n: _destination(n, d, folder) for n, d in file.destinations.items()},
        routes={model: Route(model, tuple(names)) for model, names in file.models.items()},
        tenant_modes={name: _mode(t.mode) for name, t in tenants if t.mode},
        application_modes={
            f"{tenant} {name}": _mode(application.mode)
            for tenant, t in tenants
            for name, application in t.applications.items()
            if application.mode
        },
        person_modes={name: _mode(person.mode) for name, person in file.persons.items()},
        default_action=actions.pop("default", Action.REPLACE),
        actions=actions,
        remote_tier=Tier[file.remote_up_to.upper()],
        purposes=frozenset(file.purposes),
        default_purpose=file.purposes[0],
        allowed_parts=frozenset(PartKind(kind) for kind, what in parts.items() if what == "allow"),
        link_hosts=frozenset(host.lower() for host in file.links),
        sealed_tools=frozenset(file.sealed_tools),
        fallback=file.fallback,
        # How many terms and not which: a digest of names could be guessed from.
        detectors=frozenset({*_detector_names(file.detectors), f"dictionary of {terms} terms"}),
    )
    return with_digest(policy)


def _mode(name: str) -> Mode:
    return Mode[name.upper()]


def _destination(name: str, section: DestinationSection, folder: Path) -> Destination:
    return Destination(
        name=name,
        kind=section.kind,
        location=Location(section.location),
        recipient=section.recipient or "this house",
        model=section.model or name,
        base_url=section.base_url.rstrip("/") if section.base_url else None,
        key_variable=section.key_variable,
        timeout=section.timeout,
        capabilities=Capabilities(
            context=section.context,
            embeddings=_embeds(section),
            tools=section.tools and section.kind not in WITHOUT_TOOLS,
            structured=section.structured and section.kind not in WITHOUT_STRUCTURE,
            languages=frozenset(section.languages),
            tasks_excluded=frozenset(section.tasks_excluded),
        ),
        loading=Loading(
            task=section.task,
            download=section.download,
            at_start=section.load == "start",
            folder=str(folder.absolute()),
        ),
    )


def _embeds(section: DestinationSection) -> bool:
    if section.embeddings is None:
        return section.kind in _EMBEDDING_KINDS
    return section.embeddings
