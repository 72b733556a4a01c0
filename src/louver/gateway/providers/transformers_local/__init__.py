"""Hugging Face `transformers` models in this process: text generation, classes, embeddings."""

from louver.gateway.providers.transformers_local.factory import transformers

__all__ = ["transformers"]
