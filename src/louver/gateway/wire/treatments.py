"""How each leaf of a hub-form request is read, by its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from louver.core.exchanges import Exchange, JsonTree, Operation
from louver.core.policy import Policy
from louver.gateway.wire.hub import ANTHROPIC, BLOCKS, TEXT_PARTS
from louver.minimize.leaves import Path, Rule, Treatment


def treatments(exchange: Exchange, policy: Policy) -> Rule:
    """The rule for `exchange`; what it does not name is text."""
    if exchange.operation is Operation.EMBEDDINGS:
        return _whose
    return Reading.of(exchange, policy)


def _whose(path: Path) -> Treatment:
    return Treatment.USER if path in {("user",), ("safety_identifier",)} else Treatment.TEXT


@dataclass(frozen=True, slots=True)
class Reading:
    """How the paths of a chat request are read.

    `speakers` are the messages whose `name` is a participant's and not a tool's; `passing` the
    uninspectable parts that the policy lets pass; `returned` the blocks of thinking (by message and
    place) that go back to where they came from.
    """

    speakers: frozenset[int]
    passing: frozenset[str]
    returned: frozenset[tuple[int, int]] = frozenset()

    @classmethod
    def of(cls, exchange: Exchange, policy: Policy) -> Reading:
        messages = cast("list[Mapping[str, JsonTree]]", exchange.body.reveal()["messages"])
        speakers = {i for i, m in enumerate(messages) if m["role"] not in {"tool", "function"}}
        passing = {p.path for p in exchange.uninspectable if p.kind in policy.allowed_parts}
        returned = frozenset((r.message, r.block) for r in exchange.returned)
        return cls(frozenset(speakers), frozenset(passing), returned)

    def __call__(self, path: Path) -> Treatment:
        if len(path) == 1:
            named = {"user", "safety_identifier", "prompt_cache_key"}
            return Treatment.USER if path[0] in named else Treatment.TEXT
        if self._passes(path):
            return Treatment.OPAQUE
        if path[-2:] == ("file", "file_data") and _part_of_content(path[:-2]):
            return Treatment.FILE
        if path[0] != "messages" or len(path) < 3:
            return Treatment.TEXT
        if path[2] == BLOCKS and len(path) == 5 and (path[1], path[3]) in self.returned:
            return Treatment.OPAQUE
        if path[2] == "name" and path[1] in self.speakers:
            return Treatment.NAME
        if path[-1] == "arguments" and path[2] in {"tool_calls", "function_call"}:
            return Treatment.JSON
        return Treatment.TEXT

    def _passes(self, path: Path) -> bool:
        """Whether `path` is inside a part that may pass; text beside an image is text still."""
        if not self.passing:
            return False
        at = 3 if path[0] == "messages" else 2
        if len(path) <= at + 1:
            return False
        apart = path[at + 1] in TEXT_PARTS or path[at + 1] == ANTHROPIC
        if apart or path[-1] == "filename":
            return False
        where = f"messages[{path[1]}].content" if at == 3 else f"{path[0]}.content"
        return path[at - 1] == "content" and f"{where}[{path[at]}]" in self.passing


def _part_of_content(path: Path) -> bool:
    """Whether `path` is `messages[i].content[j]` or `prediction.content[j]`."""
    return path[-2:-1] == ("content",) and (
        (len(path) == 4 and path[0] == "messages") or (len(path) == 3 and path[0] == "prediction")
    )
