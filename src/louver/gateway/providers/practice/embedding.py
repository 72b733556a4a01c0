"""Embeddings by counting: hashed words and letter sequences; texts that share many are near.

The same text gives the same vector on every machine. Nothing is understood: a synonym is as far
away as any other word. Placeholders count as words, so the same person is the same direction.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping

import orjson

from louver.core.errors import UpstreamFailed
from louver.gateway.providers.practice.format import JsonObject
from louver.gateway.providers.practice.words import fold, tokens

DIMENSIONS = 256
_MOST_DIMENSIONS = 4096
_LETTERS = 3
_WORD_WEIGHT = 2.0
_WORD = re.compile(r"\w+")


def embeddings(body: bytes, model: str) -> JsonObject:
    """The answer to an embeddings request. Raises UpstreamFailed with status 400."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        tree = None
    request: Mapping[str, object] = tree if isinstance(tree, dict) else {}
    given = request.get("input")
    listed: list[object] = given if isinstance(given, list) else [given]
    texts = [text for text in listed if isinstance(text, str)]
    if not texts or len(texts) < len(listed):
        raise UpstreamFailed("the practice model embeds texts only", status=400)
    asked = request.get("dimensions")
    size = asked if isinstance(asked, int) else DIMENSIONS
    used = sum(len(tokens(text)) for text in texts)
    return {
        "object": "list",
        "model": model,
        "data": [
            {"object": "embedding", "index": i, "embedding": vector(text, size)}
            for i, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """A vector of length 1; all zeros where `text` has no word.

    >>> vector("hello there") == vector("Hello, there!")
    True
    """
    size = max(1, min(dimensions, _MOST_DIMENSIONS))
    sums = [0.0] * size
    for feature, count in Counter(_features(text)).items():
        # One bit of the hash is the sign, so that features that meet cancel as often as they add.
        number = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
        weight = _WORD_WEIGHT if feature.startswith("=") else 1.0
        sums[(number >> 1) % size] += (1.0 if number & 1 else -1.0) * weight * math.sqrt(count)
    length = math.sqrt(sum(value * value for value in sums))
    return [value / length for value in sums] if length else sums


def _features(text: str) -> Iterator[str]:
    """The words of `text` and the letter sequences in them, marked with which is which."""
    for word in _WORD.findall(fold(text)):
        yield f"={word}"
        framed = f"<{word}>"
        for start in range(len(framed) - _LETTERS + 1):
            yield framed[start : start + _LETTERS]
