"""Installs and starts the peers: nothing of them enters Louver's own environment."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml

from bench.serving.installation import Target
from bench.serving.processes import ROOT, Process, running

HOME = ROOT / "build" / "peers"
_BIN = HOME / "venv" / "bin"
_REQUIREMENTS = Path(__file__).parent / "requirements.txt"
_KEY = "sk-bench-2f1d8c5ab0e94b7f93c6"  # It refuses a weak one.
_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # It asks the network for prices otherwise.
    "LITELLM_LOG": "ERROR",
    "LITELLM_MODE": "PRODUCTION",
    "PYTHONPATH": str(Path(__file__).parent),  # Nothing of Louver.
}
_PATIENCE = 120.0


def install() -> None:
    """The pinned packages into a venv of their own, once."""
    stamp = HOME / "installed.txt"
    wanted = _REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"installing the peers into {HOME} (about 1 GB) ...", file=sys.stderr)
    venv.create(HOME / "venv", with_pip=True)
    pip = [str(_BIN / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(_REQUIREMENTS)], check=True)
    stamp.write_text(wanted, encoding="utf-8")


@contextmanager
def litellm(upstream: Process, presidio: tuple[int, int] | None = None) -> Iterator[Target]:
    """The LiteLLM proxy with one worker; `presidio`: the ports of analyzer and anonymizer."""
    port = _free_port()
    config = HOME / f"litellm-{port}.yaml"
    config.write_text(yaml.safe_dump(_config(upstream, presidio)), encoding="utf-8")
    command = [str(_BIN / "litellm"), "--config", str(config), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--num_workers", "1", "--telemetry", "False"]
    with _started("litellm", command, port, "/health/liveliness") as process:
        yield Target(process, {"authorization": f"Bearer {_KEY}"})


@contextmanager
def litellm_with_presidio(upstream: Process) -> Iterator[Target]:
    """The LiteLLM proxy, and what it asks for each text: Presidio's analyzer and anonymizer."""
    with ExitStack() as stack:
        analyzer = stack.enter_context(_presidio("analyzer"))
        anonymizer = stack.enter_context(_presidio("anonymizer"))
        ports = (analyzer.port, anonymizer.port)
        proxy = stack.enter_context(litellm(upstream, ports))
        yield Target(proxy.process, proxy.headers, proxy.path, (analyzer, anonymizer))


@contextmanager
def _presidio(name: str) -> Iterator[Process]:
    port = _free_port()
    command = [str(_BIN / "gunicorn"), "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    command += ["--timeout", "120", f"presidio_app:{name}()"]
    with _started(name, command, port, "/") as process:
        yield process


def _config(upstream: Process, presidio: tuple[int, int] | None) -> dict[str, object]:
    model = {
        "model": "openai/scripted",
        "api_base": f"http://127.0.0.1:{upstream.port}/v1",
        "api_key": "sk-upstream",
    }
    config: dict[str, object] = {
        "model_list": [{"model_name": "chat", "litellm_params": model}],
        "general_settings": {"master_key": _KEY},
    }
    if presidio is not None:
        guard = {
            "guardrail": "presidio",
            "mode": "pre_call",
            "default_on": True,
            "output_parse_pii": True,
            "presidio_filter_scope": "input",  # Without it, what was restored is masked again.
            "presidio_analyzer_api_base": f"http://127.0.0.1:{presidio[0]}",
            "presidio_anonymizer_api_base": f"http://127.0.0.1:{presidio[1]}",
        }
        config["guardrails"] = [{"guardrail_name": "presidio", "litellm_params": guard}]
    return config


@contextmanager
def _started(name: str, command: list[str], port: int, path: str) -> Iterator[Process]:
    log = HOME / f"{name}.log"
    with running(command, server=True, environment=_ENVIRONMENT, speaks=False, log=log) as made:
        process = Process(made.process, {"port": port})
        _wait(process, f"http://127.0.0.1:{port}{path}", log)
        yield process


def _wait(process: Process, url: str, log: Path) -> None:
    """Until anything answers."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"a peer did not start; see {os.path.relpath(log)}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
