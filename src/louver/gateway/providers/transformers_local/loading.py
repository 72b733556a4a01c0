"""Loads a model's files: only data, never code, and never from anywhere but this machine.

The task is what the settings say, else what the model's own architecture is made for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from louver.core.policy import Destination
from louver.core.sensitive import Sensitive
from louver.gateway.providers.in_process.engine import Engine
from louver.gateway.providers.in_process.fetch import NOT_WANTED
from louver.gateway.providers.in_process.sources import fetched, local_path, stay_offline
from louver.gateway.providers.transformers_local.classification import Classifier
from louver.gateway.providers.transformers_local.embedding import Embedder
from louver.gateway.providers.transformers_local.generation import Generator

GENERATION, CLASSIFICATION, EMBEDDING = (
    "text-generation",
    "text-classification",
    "feature-extraction",
)
_GENERATES = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
_CLASSIFIES = ("ForSequenceClassification",)


def load(destination: Destination, key: Sensitive[str] | None) -> Engine:
    """The model of `destination`, ready to be asked. Raises whatever the library does."""
    stay_offline()
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder = folder_of(destination, key)
    task = destination.loading.task or task_of(folder)
    if task == CLASSIFICATION:
        return Classifier(*_loaded("AutoModelForSequenceClassification", folder))
    if task == EMBEDDING:
        return Embedder(*_loaded("AutoModel", folder))
    model, tokenizer = _loaded("AutoModelForCausalLM", folder)
    return Generator(model, tokenizer, destination.capabilities.context)


def task_of(folder: Path) -> str:
    """What the model in `folder` is made for, by the architecture that its files name."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    names = tuple(map(str, config.get("architectures") or ()))
    if any(name.endswith(_CLASSIFIES) for name in names):
        return CLASSIFICATION
    if any(name.endswith(_GENERATES) for name in names):
        return GENERATION
    return EMBEDDING


def folder_of(destination: Destination, key: Sensitive[str] | None) -> Path:
    """Where the model is on this machine; fetched, if the settings allow. Raises OSError."""
    path = local_path(destination)
    if path is not None:
        return path
    name = destination.model

    def find() -> Path:
        from huggingface_hub import snapshot_download

        found = snapshot_download(name, local_files_only=True, ignore_patterns=list(NOT_WANTED))
        return Path(found)

    return fetched(find, name, destination, key)


def _loaded(kind: str, folder: Path) -> tuple[Any, Any]:
    """The model, on the accelerator if there is one, and its tokenizer."""
    import torch
    import transformers

    safe = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safe)
    automatic = getattr(transformers, kind)
    model = automatic.from_pretrained(folder, dtype="auto", use_safetensors=True, **safe)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return model.to(device).eval(), tokenizer
