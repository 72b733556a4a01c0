"""OpenTelemetry after the GenAI semantic conventions, without content; the extra `otel`.

Spans are made when a request is over, from what may be told of it: nothing else can get into them,
and no request waits for them. A client's `traceparent` gives ids and nothing else; none is sent to
a model's server, which could link requests by it.

Source: OpenTelemetry semantic conventions for generative AI (status: development, November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from louver.doors.settings.values import Telemetry
from louver.doors.telemetry.told import Told, told
from louver.gateway.breaker import State
from louver.gateway.visit import Visit

Attributes = dict[str, AttributeValue]

_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)
_DURATIONS = tuple(0.01 * 2**n for n in range(14))
_TOKENS = tuple(4**n for n in range(14))
_FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


class OpenTelemetry:
    """Told of each request when it is over; exports spans and metrics in threads of the SDK."""

    def __init__(
        self,
        settings: Telemetry,
        version: str,
        spans: SpanProcessor,
        metrics: MetricReader,
        states: Callable[[], Mapping[str, State]],
    ) -> None:
        """`states`: each destination's breaker, asked for from another thread."""
        self._tenants = settings.tenants
        resource = Resource.create({"service.name": settings.service, "service.version": version})
        self._tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracing.add_span_processor(spans)
        self._measuring = MeterProvider([metrics], resource=resource, shutdown_on_exit=False)
        self._tracer = self._tracing.get_tracer("louver", version)
        meter = self._measuring.get_meter("louver", version)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            explicit_bucket_boundaries_advisory=_DURATIONS,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._first = meter.create_histogram(
            "gen_ai.server.time_to_first_token",
            unit="s",
            explicit_bucket_boundaries_advisory=_FIRST,
        )
        self._stage = meter.create_histogram(
            "louver.stage.duration", unit="s", explicit_bucket_boundaries_advisory=_FIRST
        )
        meter.create_observable_gauge(
            "louver.upstream.open", [_observing(states)], "1", "1 while a destination is left alone"
        )

    def __call__(self, visit: Visit) -> None:
        it = told(visit)
        self._trace(it, visit.trace)
        self._measure(it)

    def close(self) -> None:
        """Export what waits, within the SDK's time-outs."""
        self._tracing.shutdown()
        self._measuring.shutdown()

    def _trace(self, it: Told, parent: str | None) -> None:
        context = None
        if (remote := _context(parent)) is not None:
            context = set_span_in_context(NonRecordingSpan(remote))
        span = self._tracer.start_span(
            f"POST {it.path}",
            context,
            SpanKind.SERVER,
            {**_http(it), **_gen_ai(it, it.model), **self._louver(it)},
            start_time=_nanoseconds(it, it.start),
        )
        if it.asked is not None:
            started, ended = it.asked
            child = self._tracer.start_span(
                f"{it.operation} {it.asked_model}",
                set_span_in_context(span),
                SpanKind.CLIENT,
                _gen_ai(it, it.asked_model),
                start_time=_nanoseconds(it, started),
            )
            _fail(child.set_status, it)
            child.end(_nanoseconds(it, ended))
        if it.status >= 500 or (it.code is not None and it.status == 200):
            _fail(span.set_status, it)
        span.end(_nanoseconds(it, it.end))

    def _measure(self, it: Told) -> None:
        labels = self._labels(it)
        for stage, (start, end) in it.stages.items():
            self._stage.record(end - start, {"louver.stage": stage})
        if it.asked is not None:
            failed: Attributes = {} if it.code is None else {"error.type": it.code}
            self._duration.record(it.asked[1] - it.asked[0], {**labels, **failed})
        if it.first_token is not None:
            self._first.record(it.first_token, labels)
        if it.destination is None or it.tokens.estimated:
            return  # The conventions want a count that the server told, or none.
        for kind, count in (("input", it.tokens.into), ("output", it.tokens.out)):
            self._tokens.record(count, {**labels, "gen_ai.token.type": kind})

    def _labels(self, it: Told) -> Attributes:
        labels: Attributes = {
            "gen_ai.operation.name": it.operation or "unknown",
            "gen_ai.provider.name": it.kind or "unknown",
        }
        if it.model is not None:
            labels["gen_ai.request.model"] = it.model
        if self._tenants and it.tenant is not None:
            labels["louver.tenant"] = it.tenant
        return labels

    def _louver(self, it: Told) -> Attributes:
        named = {
            "louver.exchange": it.exchange,
            "louver.destination": it.destination,
            "louver.mode": it.mode,
            "louver.tenant": it.tenant if self._tenants else None,
        }
        return {name: value for name, value in named.items() if value is not None}


def _http(it: Told) -> Attributes:
    return {
        "http.request.method": "POST",
        "http.route": it.path,
        "http.response.status_code": it.status,
    }


def _gen_ai(it: Told, model: str | None) -> Attributes:
    attributes: Attributes = {"gen_ai.operation.name": it.operation or "unknown"}
    if model is not None:
        attributes["gen_ai.request.model"] = model
    if it.kind is not None:
        attributes["gen_ai.provider.name"] = it.kind
        attributes["gen_ai.usage.input_tokens"] = it.tokens.into
        attributes["gen_ai.usage.output_tokens"] = it.tokens.out
        attributes["louver.usage.estimated"] = it.tokens.estimated
    if it.reasons:
        attributes["gen_ai.response.finish_reasons"] = it.reasons
    if it.code is not None:
        attributes["error.type"] = it.code
    return attributes


def _fail(set_status: Callable[[Status], None], it: Told) -> None:
    if it.code is not None:
        set_status(Status(StatusCode.ERROR))


def _nanoseconds(it: Told, moment: float) -> int:
    """A monotonic time as one of the day."""
    return int(1e9 * (it.began + moment - it.start))


def _context(parent: str | None) -> SpanContext | None:
    """The ids in a `traceparent`. Source: W3C Trace Context §3.2; anything else is ignored."""
    found = None if parent is None else _PARENT.fullmatch(parent)
    if found is None:
        return None
    context = SpanContext(
        int(found[1], 16), int(found[2], 16), True, TraceFlags(int(found[3], 16) & 1)
    )
    return context if context.is_valid else None


def _observing(
    states: Callable[[], Mapping[str, State]],
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        for name, state in states().items():
            yield Observation(int(state is not State.CLOSED), {"louver.destination": name})

    return observe


def exporting(
    settings: Telemetry, version: str, states: Callable[[], Mapping[str, State]]
) -> OpenTelemetry:
    """To the collector that the settings name."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    base = (settings.endpoint or "").rstrip("/")
    spans = BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces"))
    metrics = PeriodicExportingMetricReader(
        OTLPMetricExporter(f"{base}/v1/metrics"), export_interval_millis=settings.interval * 1000
    )
    return OpenTelemetry(settings, version, spans, metrics, states)
