from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from end_to_end.project_run import ROOT, ProjectRun


@pytest.fixture(scope="session")
def shared_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, shared_target: Path) -> Iterator[ProjectRun]:
    run = ProjectRun(tmp_path_factory.mktemp("project"), shared_target)
    run.up()
    yield run
    run.remove()


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten days with corrections, late rows, and records that break rules and come back."""
    folder = tmp_path_factory.mktemp("generated") / "account"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "synthetic_account",
            str(folder),
            "--days",
            "10",
            "--seed",
            "11",
            "--size",
            "small",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def delivery_days(account: Path) -> list[date]:
    return sorted(date.fromisoformat(folder.name) for folder in (account / "deliveries").iterdir())
