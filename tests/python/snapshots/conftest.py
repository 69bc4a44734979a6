from __future__ import annotations

import pytest
from end_to_end.project_run import ProjectRun

SNAPSHOTS = (
    "slv_jobs",
    "slv_pipelines",
    "slv_clusters",
    "slv_warehouses",
    "slv_workspaces",
    "slv_node_types",
)


@pytest.fixture(scope="module")
def project(project: ProjectRun) -> ProjectRun:
    """An account without any source: Bronze and the snapshots exist, typed and empty."""
    project.dbt("build", "--select", *(f"+{name}" for name in SNAPSHOTS), "--exclude", "resource_type:test")
    return project
