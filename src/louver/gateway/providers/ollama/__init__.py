"""An Ollama server as a provider: `/api/chat` and `/api/embed` behind the hub form."""

from louver.gateway.providers.ollama.client import Ollama

__all__ = ["Ollama"]
