"""Requests that are over, as a test wants them to have gone."""

from __future__ import annotations

from louver.core.exchanges import Minimized, Outcome
from louver.core.policy import Destination, Location, Mode
from louver.gateway.metering import Meter
from louver.gateway.visit import Visit
from support.clocks import Hands

CLOUD = Destination("cloud", "openai", Location.REMOTE, "Example AI Ltd.", "example-large")


def answered(*, told: bool = True, tenant: str = "clinic", trace: str | None = None) -> Visit:
    """A stream that was answered within a second."""
    clock = Hands()
    visit = Visit(clock, "/v1/chat/completions", trace)
    visit.tenant, visit.key = tenant, "abcdefgh"
    visit.exchange, visit.operation, visit.streamed, visit.begun = "ex-1", "chat", True, True
    visit.sent("louver", CLOUD, Mode.STANDARD)
    visit.meter = Meter(Minimized("ex-1", b"x" * 40, True, False, {}, {}))
    choice = {"index": 0, "delta": {"content": "y" * 20}, "finish_reason": "stop"}
    visit.meter.follow({"choices": [choice]})
    if told:
        visit.meter.follow({"usage": {"prompt_tokens": 12, "completion_tokens": 7}})
    start = clock.seconds
    visit.stages = {
        "find": (start + 0.001, start + 0.003),
        "record": (start + 0.003, start + 0.010),
        "first": (start + 0.010, start + 0.210),
        "stream": (start + 0.210, start + 0.900),
    }
    visit.outcome = Outcome.ANSWERED
    visit.end = start + 1.0
    return visit


def refused(error: BaseException) -> Visit:
    """A request that ended before anything was decided."""
    visit = Visit(Hands(), "/v1/chat/completions")
    visit.tenant = "clinic"
    visit.failure = error
    visit.end = visit.start + 0.002
    return visit
