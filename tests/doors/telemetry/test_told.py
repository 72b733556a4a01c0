"""How a request ended, as operators are told it; and that nothing else can be."""

from __future__ import annotations

import asyncio
from dataclasses import fields

import pytest
from support.visits import answered, refused

from louver.core.errors import (
    BudgetExhausted,
    Draining,
    Halted,
    Invalid,
    LouverError,
    RateLimited,
    Unauthenticated,
    UpstreamDown,
    UpstreamFailed,
)
from louver.core.exchanges import Outcome
from louver.doors.telemetry.told import Told, told
from louver.gateway.visit import Visit


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Invalid("no"), 400, "invalid_request"),
        (Unauthenticated("no"), 401, "invalid_api_key"),
        (RateLimited("no"), 429, "rate_limit_exceeded"),
        (BudgetExhausted("no"), 429, "budget_exhausted"),
        (Halted("no"), 503, "halted"),
        (UpstreamDown("no"), 503, "upstream_down"),
        (Draining("no"), 503, "draining"),
        (UpstreamFailed("no", status=418), 418, "upstream_error"),
        (ValueError("no"), 500, "internal_error"),
        (asyncio.CancelledError(), 499, "client_left"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_a_refused_request_has_the_status_that_its_client_saw(
    error: BaseException, status: int, code: str
) -> None:
    it = told(refused(error))
    assert (it.status, it.code) == (status, code)
    assert it.destination is None
    assert it.first_token is None


def test_an_answer_has_its_times() -> None:
    it = told(answered())
    assert (it.status, it.code) == (200, None)
    assert it.seconds == pytest.approx(1.0)
    assert it.first_token == pytest.approx(0.21)
    assert it.asked is not None
    assert it.asked[1] - it.asked[0] == pytest.approx(0.89)
    assert (it.tokens.into, it.tokens.out, it.tokens.estimated) == (12, 7, False)
    assert it.reasons == ("stop",)


def test_a_stream_that_fails_late_was_a_200_and_says_why_it_ended() -> None:
    visit = answered()
    visit.failure, visit.outcome = Halted("no"), Outcome.HALTED
    assert (told(visit).status, told(visit).code) == (200, "halted")
    visit = answered()
    visit.outcome = Outcome.CLIENT_LEFT
    assert (told(visit).status, told(visit).code) == (499, "client_left")


def test_what_is_told_has_no_place_for_a_key_a_person_or_a_category() -> None:
    """A new field is a decision: it belongs into this list, with a reason."""
    assert set(Told._fields) == {
        "path", "status", "code", "tenant", "exchange", "operation", "streamed", "model",
        "destination", "kind", "asked_model", "mode", "tokens", "reasons", "stages", "began",
        "start", "end",
    }  # fmt: skip
    assert "key" in {field.name for field in fields(Visit)}


def test_every_error_of_the_house_can_be_told() -> None:
    for kind in LouverError.__subclasses__():
        if kind.__module__ == "louver.core.errors" and kind is not UpstreamFailed:
            assert 400 <= told(refused(kind("no"))).status <= 599
