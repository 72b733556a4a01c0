"""GGUF models in this process, through llama.cpp's own library."""

from louver.gateway.providers.gguf.factory import gguf

__all__ = ["gguf"]
