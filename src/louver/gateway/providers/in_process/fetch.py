"""Fetches a model's files into this machine's cache; a program of its own, the only one online.

Only weights in safetensors (or one named file) are fetched: a pickle could run code when loaded.
"""

from __future__ import annotations

import sys

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt", "*.h5", "*.msgpack", "*.ot")
_OTHERS = ("*.onnx", "*.gguf", "*.tflite", "*.mlmodel", "onnx/*", "openvino/*", "coreml/*")
NOT_WANTED = (*_PICKLES, *_OTHERS)


def fetch(what: str) -> None:
    """Fetch the repository `org/name`, or of it only the file in `org/name/file`."""
    from huggingface_hub import hf_hub_download, snapshot_download

    parts = what.split("/", 2)
    if len(parts) == 3:
        hf_hub_download("/".join(parts[:2]), parts[2])
    else:
        snapshot_download(what, ignore_patterns=list(NOT_WANTED))


if __name__ == "__main__":
    fetch(sys.argv[-1])
