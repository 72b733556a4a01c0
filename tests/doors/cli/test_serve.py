"""`louver serve` as a process: it introduces itself, answers, logs no content, stops cleanly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI

SECRET = "zq7canary@example.com"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_and_stops(tmp_path: Path, ending: signal.Signals) -> None:
    command = [sys.executable, "-c", "from louver.doors.cli import main; main()"]
    environment = {k: v for k, v in os.environ.items() if k != "LOUVER_CONFIG"}
    with subprocess.Popen(
        [*command, "serve", "--port", "0", "--json", "--log", "json"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        shown = ""
        while not shown.endswith("}\n"):
            line = process.stdout.readline()
            assert line
            shown += line
        told = json.loads(shown)
        with OpenAI(base_url=told["base_url"], api_key=told["key"], max_retries=0) as client:
            message = f"Please write to {SECRET}"
            answer = client.chat.completions.create(
                model="louver",
                messages=[{"role": "user", "content": message}],
                extra_query={"q": SECRET},
                stream=True,
            )
            text = "".join(
                chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices
            )
        assert "practice model" in text
        process.send_signal(ending)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert SECRET not in errors
    for line in errors.splitlines():
        assert json.loads(line)["level"] != "error"
