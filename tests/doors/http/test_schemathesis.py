"""The gateway keeps to its own description, whatever is sent to it.

Against a line that does what the real one does at its borders; the journeys ask the real one.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from doors.http.fake import KEY, AlwaysReady, FakeServices
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from support.clocks import Hands

from louver.doors.http.app import Gateway, Limits
from louver.doors.operations import Operations

APP = Gateway(FakeServices(), Limits(100_000), Operations(AlwaysReady(), Hands()))
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP)


@SCHEMA.parametrize()
@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_as_described(case: schemathesis.Case[Any]) -> None:
    names = (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "unsupported_method",
        "ignored_auth",
    )
    checks: Any = [CHECKS.get_one(name) for name in names]
    case.call_and_validate(headers={"Authorization": KEY}, checks=checks)
