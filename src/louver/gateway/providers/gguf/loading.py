"""Loads a GGUF file, from a path or from this machine's cache of a hub."""

from __future__ import annotations

from pathlib import Path

from louver.core.policy import Destination
from louver.core.sensitive import Sensitive
from louver.gateway.providers.gguf.engine import Llama
from louver.gateway.providers.in_process.sources import fetched, local_path


def load(destination: Destination, key: Sensitive[str] | None) -> Llama:
    """The model of `destination`, ready to be asked. Raises whatever the library does."""
    file = local_path(destination) or _from_cache(destination, key)
    return Llama.open(file, destination.capabilities.context)


def _from_cache(destination: Destination, key: Sensitive[str] | None) -> Path:
    name = destination.model
    parts = name.split("/", 2)
    if len(parts) != 3:
        raise OSError("write the hub id with its file, such as org/name/file.gguf")

    def find() -> Path:
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download("/".join(parts[:2]), parts[2], local_files_only=True))

    return fetched(find, name, destination, key)
