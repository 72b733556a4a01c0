"""Whatever is logged, by whom and with what error: nothing that came from outside is shown."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest

from louver.doors.logs import ContentFree, event, unexpected

SECRET = "Zq7canaryZq7"


@pytest.fixture(params=[True, False], ids=["json", "text"])
def logged(request: pytest.FixtureRequest) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ContentFree(structured=request.param))
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(handler)
    return logger, stream


def test_messages_arguments_and_errors_are_not_shown(
    logged: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = logged
    logger.warning(SECRET)
    logger.warning("a %s", SECRET)
    logger.error(ValueError(SECRET))
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        logger.exception("failed: %s", error, extra={"body": SECRET})
        unexpected(logger, error, "id-1")
    text = stream.getvalue()
    assert SECRET not in text
    assert len(text.splitlines()) == 5
    assert text.count("KeyError") == 2
    assert "test_logs" in text


def test_only_listed_fields_are_taken(logged: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = logged
    event(logger, "started", count=3)
    assert "started" in stream.getvalue()
    with pytest.raises(ValueError, match="not on the list"):
        event(logger, "started", prompt=SECRET)


def test_json_lines_are_json() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ContentFree(structured=True))
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(handler)
    event(logger, "started", status=200)
    record = json.loads(stream.getvalue())
    assert (record["event"], record["status"], record["level"]) == ("started", 200, "info")


PROGRAM = f"""
import asyncio, logging, threading, uvicorn
from louver.doors.logs import install
install(structured=True)
logging.getLogger("uvicorn.access").info("GET /?q={SECRET}")
logging.getLogger("uvicorn.error").error("{SECRET}")
logging.getLogger("somebody.else").error("{SECRET}")
def fail(): raise RuntimeError("{SECRET}")
thread = threading.Thread(target=fail); thread.start(); thread.join()
class Falls:
    def __del__(self): raise RuntimeError("{SECRET}")
Falls()
async def forgotten():
    asyncio.get_running_loop().create_task(failing())
    await asyncio.sleep(0.01)
async def failing(): raise RuntimeError("{SECRET}")
asyncio.run(forgotten())
raise RuntimeError("{SECRET}")
"""


def test_a_process_says_nothing_of_its_content() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert SECRET not in done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines].count("louver") == 3
    assert {"uvicorn.error", "somebody.else", "asyncio"} <= {line["logger"] for line in lines}
    assert "uvicorn.access" not in {line["logger"] for line in lines}
