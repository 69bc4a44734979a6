"""The HTTP server on 127.0.0.1: Thrift on the warehouse's path, REST beside it, one token for both."""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from local_warehouse.engine import Engine
from local_warehouse.home import Home
from local_warehouse.rest import Response, RestError, Routes
from local_warehouse.thrift_service import ThriftService
from local_warehouse.workspace import add_workspace_routes

log = logging.getLogger(__name__)

HTTP_PATH = "/sql/1.0/warehouses/local"
"""Where the Thrift service answers: the warehouse's `http_path`."""

MAX_BODY_BYTES = 256 * 1024 * 1024
_OPEN_PATHS = ("/.well-known/databricks-config",)


class WarehouseServer(ThreadingHTTPServer):
    """Serves one engine.

    Args:
        home: The state folder, whose token every call must carry.
        engine: What runs the statements.
        port: The port on 127.0.0.1; 0 takes any free one.

    Attributes:
        routes: REST routes; others may be added before `serve_forever`.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, home: Home, engine: Engine, port: int) -> None:
        self.home = home
        self.engine = engine
        self.token = home.token
        self.thrift = ThriftService(engine)
        self.routes = Routes()
        add_workspace_routes(self.routes, engine)
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def accepts_host(self, host: str) -> bool:
        """Tell whether a Host header names this server: a page of another site cannot send such a one."""
        return host in (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    def accepts_token(self, authorization: str) -> bool:
        """Tell whether an Authorization header carries the home's token."""
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token.encode())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with a connection; a client that went away is no news."""
        log.debug("connection from %s failed", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write a reply: else the small first packet waits for its acknowledgement, some 40 ms a request.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: WarehouseServer
    server_version = "local_warehouse"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *arguments: Any) -> None:
        log.debug(format, *arguments)

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _answer(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            self.close_connection = True
            return self._refuse(400, "MALFORMED_REQUEST", "Content-Length is not a number.")
        if length < 0 or length > MAX_BODY_BYTES or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return self._refuse(413, "REQUEST_LIMIT_EXCEEDED", "The request is too large or comes in chunks.")
        body = self.rfile.read(length)
        path = urlsplit(self.path).path
        if not self.server.accepts_host(self.headers.get("Host", "")):
            return self._refuse(403, "PERMISSION_DENIED", "The Host header does not name this server.")
        if path in _OPEN_PATHS:
            return self._send_json(
                200,
                {"host_type": "workspace", "workspace_id": "1", "account_id": "local", "oidc_endpoint": ""},
            )
        if not self.server.accepts_token(self.headers.get("Authorization", "")):
            return self._refuse(
                401, "UNAUTHENTICATED", "The token is missing or is not this warehouse's token."
            )
        if path.startswith("/sql/"):
            return self._answer_thrift(path, body)
        return self._answer_rest(body)

    def _answer_thrift(self, path: str, body: bytes) -> None:
        if not path.startswith("/sql/1.0/warehouses/") or self.command != "POST":
            return self._refuse(404, "ENDPOINT_NOT_FOUND", f"The warehouse's http_path is {HTTP_PATH}.")
        try:
            reply = self.server.thrift.answer(body)
        except Exception as error:
            log.warning("malformed Thrift message: %s", error)
            return self._refuse(400, "MALFORMED_REQUEST", f"Not a Thrift message of this protocol: {error}")
        self._send(200, reply, "application/x-thrift")
        return None

    def _answer_rest(self, body: bytes) -> None:
        try:
            response = self.server.routes.answer(self.command, self.path, body)
        except RestError as error:
            return self._refuse(error.status, error.code, error.message)
        except Exception as error:
            log.exception("%s %s failed", self.command, self.path)
            return self._refuse(500, "INTERNAL_ERROR", str(error))
        if response.is_stream:
            return self._send_pieces(response)
        return self._send_json(response.status, response.body)

    def _send_pieces(self, response: Response) -> None:
        """Send text as it comes, in chunks, flushed one by one: a client shows it as progress."""
        self.send_response(response.status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pieces: Iterator[str] = response.body
        for piece in pieces:
            data = piece.encode()
            if data:
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._send_json(status, {"error_code": code, "message": message}, reason=message)

    def _send_json(self, status: int, value: Any, reason: str = "") -> None:
        self._send(status, json.dumps(value).encode(), "application/json", reason)

    def _send(self, status: int, body: bytes, kind: str, reason: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if reason:
            # The SQL connector shows this header's text where a call is refused.
            text = reason.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
            self.send_header("x-thriftserver-error-message", text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.flush()


def serve(
    home: Home,
    engine: Engine,
    port: int,
    on_ready: Callable[[int], None],
    add_routes: Callable[[Routes, Callable[[], None]], None] | None = None,
) -> None:
    """Serve until stopped; the caller closes the engine and Spark afterwards.

    Args:
        home: The state folder.
        engine: What runs the statements.
        port: The port on 127.0.0.1; 0 takes any free one.
        on_ready: Called with the port once connections are accepted.
        add_routes: Called with the registry of REST routes, and with a function that makes the server stop
            after the
            call under way, to add routes such as `POST /api/local/stop`.

    Raises:
        OSError: The port is taken.
    """
    server = WarehouseServer(home, engine, port)

    def stop() -> None:
        threading.Thread(target=server.shutdown, name="stop", daemon=True).start()

    if add_routes is not None:
        add_routes(server.routes, stop)
    try:
        on_ready(server.port)
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()


def main() -> None:
    """Serve one home in the foreground: `python -m local_warehouse.server --home DIR --port N`."""
    import argparse
    from pathlib import Path

    from local_warehouse.spark_session import start_spark

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    home = Home(options.home)
    with home.lock():
        spark = start_spark(home)
        engine = Engine(home, spark)
        try:
            serve(
                home,
                engine,
                options.port,
                lambda port: print(f"http://127.0.0.1:{port}{HTTP_PATH}", flush=True),
            )
        except KeyboardInterrupt:
            log.info("stopped")
        finally:
            engine.close()
            spark.stop()


if __name__ == "__main__":
    main()
