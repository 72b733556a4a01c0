"""Turns the checked file into the house's frozen values; paths become absolute here."""

from __future__ import annotations

from pathlib import Path

from louver.core.categories import Tier
from louver.core.policy import (
    Action,
    Capabilities,
    Destination,
    Location,
    Mode,
    PartKind,
    Policy,
    Route,
)
from louver.core.sensitive import Sensitive
from louver.doors.settings.digest import with_digest
from louver.doors.settings.schema import DestinationSection, DetectorsSection, File
from louver.doors.settings.values import Detectors, Server, Settings, Store, Term

_SQLITE = "sqlite:///"


def assemble(file: File, folder: Path, terms: tuple[Term, ...], source: Path | None) -> Settings:
    """Settings from a file that has no problems. `folder` is what its relative paths start from."""
    own = tuple(Term(Sensitive(t.term), t.category) for t in file.detectors.dictionary)
    server = file.server
    return Settings(
        policy=_policy(file, len(own) + len(terms)),
        server=Server(
            host=server.host,
            port=server.port,
            max_body=server.max_body,
            header_timeout=server.header_timeout,
            body_timeout=server.body_timeout,
            max_connections=server.max_connections,
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
    )


def _detector_names(section: DetectorsSection) -> tuple[str, ...]:
    built_in = {"patterns": section.patterns, "health_terms": section.health_terms}
    names = [name for name, wanted in built_in.items() if wanted]
    return tuple(dict.fromkeys(names + section.plugins))


def _store_url(url: str, folder: Path) -> str:
    if not url.startswith(_SQLITE):
        return url
    return f"{_SQLITE}{(folder / url.removeprefix(_SQLITE)).absolute()}"


def _policy(file: File, terms: int) -> Policy:
    actions = {code: Action(action) for code, action in file.categories.items()}
    tenants = file.tenants.items()
    parts = file.parts.model_dump()
    policy = Policy(
        digest="",
        mode=_mode(file.mode),
        destinations={name: _destination(name, d) for name, d in file.destinations.items()},
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
        kept_for=file.vault.keep,
        keeps_unnamed=file.vault.without_person,
        # How many terms and not which: a digest of names could be guessed from.
        detectors=frozenset({*_detector_names(file.detectors), f"dictionary of {terms} terms"}),
    )
    return with_digest(policy)


def _mode(name: str) -> Mode:
    return Mode[name.upper()]


def _destination(name: str, section: DestinationSection) -> Destination:
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
            tools=section.tools,
            structured=section.structured,
            languages=frozenset(section.languages),
            tasks_excluded=frozenset(section.tasks_excluded),
        ),
    )
