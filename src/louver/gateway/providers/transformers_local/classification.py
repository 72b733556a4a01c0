"""Puts a text into classes, such as its sentiment; the answer's content is JSON.

    {"label": "positive", "score": 0.98, "scores": {"positive": 0.98, "negative": 0.02}}

Classified is what the user said last; more of it than the model takes in is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from louver.gateway.providers.in_process.engine import Asked, Ended, Vectors, cannot
from louver.gateway.providers.in_process.speech import Speech
from louver.gateway.providers.transformers_local.lengths import longest

_DIGITS = 6


class Classifier:
    """A `text-classification` pipeline behind a chat."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        from transformers import pipeline

        tokenizer.model_max_length = longest(model, tokenizer)
        self._tokenizer = tokenizer
        self._pipeline = pipeline(
            "text-classification", model=model, tokenizer=tokenizer, top_k=None
        )

    def chat(self, asked: Asked, seed: int, speech: Speech) -> Ended:
        """See `Engine.chat`."""
        text = asked.question
        if not text.strip():
            raise cannot("this model classifies what the user said last; that is empty")
        found = self._pipeline([text], truncation=True)[0]
        scores = {str(one["label"]): round(float(one["score"]), _DIGITS) for one in found}
        label = max(scores, key=scores.__getitem__)
        answer = {"label": label, "score": scores[label], "scores": scores}
        speech.add(orjson.dumps(answer).decode())
        speech.finish()
        return Ended("stop", len(self._tokenizer(text)["input_ids"]), 1)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Engine.embed`."""
        raise cannot("this model classifies text and makes no embeddings")
