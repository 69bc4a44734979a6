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
        Size("medium", 20, 4200, 260, 300, 150, 220, 300, 60, 40),
        Size("large", 40, 24000, 450, 2600, 1500, 2200, 3000, 600, 400),
    )
}
