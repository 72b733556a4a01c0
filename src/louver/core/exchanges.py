"""The states of one exchange as types: Exchange -> Minimized -> Reply.

A provider accepts only `Minimized`, and only `louver.minimize.outgoing` constructs one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from louver.core.decision import Needs, Part
from louver.core.identity import Caller
from louver.core.policy import Mode
from louver.core.sensitive import Sensitive

JsonTree = object
"""A parsed JSON value (dict, list, str, int, float, bool, None); checked by the wire parser."""


class Operation(Enum):
    """What a model is asked to do."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True)
class Turn:
    """A request's place in a conversation that may be kept on this side.

    `id` names its answer, `follows` the answer before it. The first `own` messages of the body are
    this request's alone (its instructions) and no part of the conversation. `keep`: whether the
    answer is wanted to be kept; once it is decided, whether it will be.
    """

    id: str
    follows: str | None = None
    own: int = 0
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Returned:
    """A block of thinking in the history that `destination` itself has written, word for word.

    It is block `block` of message `message`. Only that destination gets it, and unread.
    """

    message: int
    block: int
    destination: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A parsed request. `body` is in the hub form, whatever format the client speaks.

    `original` is the request as the client wrote it, where its format is not the hub's; `places`
    then says where in it something stands (`messages[2].content[1]`) that has another path here.
    `opening` is the conversation's first messages as canonical bytes.
    `tools` are the tool names that the application declared; only those are given real values.
    `needs.context` is filled from the length of the text, its language where a policy asks.
    `began` is the clock's monotonic time (s) at which it came in, `size` the bytes that came.
    `turn` is None in formats that keep nothing on this side.
    """

    id: str
    caller: Caller
    body: Sensitive[Mapping[str, JsonTree]]
    model: str
    purpose: str | None
    stream: bool
    choices: int
    tools: frozenset[str]
    json_content: bool
    opening: Sensitive[bytes]
    conversation: Sensitive[str] | None
    needs: Needs
    uninspectable: tuple[Part, ...] = ()
    task: str | None = None
    mode_asked: Mode | None = None
    no_store: bool = False
    operation: Operation = Operation.CHAT
    original: Sensitive[Mapping[str, JsonTree]] | None = None
    began: float = 0.0
    size: int = 0
    turn: Turn | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    returned: tuple[Returned, ...] = ()


@dataclass(frozen=True, slots=True)
class Minimized:
    """What may leave: JSON bytes without the values, and how to put the values back.

    `body` is in the destination's own wire form; it leaves byte for byte.
    `values` maps each placeholder to what it stands for, from this request alone.
    `counts` counts replaced values by taxonomy code.
    """

    exchange: str
    body: bytes
    stream: bool
    no_store: bool
    values: Mapping[str, Sensitive[str]]
    counts: Mapping[str, int]
    operation: Operation = Operation.CHAT


@dataclass(frozen=True, slots=True)
class Reply:
    """One event of a provider's answer in the hub form, still minimized."""

    event: Mapping[str, JsonTree]


class Outcome(Enum):
    """How an exchange ended, as the ledger says it."""

    ANSWERED = "answered"
    UPSTREAM_FAILED = "upstream_failed"
    CLIENT_LEFT = "client_left"
    HALTED = "halted"  # the operator's kill switch ended it
    DRAINED = "drained"  # the process ended before the answer did
    INTERRUPTED = "interrupted"
