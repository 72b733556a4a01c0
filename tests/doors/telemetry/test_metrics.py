"""Prometheus reads what is written; labels are ours or the settings', the tenant's if wanted."""

from __future__ import annotations

import re

from support.visits import answered, refused

from louver.core.errors import RateLimited
from louver.doors.telemetry.metrics import Metrics
from louver.gateway.breaker import State

LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)+)\})? (-?[0-9.]+)', re.ASCII)


def read(text: str) -> dict[tuple[str, str], float]:
    """Each sample by name and labels; a line that is none fails."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert line.split()[1] in {"HELP", "TYPE"}
            continue
        match = LINE.fullmatch(line)
        assert match is not None, line
        assert (match[1], match[2] or "") not in samples
        samples[match[1], match[2] or ""] = float(match[3])
    return samples


def test_requests_tokens_and_times_are_counted() -> None:
    metrics = Metrics(tenants=False)
    for _ in range(3):
        metrics(answered())
    metrics(answered(told=False))
    metrics(refused(RateLimited("no")))
    states = {"cloud": State.OPEN, "home": State.CLOSED}
    samples = read(metrics.exposition(7, states))
    path = 'path="/v1/chat/completions"'
    assert samples["louver_requests_under_way", ""] == 7
    assert samples["louver_requests_total", f'{path},status="200",destination="cloud"'] == 4
    assert samples["louver_requests_total", f'{path},status="429"'] == 1
    assert samples["louver_request_seconds_count", path] == 5
    assert samples["louver_stage_seconds_sum", 'stage="first"'] == 0.8
    into = 'type="input",estimated="{}",destination="cloud"'
    assert samples["louver_tokens_total", into.format("false")] == 36
    assert samples["louver_tokens_total", into.format("true")] == 10
    assert samples["louver_upstream_state", 'destination="cloud",state="open"'] == 1
    assert samples["louver_upstream_state", 'destination="home",state="open"'] == 0


def test_buckets_add_up() -> None:
    metrics = Metrics(tenants=False)
    for _ in range(4):
        metrics(answered())
    samples = read(metrics.exposition(0, {}))
    name = "louver_time_to_first_token_seconds"
    buckets = {
        labels.rpartition("=")[2].strip('"'): count
        for (one, labels), count in samples.items()
        if one == f"{name}_bucket"
    }
    assert buckets["0.1"] == 0
    assert buckets["0.25"] == 4
    assert buckets["+Inf"] == 4 == samples[f"{name}_count", 'destination="cloud"']
    assert list(buckets.values()) == sorted(buckets.values())


def test_a_tenant_is_named_only_where_the_settings_say_so() -> None:
    quiet, telling = Metrics(tenants=False), Metrics(tenants=True)
    for metrics in (quiet, telling):
        metrics(answered(tenant='odd "one"\nx\\'))
    assert "odd" not in quiet.exposition(0, {})
    samples = read(telling.exposition(0, {}))
    assert any('tenant="odd \\"one\\"\\nx\\\\"' in labels for _, labels in samples)


def test_memory_is_bounded_by_the_settings_not_by_requests() -> None:
    metrics = Metrics(tenants=False)
    for number in range(200):
        visit = answered()
        visit.exchange = f"ex-{number}"
        metrics(visit)
    assert len(read(metrics.exposition(0, {}))) < 150
