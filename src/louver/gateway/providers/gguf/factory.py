"""Makes the provider; the library and the model are loaded when they are first needed."""

from __future__ import annotations

from louver.core.policy import Destination
from louver.core.seams import Clock
from louver.core.sensitive import Sensitive
from louver.gateway.providers.in_process import InProcess
from louver.gateway.providers.in_process.engine import Engine
from louver.gateway.providers.in_process.sources import local_path, required


def gguf(destination: Destination, key: Sensitive[str] | None, clock: Clock) -> InProcess:
    """A GGUF model in this process; `key` is for a hub's gated models.

    Raises Invalid where the library is missing, or nothing is at the model's path.
    """
    required(destination, "llama_cpp", "gguf")
    local_path(destination)

    def load() -> Engine:
        from louver.gateway.providers.gguf.loading import load

        return load(destination, key)

    return InProcess(destination, load, clock, structured=True)
