"""`make bench-peers`: the LiteLLM proxy, alone and with Presidio, measured as Louver is."""

from bench.peers.measure import rows

__all__ = ["rows"]
