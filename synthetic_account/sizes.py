"""How large an account is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How many of each thing an account has.

    Attributes:
        name: small, medium or large.
        workspaces: At least eight.
        jobs: Jobs over all workspaces.
        runs_percent: How often jobs run, 100 being the mix of the small account.
        pipelines: Lakeflow pipelines.
        warehouses: SQL warehouses.
        clusters: All-purpose clusters.
        notebooks: People who work in serverless notebooks.
        endpoints: Model serving endpoints.
        apps: Databricks apps.
    """

    name: str
    workspaces: int
    jobs: int
    runs_percent: int
    pipelines: int
    warehouses: int
    clusters: int
    notebooks: int
    endpoints: int
    apps: int


SIZES = {
    size.name: size
    for size in (
        Size("small", 8, 190, 100, 12, 5, 9, 8, 2, 1),
        Size("medium", 20, 5000, 400, 500, 350, 480, 600, 130, 90),
        Size("large", 40, 30000, 600, 4500, 4000, 5500, 7000, 1500, 1000),
    )
}
