"""A provider for servers that speak Anthropic's Messages API."""

from louver.gateway.providers.anthropic.client import Anthropic

__all__ = ["Anthropic"]
