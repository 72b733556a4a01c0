"""Anthropic's Messages: requests read into the hub form, answers written from it."""

from louver.gateway.wire.anthropic.requests import Messages

__all__ = ["Messages"]
