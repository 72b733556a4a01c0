"""A hub of models on this machine, for a client to fetch from; it remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Serves the files of `folder` as the repository `acme/tiny`."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def names(self) -> list[str]:
        return sorted(file.name for file in self.folder.iterdir())


@contextmanager
def hub(folder: Path) -> Iterator[Hub]:
    served = Hub(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def log_message(self, *_: object) -> None:
            return

        def _answer(self, *, body: bool) -> None:
            served.asked.append(self.path)
            served.tokens.add(self.headers.get("Authorization", ""))
            name = self.path.partition("?")[0].rpartition("/")[2]
            if self.path.startswith("/api/models/acme/tiny/tree/"):
                sizes = [(n, (folder / n).stat().st_size) for n in served.names()]
                entries = [{"type": "file", "path": n, "size": s, "oid": n} for n, s in sizes]
                self._say(json.dumps(entries).encode(), "application/json", body=body)
            elif self.path.startswith("/api/models/acme/tiny"):
                files = [{"rfilename": n} for n in served.names()]
                about = {"id": "acme/tiny", "sha": _COMMIT, "siblings": files}
                self._say(json.dumps(about).encode(), "application/json", body=body)
            elif self.path.startswith("/acme/tiny/resolve/") and (folder / name).exists():
                self._say((folder / name).read_bytes(), "application/octet-stream", body=body)
            else:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def _say(self, content: bytes, kind: str, *, body: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", _COMMIT)
            self.end_headers()
            if body:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
