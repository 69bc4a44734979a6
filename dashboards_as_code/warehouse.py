"""Running a tile's query on the local warehouse."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databricks import sql

from dashboards_as_code.definition import ROOT

CATALOG = "platform_observability"
SCHEMA = "plt_gold"

_VARIABLES = ("LOCAL_WAREHOUSE_HOST", "LOCAL_WAREHOUSE_HTTP_PATH", "LOCAL_WAREHOUSE_TOKEN")


class WarehouseError(RuntimeError):
    """There is no warehouse, or it refuses a query. The message says which and why."""


@dataclass(frozen=True)
class Column:
    """A column of an answer.

    Attributes:
        name: Its name.
        type: Its SQL type in lower case, without arguments: `decimal`, `string`, `array`.
    """

    name: str
    type: str


@dataclass(frozen=True)
class Answer:
    """What a query gives.

    Attributes:
        columns: In order.
        rows: A tuple a row, in the connector's types.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]


class Warehouse:
    """A session on a warehouse.

    Args:
        connection: An open connection of the Databricks connector.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def ask(self, query: str) -> Answer:
        """Runs one query.

        Args:
            query: SQL with tables of three parts.

        Returns:
            All its rows.

        Raises:
            WarehouseError: The warehouse refuses it.
        """
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(query)
                columns = tuple(Column(str(each[0]), str(each[1]).lower()) for each in cursor.description)
                return Answer(columns, tuple(tuple(row) for row in cursor.fetchall()))
        except sql.Error as error:
            raise WarehouseError(str(error).splitlines()[0] if str(error) else repr(error)) from error


def environment_of(home: Path) -> dict[str, str]:
    """The variables with which clients reach a warehouse that is up.

    Args:
        home: Its state folder.

    Returns:
        Names and values, as `python -m local_warehouse env` prints them.

    Raises:
        WarehouseError: It is not up.
    """
    finished = subprocess.run(
        [sys.executable, "-m", "local_warehouse", "env", "--home", str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise WarehouseError(finished.stderr.strip())
    words = (shlex.split(line, comments=True) for line in finished.stdout.splitlines())
    pairs = (pair[1].partition("=") for pair in words if len(pair) == 2 and pair[0] == "export")
    return {name: value for name, _, value in pairs}


@contextmanager
def connect(variables: Mapping[str, str] | None = None) -> Iterator[Warehouse]:
    """Opens a session.

    Args:
        variables: Where the warehouse is, as `environment_of` gives it; else this process's environment.

    Yields:
        The session.

    Raises:
        WarehouseError: The variables are not set, or nothing answers.
    """
    given = os.environ if variables is None else variables
    missing = [name for name in _VARIABLES if not given.get(name)]
    if missing:
        raise WarehouseError(f"{', '.join(missing)}: not set. Name the warehouse by --home")
    host, path, token = (given[name] for name in _VARIABLES)
    try:
        connection = sql.connect(
            server_hostname="127.0.0.1",
            http_path=path,
            access_token=token,
            _connection_uri=host + path,
            _retry_stop_after_attempts_count=3,
            enable_telemetry=False,
        )
    except Exception as error:
        raise WarehouseError(f"the warehouse at {host} does not answer: {error}") from error
    try:
        yield Warehouse(connection)
    finally:
        connection.close()
