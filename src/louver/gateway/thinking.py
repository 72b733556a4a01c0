"""What a model thought goes back to the destination that wrote it, word for word, or not at all.

A provider signs its thinking as it wrote it, with placeholders, and checks the signature when the
client sends it back; the client sees it with values. So what the client gets as the signature is an
envelope: the signature and the signed text, sealed for the tenant, naming the destination. Nothing
is kept on this side. Of what comes back only the envelope counts, never the text beside it.

What cannot be opened (forged, another tenant's, sealed with another key, signed elsewhere) never
reaches a provider. In an earlier turn it is left out, as providers allow. Since the last message of
the user it is refused: with tools, a provider wants exactly that thinking back. Thinking without a
signature was never signed, and is left out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

import orjson

from louver.core.errors import Invalid, Tampered
from louver.core.exchanges import Exchange, JsonTree, Returned
from louver.core.policy import Destination
from louver.core.seams import Randomness
from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys
from louver.crypto.sealing import open_sealed, seal
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.hub import BLOCKS

_MARK = "louver-1-"  # An envelope of ours, of the first form.
_CONTEXT = b"louver/thinking/v1"
_SIGNED = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}

Tree: TypeAlias = Mapping[str, JsonTree]
Seal: TypeAlias = Callable[[Tree], str]
"""Takes a block of thinking as its provider wrote it; gives what the client gets to send back."""


@dataclass(frozen=True, slots=True)
class _Opened:
    destination: str
    block: dict[str, JsonTree]


class Seals:
    """Seals thinking for clients and opens it again; one instance serves all requests."""

    def __init__(self, keys: Keys, randomness: Randomness) -> None:
        self._keys = keys
        self._randomness = randomness

    def of(self, tenant: str, destination: Destination) -> Seal:
        """The seal for the answers of `destination` to `tenant`."""
        key, origin = self._keys.thinking_key(tenant), origin_of(destination)

        def sealed(block: Tree) -> str:
            content = encode({"origin": origin, "block": block})
            envelope = seal(key, content, _CONTEXT, self._randomness)
            return _MARK + base64.urlsafe_b64encode(envelope).decode("ascii")

        return sealed

    def opened(self, exchange: Exchange) -> Exchange:
        """`exchange` with the thinking in its history as it was written; see above.

        Raises Invalid, naming the place, for what cannot be opened and may not be left out.
        """
        messages = _messages(exchange)
        if not any(BLOCKS in message for message in messages):
            return exchange
        turn = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=-1)
        returned: list[Returned] = []
        kept: list[Tree] = []
        for i, message in enumerate(messages):
            blocks: list[JsonTree] = []
            for j, block in enumerate(_blocks(message, i)):
                place = f"messages[{i}].{BLOCKS}[{j}]"
                where = exchange.places.get(place, place)
                found = self._open(exchange.caller.tenant, block, where, due=i > turn)
                if found is not None:
                    returned.append(Returned(i, len(blocks), found.destination))
                    blocks.append(found.block)
            kept.append(_with(message, blocks))
        return _rebuilt(exchange, kept, returned)

    def _open(self, tenant: str, block: Tree, where: str, *, due: bool) -> _Opened | None:
        names = _SIGNED.get(str(block.get("type")), ())
        envelope = block.get(names[-1]) if names else None
        if not isinstance(envelope, str) or not envelope:
            return None
        found = _read(self._unsealed(tenant, envelope), names)
        if found is not None:
            if isinstance(block.get("at"), int):
                found.block["at"] = block["at"]
            return found
        if due:
            raise Invalid(
                f"{where} was not signed by this gateway for you: send an answer's thinking back "
                "exactly as you got it, or start the turn anew without it",
                param=where,
                code="invalid_thinking",
            )
        return None

    def _unsealed(self, tenant: str, envelope: str) -> bytes:
        """What is in the envelope; nothing where it is not one of ours."""
        if not envelope.startswith(_MARK):
            return b""
        try:
            data = base64.b64decode(envelope[len(_MARK) :], altchars=b"-_", validate=True)
            return open_sealed(self._keys.thinking_key(tenant), data, _CONTEXT)
        except (binascii.Error, ValueError, Tampered):
            return b""


def origin_of(destination: Destination) -> str:
    """Names a destination together with where it is: its successor under that name is another."""
    return " ".join((destination.kind, destination.name, destination.base_url or ""))


def bound_to(exchange: Exchange, destination: Destination) -> Exchange:
    """`exchange` without any thinking that did not come from `destination`."""
    messages = _messages(exchange)
    if not any(BLOCKS in message for message in messages):
        return exchange
    origin = origin_of(destination)
    own = {(r.message, r.block) for r in exchange.returned if r.destination == origin}
    returned: list[Returned] = []
    kept: list[Tree] = []
    for i, message in enumerate(messages):
        blocks: list[JsonTree] = []
        for j, block in enumerate(_blocks(message, i)):
            if (i, j) in own:
                returned.append(Returned(i, len(blocks), origin))
                blocks.append(block)
        kept.append(_with(message, blocks))
    return _rebuilt(exchange, kept, returned)


def _messages(exchange: Exchange) -> list[Tree]:
    messages = exchange.body.reveal().get("messages")
    return cast("list[Tree]", messages) if isinstance(messages, list) else []


def _blocks(message: Tree, place: int) -> list[Tree]:
    blocks = message.get(BLOCKS) or []
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        where = f"messages[{place}].{BLOCKS}"
        raise Invalid(f"{where} must be an array of objects", param=where)
    return cast("list[Tree]", blocks)


def _with(message: Tree, blocks: list[JsonTree]) -> Tree:
    if BLOCKS not in message:
        return message
    rest = {name: value for name, value in message.items() if name != BLOCKS}
    return {**rest, BLOCKS: blocks} if blocks else rest


def _rebuilt(exchange: Exchange, messages: list[Tree], returned: list[Returned]) -> Exchange:
    body = {**exchange.body.reveal(), "messages": messages}
    return replace(exchange, body=Sensitive(body), returned=tuple(returned))


def _read(content: bytes, names: tuple[str, ...]) -> _Opened | None:
    """The block in an opened envelope, if it is of the kind that has these fields."""
    if not content:
        return None
    sealed = orjson.loads(content)
    block, origin = sealed["block"], sealed["origin"]
    if names[-1] not in block:
        return None
    kind = next(kind for kind, fields in _SIGNED.items() if fields == names)
    return _Opened(origin, {"type": kind, **{name: block[name] for name in names}})
