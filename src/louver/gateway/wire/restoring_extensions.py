"""What the hub form says beyond OpenAI's in answers: values, places, and what is sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from louver.core.exchanges import Exchange, JsonTree, Minimized
from louver.gateway.wire.citing import Citations
from louver.minimize.restore import restore_text

Tree: TypeAlias = Mapping[str, JsonTree]
Sealed: TypeAlias = Callable[[Tree], str]
"""Makes of a block of thinking, as its provider wrote it, what the client can send back."""


class Extensions:
    """The extensions of one answer; without a `seal`, signatures pass as they came."""

    def __init__(
        self,
        exchange: Exchange,
        minimized: Minimized,
        hosts: frozenset[str],
        seal: Sealed | None,
    ) -> None:
        self._values = minimized.values
        self._hosts = hosts
        self._seal = seal
        self._citations = Citations(exchange, minimized, hosts)
        self._thoughts: dict[int, list[str]] = {}

    def delta(self, index: int, delta: Tree, out: dict[str, JsonTree]) -> None:
        """Put into `out` the extensions of `delta`, which may be a whole message."""
        thought, signature = delta.get("reasoning_content"), delta.get("thinking_signature")
        if isinstance(thought, str) and thought:
            self._thoughts.setdefault(index, []).append(thought)
        if isinstance(signature, str) and signature:
            text = "".join(self._thoughts.pop(index, ()))
            out["thinking_signature"] = self._sealed("thinking", text, signature)
        if isinstance(delta.get("redacted_thinking"), str):
            data = str(delta["redacted_thinking"])
            out["redacted_thinking"] = self._sealed("redacted_thinking", "", data)
        if "thinking_blocks" in delta:
            out["thinking_blocks"] = [self._block(b) for b in _objects(delta["thinking_blocks"])]
        if "citations" in delta:
            out["citations"] = self.cited(delta)["citations"]

    def unsigned(self, index: int) -> None:
        """The thinking that came last is over, and was not signed."""
        self._thoughts.pop(index, None)

    def cited(self, part: Tree) -> dict[str, JsonTree]:
        """`part` with its citations as the client can follow them; the others are left out."""
        if "citations" not in part:
            return dict(part)
        found = (self._citations.restored(one) for one in _objects(part["citations"]))
        return {**part, "citations": [one for one in found if one is not None]}

    def choice(self, choice: Tree) -> Tree:
        """A choice with the values in how it ended."""
        ended = choice.get("stop_sequence")
        if not isinstance(ended, str):
            return choice
        return {**choice, "stop_sequence": restore_text(ended, self._values)}

    def _block(self, block: Tree) -> Tree:
        if block.get("type") == "redacted_thinking":
            sealed = self._sealed("redacted_thinking", "", str(block.get("data") or ""))
            return {**block, "data": sealed}
        text, signature = str(block.get("thinking") or ""), str(block.get("signature") or "")
        return {
            **block,
            "thinking": restore_text(text, self._values, link_hosts=self._hosts),
            "signature": self._sealed("thinking", text, signature),
        }

    def _sealed(self, kind: str, text: str, signature: str) -> str:
        """What a client gets for a signature, or for data that only the provider can read."""
        if self._seal is None or not signature:
            return signature
        if kind == "thinking":
            return self._seal({"type": kind, "thinking": text, "signature": signature})
        return self._seal({"type": kind, "data": signature})


def _objects(value: JsonTree) -> list[Tree]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
