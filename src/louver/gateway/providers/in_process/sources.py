"""Where a model's files are: a path, or a hub id whose files this machine has, or may fetch.

Rule: this process never asks a hub for anything. Where the settings say `download: true`, another
process fetches the files, before the model is loaded from them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from louver.core.errors import Invalid
from louver.core.policy import Destination
from louver.core.sensitive import Sensitive

OFFLINE: Mapping[str, str] = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
_FETCH = "louver.gateway.providers.in_process.fetch"


def stay_offline() -> None:
    """Tell the hub's library so before it is first imported; what the operator set stays."""
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)


def is_path(model: str) -> bool:
    """Whether `model` is meant as a path; `org/name` is a hub id."""
    return model.startswith((".", "/", "~"))


def required(destination: Destination, package: str, extra: str) -> None:
    """Check, without importing it, that `package` is installed. Raises Invalid."""
    if find_spec(package) is None:
        raise Invalid(
            f"destination '{destination.name}': kind {destination.kind} needs {package}; "
            f"install it with: pip install 'louver[{extra}]'"
        )


def local_path(destination: Destination) -> Path | None:
    """Where the model is, if `model` is a path. Raises Invalid where nothing is there."""
    if not is_path(destination.model):
        return None
    path = Path(destination.loading.folder) / Path(destination.model).expanduser()
    if not path.exists():
        raise Invalid(f"destination '{destination.name}': there is no model at its path")
    return path


def fetched(
    find: Callable[[], Path], what: str, destination: Destination, key: Sensitive[str] | None
) -> Path:
    """What `find` finds in this machine's cache, after fetching `what` if the settings allow it.

    `what` is `org/name`, or `org/name/file`. Raises OSError.
    """
    stay_offline()
    try:
        return find()
    except OSError:
        # The library's own word for "not in the cache" is an OSError too.
        if not destination.loading.download:
            missing = "it is not in this machine's cache; set `download: true`, or give a path"
            raise OSError(missing) from None
    environment = {**os.environ, **OFFLINE, "HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0"}
    if key is not None:
        environment["HF_TOKEN"] = key.reveal()
    # Our own interpreter and module; what comes from the settings is one argument, and no option.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", _FETCH, "--", what],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise OSError(f"it could not be downloaded: {reason}")
    return find()
