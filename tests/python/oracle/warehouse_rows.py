"""Rows of a query in the local warehouse, for tests that compare them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from databricks import sql


def rows_of(query: str, environment: Mapping[str, str] = os.environ) -> list[dict[str, Any]]:
    """Runs a query in a session of its own.

    Args:
        query: One statement.
        environment: Holds what `python -m local_warehouse env` exports.

    Returns:
        The rows by column name, with the connector's Python types.

    Raises:
        KeyError: If the environment does not name a warehouse.
        databricks.sql.exc.Error: If the statement fails.
    """
    path = environment["LOCAL_WAREHOUSE_HTTP_PATH"]
    with (
        sql.connect(
            server_hostname="127.0.0.1",
            http_path=path,
            access_token=environment["LOCAL_WAREHOUSE_TOKEN"],
            # The client speaks TLS to a host name; a whole address lets it speak plain HTTP to this machine.
            _connection_uri=environment["LOCAL_WAREHOUSE_HOST"] + path,
            _retry_stop_after_attempts_count=2,
            enable_telemetry=False,
            use_cloud_fetch=False,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
