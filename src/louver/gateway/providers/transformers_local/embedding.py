"""Turns texts into vectors: the mean of the last layer over a text's tokens, of length one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from louver.gateway.providers.in_process.engine import Asked, Ended, Vectors, cannot, too_long
from louver.gateway.providers.in_process.speech import Speech
from louver.gateway.providers.transformers_local.lengths import longest


class Embedder:
    """An encoder; one text at a time, so that no text's length costs another anything."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._longest = longest(model, tokenizer)

    def chat(self, asked: Asked, seed: int, speech: Speech) -> Ended:
        """See `Engine.chat`."""
        raise cannot("this model makes embeddings and cannot chat")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Engine.embed`."""
        import torch

        vectors, tokens = [], 0
        for text in texts:
            made = self._tokenizer(text, return_tensors="pt").to(self._model.device)
            length = made["input_ids"].shape[1]
            if length > self._longest:
                raise too_long(length, self._longest)
            with torch.inference_mode():
                hidden = self._model(**made).last_hidden_state[0].float()
            mean = torch.nn.functional.normalize(hidden.mean(dim=0), dim=0)
            vectors.append(mean.tolist())
            tokens += length
        return Vectors(vectors, tokens)
