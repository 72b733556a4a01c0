"""Counts for Prometheus, in its text format; a few hundred bytes per destination, kept in memory.

No label is personal: paths, statuses and stages are words of ours, models and destinations names of
the settings, and the tenant is there only if the settings say so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from louver.doors.telemetry.told import Told, told
from louver.gateway.breaker import State
from louver.gateway.visit import Visit

Labels = tuple[tuple[str, str], ...]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Counter:
    """A number per set of labels that only grows."""

    def __init__(self, name: str, meaning: str) -> None:
        self._name = name
        self._meaning = meaning
        self._values: dict[Labels, int] = defaultdict(int)

    def add(self, labels: Labels, number: int = 1) -> None:
        self._values[labels] += number

    def lines(self) -> Iterator[str]:
        yield from _head(self._name, self._meaning, "counter")
        for labels, value in self._values.items():
            yield f"{self._name}{_shown(labels)} {value}"


class Histogram:
    """How many values were up to each bound, per set of labels."""

    def __init__(self, name: str, meaning: str, bounds: tuple[float, ...] = SECONDS) -> None:
        self._name = name
        self._meaning = meaning
        self._bounds = bounds
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = defaultdict(float)

    def add(self, labels: Labels, value: float) -> None:
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = [0] * (len(self._bounds) + 1)
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[labels] += value

    def lines(self) -> Iterator[str]:
        yield from _head(self._name, self._meaning, "histogram")
        for labels, counts in self._counts.items():
            total = 0
            for bound, count in zip((*self._bounds, "+Inf"), counts, strict=True):
                total += count
                yield f"{self._name}_bucket{_shown((*labels, ('le', str(bound))))} {total}"
            yield f"{self._name}_sum{_shown(labels)} {self._sums[labels]:.6f}"
            yield f"{self._name}_count{_shown(labels)} {total}"


class Metrics:
    """Told of each request when it is over; `exposition` is what a scraper reads."""

    def __init__(self, *, tenants: bool) -> None:
        self._tenants = tenants
        self._requests = Counter("louver_requests_total", "Requests that are over.")
        self._tokens = Counter("louver_tokens_total", "Tokens, as told or estimated.")
        self._seconds = Histogram("louver_request_seconds", "From arrival to end.")
        self._stages = Histogram("louver_stage_seconds", "Time in each stage of the line.")
        self._first = Histogram(
            "louver_time_to_first_token_seconds", "From arrival to the first event of an answer."
        )

    def __call__(self, visit: Visit) -> None:
        it = told(visit)
        self._requests.add((("path", it.path), ("status", str(it.status)), *self._of(it)))
        self._seconds.add((("path", it.path),), it.seconds)
        for stage, (start, end) in it.stages.items():
            self._stages.add((("stage", stage),), end - start)
        if it.destination is None:
            return
        destination = (("destination", it.destination),)
        if it.first_token is not None:
            self._first.add(destination, it.first_token)
        estimated = ("estimated", str(it.tokens.estimated).lower())
        for kind, count in (("input", it.tokens.into), ("output", it.tokens.out)):
            self._tokens.add((("type", kind), estimated, *self._of(it)), count)

    def exposition(self, under_way: int, states: Mapping[str, State]) -> str:
        """The text, with what is so right now."""
        lines = [
            *_head("louver_requests_under_way", "Requests that are being answered.", "gauge"),
            f"louver_requests_under_way {under_way}",
            *_head("louver_upstream_state", "1 for the state of each destination.", "gauge"),
            *_states(states),
        ]
        for one in (self._requests, self._tokens, self._seconds, self._stages, self._first):
            lines.extend(one.lines())
        return "".join(f"{line}\n" for line in lines)

    def _of(self, it: Told) -> Labels:
        labels: Labels = () if it.destination is None else (("destination", it.destination),)
        if self._tenants and it.tenant is not None:
            labels += (("tenant", it.tenant),)
        return labels


def _states(states: Mapping[str, State]) -> Iterator[str]:
    for name, state in states.items():
        for one in State:
            labels = (("destination", name), ("state", one.value))
            yield f"louver_upstream_state{_shown(labels)} {int(one is state)}"


def _head(name: str, meaning: str, kind: str) -> Iterable[str]:
    return (f"# HELP {name} {meaning}", f"# TYPE {name} {kind}")


def _shown(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
