"""How much text an encoder takes in."""

from __future__ import annotations

from typing import Any

# Their positions are counted from behind the padding's.
_COUNTED_FROM_PADDING = ("roberta", "camembert")


def longest(model: Any, tokenizer: Any) -> int:
    """The most tokens that `model` takes in, by its own word and its tokenizer's."""
    config = model.config
    own = getattr(config, "max_position_embeddings", None)
    most = int(tokenizer.model_max_length)
    if not isinstance(own, int):
        return most
    if any(kind in config.model_type for kind in _COUNTED_FROM_PADDING):
        own -= (config.pad_token_id or 0) + 1
    return min(own, most)
