"""The policy: what may happen to which data, for which purpose, at which destination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from louver.core.categories import TAXONOMY, Tier
from louver.core.errors import UnknownModel


class Mode(IntEnum):
    """Presets over flags; the smaller is the stricter, and the strictest wins."""

    STRICT = 0
    STANDARD = 1
    FULL = 2


@dataclass(frozen=True, slots=True)
class Flags:
    """What a mode permits; a preset never grants consent."""

    remote: bool
    retention: bool
    features: bool


PRESETS: Mapping[Mode, Flags] = {
    Mode.STRICT: Flags(remote=False, retention=False, features=False),
    Mode.STANDARD: Flags(remote=True, retention=False, features=False),
    Mode.FULL: Flags(remote=True, retention=True, features=True),
}


class Action(Enum):
    """What happens to a value of a category before anything leaves."""

    REPLACE = "replace"  # by a placeholder
    LOCAL = "local"  # by a placeholder, and the request stays on local models
    KEEP = "keep"  # left as it is
    REFUSE = "refuse"  # the request is refused


class Location(Enum):
    LOCAL = "local"
    REMOTE = "remote"


class PartKind(Enum):
    """Message parts that no detector of this version can look into."""

    IMAGE = "image"
    AUDIO = "audio"
    FILE = "file"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a destination can do; the router asks, and only then looks further.

    `context` in tokens; `languages` empty means any; `tasks_excluded` are tasks that policy says
    this destination is not good enough for.
    """

    context: int = 8192
    tools: bool = True
    structured: bool = True
    embeddings: bool = True
    languages: frozenset[str] = frozenset()
    tasks_excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Loading:
    """How a model that runs in this process comes into it; `task` None is what its files say.

    `folder` is what a relative path starts from; the policy is the same wherever that is.
    """

    task: str | None = None
    download: bool = False
    at_start: bool = False
    folder: str = field(default=".", compare=False)


@dataclass(frozen=True, slots=True)
class Destination:
    """A model provider and where it runs. `recipient` is the name that a person consents to.

    `base_url` and `key_variable` are used by network providers only; `timeout` in seconds.
    `loading` is used by models in this process only; their `model` is a path or a hub id.
    """

    name: str
    kind: str
    location: Location
    recipient: str
    model: str
    base_url: str | None = None
    key_variable: str | None = None
    timeout: float = 120.0
    capabilities: Capabilities = field(default_factory=Capabilities)
    loading: Loading = field(default_factory=Loading)


@dataclass(frozen=True, slots=True)
class Route:
    """A model name as clients see it, and the destinations behind it, in order of preference."""

    model: str
    destinations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that `decide()` may look at besides the question and the consents.

    `actions` maps a category code, or its prefix up to a dot, to an action; the longest match wins.
    `application_modes` are by tenant and application with a space between, which no name has.
    `remote_tier` is the highest tier whose replaced values may go to a remote destination.
    `detectors` names what looks at the text; it takes part in the digest.
    `digest` is the SHA-256 (hex) of the canonical form; it names the policy in the ledger.
    """

    digest: str
    mode: Mode
    destinations: Mapping[str, Destination]
    routes: Mapping[str, Route]
    tenant_modes: Mapping[str, Mode] = field(default_factory=dict)
    application_modes: Mapping[str, Mode] = field(default_factory=dict)
    person_modes: Mapping[str, Mode] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    default_action: Action = Action.REPLACE
    remote_tier: Tier = Tier.SECRET
    purposes: frozenset[str] = frozenset({"assistance"})
    default_purpose: str = "assistance"
    allowed_parts: frozenset[PartKind] = frozenset()
    link_hosts: frozenset[str] = frozenset()
    sealed_tools: frozenset[str] = frozenset()
    fallback: str | None = None
    detectors: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        named = {name for route in self.routes.values() for name in route.destinations}
        if self.fallback is not None:
            named.add(self.fallback)
            if self.destinations[self.fallback].location is not Location.LOCAL:
                raise ValueError("the fallback is a local destination, or it would need consent")
        if not named <= self.destinations.keys():
            raise ValueError("a route or the fallback names an unknown destination")

    @property
    def chooses_by_language(self) -> bool:
        """Whether a request's language can make a difference."""
        return any(d.capabilities.languages for d in self.destinations.values())

    def action(self, category: str) -> Action:
        """The action for `category`: the longest matching prefix wins, else the default."""
        if category.startswith("louver."):  # what looks like our own placeholder never passes
            return Action.REPLACE
        code = category
        while code:
            if code in self.actions:
                return self.actions[code]
            code = code.rpartition(".")[0]
        return self.default_action

    def tier(self, category: str) -> Tier:
        return TAXONOMY[category].tier

    def route(self, model: str) -> Route:
        """Raises UnknownModel; the message does not repeat the name, which is the caller's text."""
        try:
            return self.routes[model]
        except KeyError:
            known = ", ".join(sorted(self.routes))
            message = f"no such model here; the configured ones are: {known}"
            raise UnknownModel(message, param="model") from None
