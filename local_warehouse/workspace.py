"""The part of the workspace's REST API that dbt-databricks and databricks-sdk call: the user, warehouses, jobs."""

from __future__ import annotations

from local_warehouse.engine import Engine
from local_warehouse.rest import Request, Response, Routes


def add_workspace_routes(routes: Routes, engine: Engine) -> None:
    """Add the workspace's routes.

    Args:
        routes: The registry.
        engine: What runs statements and notebooks.
    """

    def me(_: Request) -> Response:
        return Response({"id": "1", "userName": engine.catalog.user, "active": True})

    routes.add("GET", "/api/2.0/preview/scim/v2/Me", me)
