"""Embeddings in the hub form: OpenAI's request, checked, and its list of vectors in both spellings.

Each text is embedded without its values, so two texts about the same person are near each other
only where that person has the same placeholder in both: within one conversation.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

from louver.core.decision import Needs
from louver.core.errors import Invalid, NeverSupported, UpstreamFailed
from louver.core.exchanges import Exchange, JsonTree, Operation
from louver.core.sensitive import Sensitive
from louver.gateway.wire.hub import CHARACTERS_PER_TOKEN, with_person
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.reading import expect, number_between

_MOST_INPUTS = 4096
_MOST_DIMENSIONS = 65_536
_FLOAT_BYTES = 4


def embeddings_exchange_of(
    tree: Mapping[str, JsonTree],
    asked: Asked,
    *,
    size: int,
    original: Mapping[str, JsonTree] | None = None,
) -> Exchange:
    """The exchange that the hub-form request `tree` asks for; `size` in bytes of what came in.

    Raises Invalid for what is malformed, NeverSupported for token arrays.
    """
    model = expect(tree.get("model"), str, "model")
    texts = _texts(tree.get("input"))
    number_between(tree, "dimensions", 1, _MOST_DIMENSIONS)
    if tree.get("dimensions") is not None:
        expect(tree["dimensions"], int, "dimensions")
    if tree.get("encoding_format") not in (None, "float", "base64"):
        raise Invalid("encoding_format must be float or base64", param="encoding_format")
    if tree.get("stream"):
        raise Invalid("embeddings come whole; leave out stream", param="stream")
    for name in ("user", "safety_identifier"):
        if tree.get(name) is not None:
            expect(tree[name], str, name)
    return Exchange(
        id=asked.exchange,
        caller=with_person(asked.caller, tree),
        body=Sensitive(tree),
        model=model,
        purpose=asked.purpose,
        stream=False,
        choices=len(texts),
        tools=frozenset(),
        json_content=False,
        opening=Sensitive(b""),
        conversation=asked.conversation,
        # A model takes in one text at a time, however many are sent together.
        needs=Needs(context=max(map(len, texts)) // CHARACTERS_PER_TOKEN, embeddings=True),
        task=asked.task,
        mode_asked=asked.mode,
        no_store=asked.no_store or tree.get("store") is False,
        operation=Operation.EMBEDDINGS,
        original=None if original is None else Sensitive(original),
        began=asked.began,
        size=size,
    )


def _texts(given: JsonTree) -> Sequence[str]:
    """The texts to embed. Raises Invalid, NeverSupported."""
    texts = given if isinstance(given, list) else [given]
    if not texts or texts == [""]:
        raise Invalid("input must not be empty", param="input")
    if len(texts) > _MOST_INPUTS:
        raise Invalid(f"input has more than {_MOST_INPUTS} texts; send fewer", param="input")
    for i, text in enumerate(texts):
        if isinstance(text, list) or (isinstance(text, int) and given is texts):
            raise NeverSupported(
                "input is an array of tokens, which nobody can look into; send text", param="input"
            )
        expect(text, str, f"input[{i}]" if given is texts else "input")
    return cast("Sequence[str]", texts)


def numbers(vector: JsonTree) -> list[float]:
    """A vector as numbers, however the provider wrote it. Raises UpstreamFailed."""
    if isinstance(vector, list):
        return vector
    raw = b""
    with suppress(binascii.Error, ValueError):
        raw = base64.b64decode(cast("str", vector), validate=True)
    if not raw or len(raw) % _FLOAT_BYTES:
        raise _invalid()
    found = list(struct.unpack(f"<{len(raw) // _FLOAT_BYTES}f", raw))
    if not all(map(math.isfinite, found)):
        raise _invalid()
    return found


def written(vector: JsonTree) -> str:
    """A vector as base64 of little-endian 32-bit floats. Raises UpstreamFailed."""
    if isinstance(vector, str):
        return vector
    found = cast("list[float]", vector)
    with suppress(OverflowError, struct.error):
        return base64.b64encode(struct.pack(f"<{len(found)}f", *found)).decode("ascii")
    raise _invalid()


def _invalid() -> UpstreamFailed:
    message = "the model's server sent an embedding that is no list of numbers"
    return UpstreamFailed(message, code="upstream_invalid")
