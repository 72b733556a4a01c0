"""Ollama's own API in the hub form: `/api/chat`, `/api/generate`, `/api/embed`, `/api/embeddings`.

A field that Ollama knows and that cannot be kept is refused by name; one that it does not know is
ignored, as Ollama does.
"""
