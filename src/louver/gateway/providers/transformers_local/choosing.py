"""Chooses a token at random, from a source of its own: two answers at once never share one."""

from __future__ import annotations

from typing import Any

from louver.gateway.providers.in_process.engine import Sampling


class Choice:
    """What `generate` calls a logits processor: all scores but the chosen token's are ruled out."""

    def __init__(self, sampling: Sampling, top_k: int | None, device: Any) -> None:
        import torch
        from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

        self._random = torch.Generator(device=device).manual_seed(sampling.seed)
        self._warpers: list[Any] = []
        if sampling.temperature is not None and sampling.temperature != 1.0:
            self._warpers.append(TemperatureLogitsWarper(float(sampling.temperature)))
        if top_k:
            self._warpers.append(TopKLogitsWarper(top_k))
        if sampling.top_p is not None and sampling.top_p < 1.0:
            self._warpers.append(TopPLogitsWarper(max(float(sampling.top_p), 1e-6)))

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        for warper in self._warpers:
            scores = warper(input_ids, scores)
        chances = torch.softmax(scores, dim=-1)
        token = torch.multinomial(chances, 1, generator=self._random)
        return torch.full_like(scores, -torch.inf).scatter_(1, token, 0.0)
