from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def shared_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, shared_target: Path) -> Iterator[ProjectRun]:
    """An account without any source: Bronze and the snapshots exist, typed and empty."""
    run = ProjectRun(tmp_path_factory.mktemp("project"), shared_target)
    run.up()
    run.dbt("build", "--select", *(f"+{name}" for name in SNAPSHOTS), "--exclude", "resource_type:test")
    yield run
    run.remove()
