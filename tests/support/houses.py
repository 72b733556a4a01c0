"""A whole house on a temporary SQLite store, with its doors open on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from openai import OpenAI

from louver.core.consent import ConsentKey, ConsentState
from louver.core.exchanges import Minimized
from louver.core.policy import Destination
from louver.core.sensitive import Sensitive
from louver.doors.http.app import Gateway, Limits
from louver.doors.http.server import serve_in_thread
from louver.doors.operations import Operations
from louver.doors.settings.load import parse
from louver.doors.settings.values import Settings
from louver.gateway.providers.interface import Provider
from louver.house import House, Seams, build
from louver.minimize.interface import Detector

SETTINGS = """
version: 1
store: {{url: "sqlite:///louver.db", key_file: louver.key}}
mode: {mode}
purposes: [assistance, research]
categories: {categories}
parts: {parts}
links: [docs.example.com]
sealed_tools: [web_search]
detectors:
  patterns: true
  health_terms: true
  dictionary:
    - {{term: Alice Martin, category: person.name}}
    - {{term: Alice, category: person.name}}
    - {{term: Bob, category: person.name}}
    - {{term: Carol O"Neil, category: person.name}}
destinations:
  home:
    kind: practice
    location: local
    context: 100000
    tasks_excluded: [legal_analysis]
    retries: {{attempts: 1}}
    breaker: {{enabled: false}}
  cloud:
    kind: practice
    location: remote
    recipient: Example AI Ltd.
    retries: {{attempts: 1}}
    breaker: {{enabled: false}}
models:
  louver: [home, cloud]
  home: [home]
  cloud: [cloud]
fallback: null
"""


def settings(folder: Path, **changes: str) -> Settings:
    """The house's test settings; `changes` fill `mode`, `categories`, `parts`."""
    key = folder / "louver.key"
    if not key.exists():  # The same key in every run, so the same placeholders.
        key.touch(mode=0o600)
        key.write_bytes(bytes(range(32)))
    filled = {"mode": "standard", "categories": "{}", "parts": "{}", **changes}
    return parse(SETTINGS.format(**filled), file=None, folder=folder)


@dataclass
class Watched:
    """A running house and everything that left it, as bytes, with the destination's name."""

    house: House
    base_url: str
    key: str
    left: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def bytes_that_left(self) -> bytes:
        return b"\n".join(body for _, body in self.left)

    def client(self, **headers: str) -> OpenAI:
        return OpenAI(
            base_url=self.base_url, api_key=self.key, max_retries=0, default_headers=headers
        )

    def consent(self, person: str, state: ConsentState, tenant: str = "default") -> str:
        """Record an answer of `person` (the application's id); returns the internal id."""
        internal = self.house.store.person(tenant, Sensitive(person)).result()
        key = ConsentKey(tenant, internal, "assistance", "Example AI Ltd.")
        self.house.store.set_consent(key, state).result()
        return internal


@contextmanager
def running(
    folder: Path,
    *,
    providers: dict[str, Provider] | None = None,
    detectors: tuple[Detector, ...] = (),
    max_body: int = 10_000_000,
    **changes: str,
) -> Iterator[Watched]:
    """Build, serve on a free port, and tear down."""
    left: list[tuple[str, bytes]] = []

    def observe(minimized: Minimized, destination: Destination) -> None:
        left.append((destination.name, minimized.body))

    seams = Seams(providers=providers or {}, detectors=detectors, observe=observe)
    with build(settings(folder, **changes), seams) as house:
        key = house.store.create_key("default", "tests").result().reveal()
        operations = Operations(house.ready, seams.clock)
        app = Gateway(house.reception, Limits(max_body=max_body), operations)
        with serve_in_thread(app) as base_url:
            yield Watched(house, base_url, key, left)
