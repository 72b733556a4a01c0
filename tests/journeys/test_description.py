"""The real gateway answers as its OpenAPI description says, whatever a generator sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok
from support.houses import Watched, running
from support.models import Echo

CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with running(tmp_path_factory.mktemp("described"), providers={"home": Echo()}) as house:
        yield house


@pytest.mark.slow
def test_answers_are_as_described(watched: Watched) -> None:
    url = watched.base_url.removesuffix("/v1") + "/openapi.json"
    headers = {"Authorization": f"Bearer {watched.key}"}
    found = [*schemathesis.openapi.from_url(url).get_all_operations()]
    operations = [result.ok() for result in found if isinstance(result, Ok)]
    assert len(operations) == len(found)
    checks: Any = [CHECKS.get_one(name) for name in CHECKED]  # Registered by loading a schema.
    assert {"/v1/chat/completions", "/v1/models"} <= {operation.path for operation in operations}
    for operation in operations:

        @settings(
            max_examples=40,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(headers=headers, checks=checks)

        check()
