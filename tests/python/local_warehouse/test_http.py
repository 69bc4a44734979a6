"""Who may call the server, and what it answers to calls that are not well formed."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import StatementState
from databricks.sql.exc import Error
from serving_warehouse import Warehouse

pytestmark = pytest.mark.warehouse


def call(
    warehouse: Warehouse, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, Any], http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", warehouse.port, timeout=30)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        return response.status, json.loads(response.read()), response.headers
    finally:
        connection.close()


def test_a_call_without_the_token_is_refused_with_a_reason(warehouse: Warehouse) -> None:
    for authorization in ("", "Bearer wrong", f"Basic {warehouse.token}", "Bearer " + warehouse.token[:-1]):
        status, body, headers = call(
            warehouse, "GET", "/api/2.0/preview/scim/v2/Me", Authorization=authorization
        )
        assert status == 401 and "token" in body["message"]
        assert "token" in headers["x-thriftserver-error-message"]
    with pytest.raises(Error, match="token"):
        warehouse.connect(access_token="wrong")


def test_another_host_name_is_refused(warehouse: Warehouse) -> None:
    for host in ("example.com", f"example.com:{warehouse.port}", "127.0.0.1", ""):
        status, body, _ = call(
            warehouse,
            "GET",
            "/api/2.0/preview/scim/v2/Me",
            Authorization=f"Bearer {warehouse.token}",
            Host=host,
        )
        assert status == 403 and "Host" in body["message"]


def test_the_connectors_probe_needs_no_token(warehouse: Warehouse) -> None:
    status, body, _ = call(warehouse, "GET", "/.well-known/databricks-config")
    assert status == 200 and body["host_type"] == "workspace"


@pytest.mark.parametrize("body", [b"", b"not thrift", b"\x80\x01\x00\x01" + b"\xff" * 64])
def test_a_malformed_message_is_refused_and_the_server_goes_on(warehouse: Warehouse, body: bytes) -> None:
    status, answer, _ = call(
        warehouse, "POST", warehouse.http_path, body, Authorization=f"Bearer {warehouse.token}"
    )
    assert status == 400 and answer["error_code"] == "MALFORMED_REQUEST"
    assert warehouse.rows("select 1") == [(1,)]


def test_an_unknown_call_says_so(warehouse: Warehouse) -> None:
    status, body, _ = call(
        warehouse, "GET", "/api/2.0/clusters/list", Authorization=f"Bearer {warehouse.token}"
    )
    assert status == 404 and "/api/2.0/clusters/list" in body["message"]


def test_the_sdk_finds_user_warehouse_and_rows(warehouse: Warehouse) -> None:
    client = WorkspaceClient(host=warehouse.host, token=warehouse.token)
    assert client.current_user.me().user_name
    assert [found.id for found in client.warehouses.list()] == ["local"]
    assert client.warehouses.get("local").name == "local_warehouse"
    answer = client.statement_execution.execute_statement(
        "select cast(1.50 as decimal(10,2)) as d, null as n, 1 as a, 2 as a", warehouse_id="local"
    )
    assert answer.status and answer.status.state is StatementState.SUCCEEDED
    assert answer.result and answer.result.data_array == [["1.50", None, "1", "2"]]
    failed = client.statement_execution.execute_statement("select * from nowhere", warehouse_id="local")
    assert (
        failed.status
        and failed.status.error
        and "TABLE_OR_VIEW_NOT_FOUND" in (failed.status.error.message or "")
    )
