"""One line per request, text or JSON, without content; written together, and lost by nobody."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from support.visits import answered, refused

from louver.core.errors import Invalid
from louver.doors.telemetry.access import AccessLog
from louver.doors.telemetry.watching import careful
from louver.gateway.visit import Visit


def lines(*, structured: bool) -> list[str]:
    stream = io.StringIO()
    log = AccessLog(stream, structured=structured)
    log(answered())
    log(answered(told=False))
    log(refused(Invalid("Zq7canaryZq7")))
    return stream.getvalue().splitlines()


def test_a_line_of_json_says_how_it_went() -> None:
    first, second, third = (json.loads(line) for line in lines(structured=True))
    assert first.pop("time").startswith("2030-")
    assert first == {
        "level": "info",
        "logger": "louver.access",
        "event": "request",
        "path": "/v1/chat/completions",
        "status": 200,
        "exchange": "ex-1",
        "model": "louver",
        "destination": "cloud",
        "mode": "standard",
        "tokens_in": 12,
        "tokens_out": 7,
        "tokens_estimated": 0,
        "stream": 1,
        "find_ms": 2,
        "record_ms": 7,
        "first_ms": 200,
        "stream_ms": 690,
        "total_ms": 1000,
    }
    assert (second["tokens_in"], second["tokens_out"], second["tokens_estimated"]) == (10, 5, 1)
    assert (third["status"], third["code"]) == (400, "invalid_request")
    assert "exchange" not in third


def test_a_line_of_text_has_the_same_fields() -> None:
    first, *_ = lines(structured=False)
    time, level, logger, *rest = first.split()
    assert (level, logger) == ("info", "louver.access")
    assert "exchange=ex-1" in rest
    assert "total_ms=1000" in rest
    assert time.startswith("2030-")


@pytest.mark.parametrize("structured", [True, False])
def test_nothing_personal_is_in_it(structured: bool) -> None:
    text = "\n".join(lines(structured=structured))
    for secret in ("abcdefgh", "clinic", "Zq7canary", "Example AI"):
        assert secret not in text


def test_lines_are_written_together_soon() -> None:
    stream = io.StringIO()
    log = AccessLog(stream, structured=True)

    async def play() -> tuple[int, int]:
        for _ in range(5):
            log(answered())
        at_once = len(stream.getvalue().splitlines())
        await asyncio.sleep(0.4)
        return at_once, len(stream.getvalue().splitlines())

    assert asyncio.run(play()) == (0, 5)


def test_many_lines_wait_for_nobody() -> None:
    stream = io.StringIO()
    log = AccessLog(stream, structured=True)

    async def play() -> int:
        for _ in range(1000):
            log(answered())
        return len(stream.getvalue().splitlines())

    assert asyncio.run(play()) == 512
    log.flush()
    assert len(stream.getvalue().splitlines()) == 1000


def test_a_stream_that_nobody_reads_ends_no_request() -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    log = AccessLog(Broken(), structured=True)
    log(answered())
    closed = io.StringIO()
    closed.close()
    AccessLog(closed, structured=True)(answered())


def test_a_teller_that_fails_fails_no_request(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Visit) -> None:
        raise ZeroDivisionError("Zq7canaryZq7")

    careful(fails)(answered())
    assert [record.message for record in caplog.records] == ["unexpected_error"]
