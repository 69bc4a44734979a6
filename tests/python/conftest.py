"""One warehouse for all modules that build the project: a Java that has warmed up works twice as fast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end.project_run import ProjectRun


@pytest.fixture(scope="session")
def shared_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what dbt parses and compiles."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def shared_warehouse(tmp_path_factory: pytest.TempPathFactory, shared_target: Path) -> Iterator[ProjectRun]:
    run = ProjectRun(tmp_path_factory.mktemp("project"), shared_target)
    yield run
    run.remove()


@pytest.fixture(scope="module")
def project(shared_warehouse: ProjectRun) -> ProjectRun:
    """A running warehouse in which nothing was delivered and nothing built."""
    shared_warehouse.up()
    shared_warehouse.clear()
    return shared_warehouse
