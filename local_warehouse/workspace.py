"""The part of the workspace REST API that dbt-databricks and databricks-sdk call: user, warehouses, jobs."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from local_warehouse.column_types import sql_type
from local_warehouse.engine import Engine, State
from local_warehouse.notebooks import Notebooks, Run
from local_warehouse.rest import Request, Response, RestError, Routes

LONG_POLL_SECONDS = 50.0
"""A call that asks for a run's state waits so long for its end: the adapter asks every ten seconds only."""

WAREHOUSE_ID = "local"
_INLINE_ROWS = 100_000


def add_workspace_routes(routes: Routes, engine: Engine) -> None:
    """Add the workspace's routes.

    Args:
        routes: The registry.
        engine: What runs statements and notebooks.
    """
    _add_identity(routes, engine)
    _add_notebooks(routes, Notebooks(engine))
    _add_statements(routes, engine)


def _add_identity(routes: Routes, engine: Engine) -> None:
    def me(_: Request) -> Response:
        return Response(
            {"id": "1", "userName": engine.catalog.user, "displayName": engine.catalog.user, "active": True}
        )

    def warehouse() -> dict[str, Any]:
        return {
            "id": WAREHOUSE_ID,
            "name": "local_warehouse",
            "state": "RUNNING",
            "cluster_size": "2X-Small",
            "warehouse_type": "PRO",
            "num_active_sessions": len(engine.sessions()),
            "odbc_params": {
                "hostname": "127.0.0.1",
                "path": f"/sql/1.0/warehouses/{WAREHOUSE_ID}",
                "protocol": "http",
            },
        }

    def get_warehouse(request: Request) -> Response:
        if request.parts["id"] != WAREHOUSE_ID:
            raise RestError(404, "RESOURCE_DOES_NOT_EXIST", f"There is one warehouse here: {WAREHOUSE_ID}.")
        return Response(warehouse())

    routes.add("GET", "/api/2.0/preview/scim/v2/Me", me)
    routes.add("GET", "/api/2.0/sql/warehouses", lambda _: Response({"warehouses": [warehouse()]}))
    routes.add("GET", "/api/2.0/sql/warehouses/{id}", get_warehouse)


def _add_notebooks(routes: Routes, notebooks: Notebooks) -> None:
    def upload(request: Request) -> Response:
        body = request.json()
        if body.get("language", "PYTHON") != "PYTHON" or body.get("format", "SOURCE") != "SOURCE":
            raise RestError(400, "INVALID_PARAMETER_VALUE", "Only Python sources can be imported.")
        try:
            source = base64.b64decode(body.get("content", ""), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise RestError(
                400, "INVALID_PARAMETER_VALUE", f"The content is not base64 of UTF-8: {error}"
            ) from error
        notebooks.upload(_text(body, "path"), source)
        return Response()

    def status(request: Request) -> Response:
        path = request.query.get("path", "")
        if not notebooks.has(path):
            raise RestError(404, "RESOURCE_DOES_NOT_EXIST", f"Path ({path}) doesn't exist.")
        return Response({"path": path, "object_type": "NOTEBOOK", "language": "PYTHON", "object_id": 1})

    def submit(request: Request) -> Response:
        body = request.json()
        tasks = body.get("tasks") or []
        notebook = tasks[0].get("notebook_task") if len(tasks) == 1 else None
        if not notebook:
            raise RestError(
                400, "INVALID_PARAMETER_VALUE", "A run takes exactly one task here, a notebook_task."
            )
        path = _text(notebook, "notebook_path")
        if not notebooks.has(path):
            raise RestError(404, "RESOURCE_DOES_NOT_EXIST", f"Notebook {path} was not imported.")
        run = notebooks.submit(str(body.get("run_name") or "run"), path)
        return Response({"run_id": run.id})

    def find(request: Request) -> Run:
        given = request.query.get("run_id") or str(request.json().get("run_id", ""))
        run = notebooks.run(int(given)) if given.isdigit() else None
        if run is None:
            raise RestError(400, "INVALID_PARAMETER_VALUE", f"Run {given} does not exist.")
        return run

    asked: set[int] = set()

    def get(request: Request) -> Response:
        run = find(request)
        # The first call only asks for the job's number, before the run's permissions are set.
        if run.id in asked:
            run.done.wait(LONG_POLL_SECONDS)
        asked.add(run.id)
        return Response(_run(run))

    def output(request: Request) -> Response:
        run = find(request)
        run.done.wait(LONG_POLL_SECONDS)
        return Response({"metadata": _run(run), "error": run.error, "error_trace": run.trace})

    def cancel(request: Request) -> Response:
        notebooks.cancel(find(request).id)
        return Response()

    def listed(_: Request) -> Response:
        return Response({"runs": [_run(run) for run in notebooks.runs()[:100]], "has_more": False})

    def nothing(_: Request) -> Response:
        return Response()

    routes.add("POST", "/api/2.0/workspace/mkdirs", nothing)
    routes.add("POST", "/api/2.0/workspace/import", upload)
    routes.add("GET", "/api/2.0/workspace/get-status", status)
    for version in ("2.1", "2.2"):
        routes.add("POST", f"/api/{version}/jobs/runs/submit", submit)
        routes.add("GET", f"/api/{version}/jobs/runs/get", get)
        routes.add("GET", f"/api/{version}/jobs/runs/get-output", output)
        routes.add("POST", f"/api/{version}/jobs/runs/cancel", cancel)
        routes.add("GET", f"/api/{version}/jobs/runs/list", listed)
    # Nobody else can connect, so permissions have nobody to apply to.
    for kind in ("jobs", "notebooks"):
        for method in ("GET", "PUT", "PATCH"):
            routes.add(method, f"/api/2.0/permissions/{kind}/{{id}}", nothing)


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise RestError(400, "INVALID_PARAMETER_VALUE", f"{key} is missing.")
    return value


def _run(run: Run) -> dict[str, Any]:
    """A run as the jobs API shows it.

    A failed run is shown as an internal error: only then does the adapter ask for the traceback.
    """
    if run.state in ("PENDING", "RUNNING"):
        state = {"life_cycle_state": run.state, "state_message": ""}
    elif run.state == "FAILED":
        state = {"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED", "state_message": run.error}
    else:
        state = {"life_cycle_state": "TERMINATED", "result_state": run.state, "state_message": run.error}
    return {
        "run_id": run.id,
        "job_id": run.id,
        "run_name": run.name,
        "start_time": run.started,
        "end_time": run.ended,
        "state": state,
        "tasks": [{"run_id": run.id + 1, "task_key": "inner_notebook", "state": state}],
    }


def _add_statements(routes: Routes, engine: Engine) -> None:
    """The statement execution API, with the rows in the answer as JSON."""

    def execute(request: Request) -> Response:
        body = request.json()
        if body.get("disposition", "INLINE") != "INLINE" or body.get("format", "JSON_ARRAY") != "JSON_ARRAY":
            raise RestError(
                400, "INVALID_PARAMETER_VALUE", "Only INLINE results as JSON_ARRAY are given here."
            )
        if body.get("parameters"):
            raise RestError(
                400, "INVALID_PARAMETER_VALUE", "Parameters are not taken here; use the SQL connector."
            )
        session = engine.open_session(body.get("catalog"), body.get("schema"))
        try:
            operation = session.start(_text(body, "statement"))
            with session.held():
                operation.wait(None)
            answer: dict[str, Any] = {"statement_id": operation.id.hex()}
            if operation.state is not State.FINISHED or operation.result is None:
                message = operation.error.message if operation.error else "canceled"
                error = {"error_code": "BAD_REQUEST", "message": message}
                return Response({**answer, "status": {"state": "FAILED", "error": error}})
            result = operation.result
            rows = min(result.row_count, int(body.get("row_limit") or result.row_count))
            if rows > _INLINE_ROWS:
                raise RestError(
                    400, "INVALID_PARAMETER_VALUE", "The result is too large; use the SQL connector."
                )
            kinds = [sql_type(kind) for kind in result.spark_types]
            columns = [
                {"name": name, "position": at, "type_text": kind.upper(), "type_name": _type_name(kind)}
                for at, (name, kind) in enumerate(zip(result.schema.names, kinds, strict=True))
            ]
            data = [[_cell(value) for value in row.values()] for row in _rows(result.table(), rows)]
            return Response(
                {
                    **answer,
                    "status": {"state": "SUCCEEDED"},
                    "manifest": {
                        "format": "JSON_ARRAY",
                        "schema": {"column_count": len(columns), "columns": columns},
                        "total_row_count": rows,
                        "total_chunk_count": 1,
                        "truncated": rows < result.row_count,
                    },
                    "result": {"chunk_index": 0, "row_offset": 0, "row_count": rows, "data_array": data},
                }
            )
        finally:
            engine.close_session(session.id)

    def under_way(_: Request) -> Response:
        listed = [
            {
                "query_id": operation.id.hex(),
                "query_text": operation.sql,
                "status": "RUNNING",
                "query_start_time_ms": operation.started_ms,
                "warehouse_id": WAREHOUSE_ID,
            }
            for session in engine.sessions()
            for operation in session.running()
        ]
        return Response({"res": listed, "has_next_page": False})

    # Statements that are done leave no trace here.
    routes.add("GET", "/api/2.0/sql/history/queries", under_way)
    routes.add("POST", "/api/2.0/sql/statements", execute)
    routes.add("POST", "/api/2.0/sql/statements/", execute)


def _rows(table: Any, rows: int) -> list[dict[str, Any]]:
    names = [str(at) for at in range(table.num_columns)]
    listed: list[dict[str, Any]] = table.slice(0, rows).rename_columns(names).to_pylist()
    return listed


def _type_name(kind: str) -> str:
    base = kind.split("<")[0].split("(")[0].upper()
    return {"BIGINT": "LONG", "SMALLINT": "SHORT", "TINYINT": "BYTE"}.get(base, base)


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
