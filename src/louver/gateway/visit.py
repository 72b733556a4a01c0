"""One request from its arrival to its end: what may be told of it, and how others end it.

The rule: no field can hold content, a person, a conversation, or the text of a key. What a client
wrote is in here only where it is a name that the settings know.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from louver.core.exchanges import Exchange, Outcome
from louver.core.halts import Halt
from louver.core.policy import Destination, Mode
from louver.core.seams import Clock
from louver.gateway.metering import Meter, Tokens
from louver.gateway.stopping import Stop


@dataclass(slots=True, eq=False)
class Visit:
    """Filled in as the request goes along; times are the clock's monotonic seconds.

    `path` is the door's own name of it. `key` is the public id of the API key whose budget the
    tokens count against; it is not told to anybody. `begun`: a stream whose first bytes are on
    their way. `stages` are their starts and ends. `depends` is what must not be halted meanwhile.
    """

    clock: Clock
    path: str = ""
    trace: str | None = None
    began: float = 0.0
    start: float = 0.0
    end: float = 0.0
    tenant: str | None = None
    key: str | None = None
    exchange: str | None = None
    operation: str | None = None
    streamed: bool = False
    begun: bool = False
    model: str | None = None
    destination: Destination | None = None
    mode: Mode | None = None
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)
    outcome: Outcome | None = None
    failure: BaseException | None = None
    depends: tuple[Halt, ...] = ()
    stop: Stop = field(default_factory=Stop)

    def __post_init__(self) -> None:
        self.began = self.clock.now()
        self.start = self.clock.monotonic()

    @property
    def tokens(self) -> Tokens:
        return self.meter.tokens

    @property
    def milliseconds(self) -> dict[str, int]:
        """How long each stage took."""
        return {name: round(1000 * (end - at)) for name, (at, end) in self.stages.items()}

    def parsed(self, exchange: Exchange) -> None:
        """It is a request for a model."""
        self.exchange = exchange.id
        self.operation = exchange.operation.value
        self.streamed = exchange.stream

    def sent(self, model: str, destination: Destination, mode: Mode) -> None:
        """It may leave; `model` is a route that the policy has."""
        self.model, self.destination, self.mode = model, destination, mode
