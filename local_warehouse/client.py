"""Talking to a running local warehouse: is it there, run a statement, deliver."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from local_warehouse.home import Home, Owner
from local_warehouse.lexer import tokenize

HTTP_PATH = "/sql/1.0/warehouses/local"
"""The warehouse's `http_path`."""

_FETCHED_ROWS = 100_000


class NotUpError(RuntimeError):
    """There is no warehouse to talk to; the message says what to run."""


class RefusedError(RuntimeError):
    """The warehouse refused what it was asked; the message is its own."""


@dataclass(frozen=True)
class Endpoint:
    """Where a warehouse answers.

    Attributes:
        host: With the scheme: `http://127.0.0.1:PORT`.
        port: The port.
        token: The secret every call carries.
    """

    host: str
    port: int
    token: str

    def call(self, method: str, path: str, body: Any = None, seconds: float | None = 10) -> Iterator[str]:
        """Make a REST call.

        Args:
            method: GET or POST.
            path: The path.
            body: Sent as JSON, if given.
            seconds: How long to wait for each piece of the answer; None for as long as it takes.

        Yields:
            The answer, line by line as it comes.

        Raises:
            OSError: Nothing answers.
            RefusedError: The warehouse refuses.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            try:
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                if answer.status != 200:
                    told = answer.read().decode("utf-8", "replace")
                    with contextlib.suppress(ValueError):
                        told = json.loads(told)["message"]
                    raise RefusedError(told)
                for line in answer:
                    yield line.decode("utf-8").rstrip("\n")
            except http.client.HTTPException as error:
                raise OSError(f"the warehouse broke off: {type(error).__name__} {error}") from error


def endpoint_of(home: Home, owner: Owner) -> Endpoint:
    """Give the endpoint a home's owner has told."""
    return Endpoint(owner.endpoint, int(owner.endpoint.rpartition(":")[2]), home.token)


def find(home: Home) -> Endpoint:
    """Find the warehouse that serves a home.

    Args:
        home: The state folder.

    Returns:
        Its endpoint; whether it answers is not asked.

    Raises:
        NotUpError: None serves it.
    """
    owner = home.owner()
    if owner is None or not owner.is_alive() or owner.purpose != "up":
        raise NotUpError(f"The warehouse of {home.root} is not up. Start it: {start_command(home)}")
    if not owner.endpoint:
        raise NotUpError(f"The warehouse of {home.root} is still starting (process {owner.pid}).")
    return endpoint_of(home, owner)


def start_command(home: Home) -> str:
    """Give the command that starts the warehouse of a home."""
    return f"python -m local_warehouse up --home {home.root}"


def answers(endpoint: Endpoint, seconds: float = 10) -> bool:
    """Tell whether a warehouse answers, and takes our token."""
    try:
        list(endpoint.call("GET", "/api/local/health", seconds=seconds))
    except (OSError, RefusedError):
        return False
    return True


def split_statements(text: str) -> list[str]:
    """Cut a text at its semicolons, except those in strings, quoted names and comments.

    Args:
        text: Any number of statements.

    Returns:
        The statements, without the semicolons and without empty ones.
    """
    statements = []
    start = 0
    has_tokens = False
    for token in tokenize(text):
        if token.text == ";":
            if has_tokens:
                statements.append(text[start : token.start].strip())
            start, has_tokens = token.end, False
        else:
            has_tokens = True
    if has_tokens:
        statements.append(text[start:].strip())
    return statements


def run_statements(
    endpoint: Endpoint,
    statements: list[str],
    on_result: Callable[[Iterator[pa.Table], list[str]], None],
    catalog: str | None = None,
) -> None:
    """Run statements one after the other in one session.

    Args:
        endpoint: The warehouse.
        statements: What to run.
        on_result: Called with the rows, in pieces, and the names of the columns (none if there are no rows).
        catalog: The session's catalog.

    Raises:
        RefusedError: A statement failed; those after it were not run.
    """
    # The connector takes a second to import; other commands need not wait for it.
    from databricks import sql
    from databricks.sql.exc import Error

    try:
        with (
            sql.connect(
                server_hostname="127.0.0.1",
                http_path=HTTP_PATH,
                access_token=endpoint.token,
                catalog=catalog,
                use_cloud_fetch=False,
                enable_telemetry=False,
                _connection_uri=f"{endpoint.host}{HTTP_PATH}",
                _retry_stop_after_attempts_count=2,
                _socket_timeout=None,
            ) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
                on_result(_pieces(cursor), [of[0] for of in cursor.description or []])
    except Error as error:
        raise RefusedError(str(error)) from error


def _pieces(cursor: Any) -> Iterator[pa.Table]:
    if not cursor.description:
        return
    while True:
        try:
            piece = cursor.fetchmany_arrow(_FETCHED_ROWS)
        except pa.ArrowInvalid as error:
            # The connector joins pieces by column name.
            raise RefusedError(
                f"The rows cannot be fetched: {error} Give every column a name of its own."
            ) from error
        if piece.num_rows == 0:
            return
        yield piece
