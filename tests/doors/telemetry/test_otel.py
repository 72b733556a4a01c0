"""Spans and metrics after the conventions: what they hold, whose child they are, what they lack."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.visits import answered, refused

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from louver.core.errors import Invalid, UpstreamFailed
from louver.core.exchanges import Outcome
from louver.doors.settings.values import Telemetry
from louver.doors.telemetry.otel import OpenTelemetry, exporting
from louver.gateway.breaker import State

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Collected:
    otel: OpenTelemetry
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    @property
    def spans(self) -> dict[SpanKind, ReadableSpan]:
        return {span.kind: span for span in self.exporter.get_finished_spans()}

    def metrics(self) -> dict[str, list[tuple[Mapping[str, object], float]]]:
        """Each metric's points: their attributes, and their sum or value."""
        data = self.reader.get_metrics_data()
        found: dict[str, list[tuple[Mapping[str, object], float]]] = {}
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        histogram = isinstance(point, HistogramDataPoint)
                        value = getattr(point, "sum" if histogram else "value")
                        points = found.setdefault(metric.name, [])
                        points.append((dict(point.attributes or {}), value))
        return found


def collecting(*, tenants: bool = False) -> Collected:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    settings = Telemetry(endpoint="http://127.0.0.1:1", tenants=tenants)
    states = {"cloud": State.HALF_OPEN, "home": State.CLOSED}
    otel = OpenTelemetry(settings, "0", SimpleSpanProcessor(exporter), reader, lambda: states)
    return Collected(otel, exporter, reader)


@pytest.fixture
def collected() -> Iterator[Collected]:
    one = collecting()
    yield one
    one.otel.close()


def test_one_server_span_and_its_call_to_the_model(collected: Collected) -> None:
    visit = answered(trace=PARENT)
    collected.otel(visit)
    server, client = collected.spans[SpanKind.SERVER], collected.spans[SpanKind.CLIENT]
    assert server.name == "POST /v1/chat/completions"
    assert dict(server.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "louver",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 7,
        "louver.usage.estimated": False,
        "louver.exchange": "ex-1",
        "louver.destination": "cloud",
        "louver.mode": "standard",
    }
    assert client.name == "chat example-large"
    assert (client.attributes or {})["gen_ai.request.model"] == "example-large"
    assert client.parent is not None
    assert server.context is not None
    assert client.parent.span_id == server.context.span_id
    assert (server.end_time or 0) - (server.start_time or 0) == pytest.approx(1e9, rel=1e-6)
    assert (client.end_time or 0) - (client.start_time or 0) == pytest.approx(0.89e9, rel=1e-6)
    assert (server.start_time or 0) / 1e9 == pytest.approx(visit.began)


def test_the_clients_trace_gives_ids_and_nothing_else(collected: Collected) -> None:
    collected.otel(answered(trace=PARENT))
    server = collected.spans[SpanKind.SERVER]
    assert server.context is not None
    assert server.parent is not None
    assert f"{server.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{server.parent.span_id:016x}" == "b7ad6b7169203331"


@pytest.mark.parametrize(
    "trace",
    [
        None,
        "",
        "alice@example.com",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        PARENT + "-alice",
        PARENT.upper(),
        "01" + PARENT[2:],
    ],
)
def test_a_trace_that_is_none_is_ignored(collected: Collected, trace: str | None) -> None:
    collected.otel(answered(trace=trace))
    assert collected.spans[SpanKind.SERVER].parent is None


def test_failures_name_their_code_and_never_their_text(collected: Collected) -> None:
    collected.otel(refused(Invalid("Zq7canaryZq7")))
    (span,) = collected.exporter.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "invalid_request"
    assert span.status.status_code is StatusCode.UNSET  # the client's mistake is not ours
    assert "Zq7canaryZq7" not in span.to_json()
    collected.exporter.clear()
    visit = answered()
    visit.begun, visit.outcome = False, Outcome.UPSTREAM_FAILED
    visit.failure = UpstreamFailed("Zq7canaryZq7", status=503)
    collected.otel(visit)
    spans = collected.spans
    assert {span.status.status_code for span in spans.values()} == {StatusCode.ERROR}
    assert (spans[SpanKind.CLIENT].attributes or {})["error.type"] == "upstream_error"
    assert all("Zq7canaryZq7" not in span.to_json() for span in spans.values())


def test_metrics_after_the_conventions(collected: Collected) -> None:
    collected.otel(answered())
    collected.otel(answered(told=False))
    metrics = collected.metrics()
    labels = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "louver",
    }
    for name, seconds in (
        ("gen_ai.client.operation.duration", 1.78),
        ("gen_ai.server.time_to_first_token", 0.42),
    ):
        ((shown, total),) = metrics[name]
        assert shown == labels
        assert total == pytest.approx(seconds)
    tokens = {str(a["gen_ai.token.type"]): n for a, n in metrics["gen_ai.client.token.usage"]}
    assert tokens == {"input": 12, "output": 7}  # an estimate is no count
    stages = {str(a["louver.stage"]): n for a, n in metrics["louver.stage.duration"]}
    assert stages["record"] == pytest.approx(0.014)
    states = {str(a["louver.destination"]): n for a, n in metrics["louver.upstream.open"]}
    assert states == {"cloud": 1, "home": 0}


def test_a_tenant_is_named_only_where_the_settings_say_so(collected: Collected) -> None:
    collected.otel(answered())
    assert all("clinic" not in span.to_json() for span in collected.spans.values())
    assert "clinic" not in str(collected.metrics())
    telling = collecting(tenants=True)
    telling.otel(answered())
    server = telling.spans[SpanKind.SERVER]
    assert (server.attributes or {})["louver.tenant"] == "clinic"
    telling.otel.close()


def test_no_label_of_a_metric_is_an_exchange_or_a_key(collected: Collected) -> None:
    collected.otel(answered())
    text = str(collected.metrics())
    assert "ex-1" not in text
    assert "abcdefgh" not in text


def test_a_collector_that_does_not_answer_holds_nobody_up() -> None:
    otel = exporting(Telemetry(endpoint="http://127.0.0.1:1"), "0", dict)
    otel(answered())
    started = time.monotonic()
    otel.close()
    assert time.monotonic() - started < 5


def test_off_it_is_not_even_imported(tmp_path: Path) -> None:
    code = (
        "import io, sys\n"
        "from pathlib import Path\n"
        "from louver.doors.settings.load import default_settings\n"
        "from louver.doors.telemetry.watching import Watching\n"
        "from louver.house import Seams, build\n"
        f"settings = default_settings(Path({str(tmp_path)!r}))\n"
        "watching = Watching(settings, io.StringIO(), structured=True)\n"
        "with build(settings, Seams(watch=watching.watch)) as house:\n"
        "    watching.operations(house, Seams())\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
