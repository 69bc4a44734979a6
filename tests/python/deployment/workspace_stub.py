"""What the Databricks CLI asks of a workspace while it validates a bundle, answered on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

#: Path -> the answer to a GET of it. Anything else is not there, and a POST is taken.
ANSWERS: dict[str, dict[str, Any]] = {
    "/.well-known/databricks-config": {"host_type": "workspace", "workspace_id": "1", "account_id": "stub"},
    "/api/2.0/preview/scim/v2/Me": {"id": "1", "userName": "deployer@example.com"},
    "/api/2.0/workspace/get-status": {"object_type": "DIRECTORY", "object_id": 1, "path": "/Workspace"},
}


class _Workspace(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        answer = ANSWERS.get(urlsplit(self.path).path)
        if answer is None:
            self._answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": self.path})
        else:
            self._answer(200, answer)

    def do_POST(self) -> None:
        self._answer(200, {})

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked is no part of a test's output."""


@contextmanager
def serving_workspace() -> Iterator[str]:
    """Serve the stub for a while.

    Yields:
        Its address, as DATABRICKS_HOST takes it.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Workspace)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
