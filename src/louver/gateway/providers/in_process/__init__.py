"""Models that run in this process: what their kinds share, whatever library computes them."""

from louver.gateway.providers.in_process.provider import InProcess

__all__ = ["InProcess"]
