from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session")
def reported_account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-five days, which hold everything that is planted for reports."""
    folder = tmp_path_factory.mktemp("generated") / "reported_account"
    subprocess.run(
        [sys.executable, "-m", "synthetic_account", str(folder), "--days", "45", "--size", "small"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def planted(reported_account: Path) -> dict[str, dict[str, Any]]:
    """What is planted for reports: the facts of each case, by its name."""
    truths = json.loads((reported_account / "truths.json").read_text(encoding="utf-8"))
    return {plant["name"]: plant["facts"] for plant in truths["plants"]}


@pytest.fixture(scope="session")
def reported(
    tmp_path_factory: pytest.TempPathFactory, shared_target: Path, reported_account: Path
) -> Iterator[ProjectRun]:
    """One warehouse for the tests of all reports, built in one go."""
    run = ProjectRun(tmp_path_factory.mktemp("reported"), shared_target)
    run.up()
    run.deliver(reported_account)
    run.dbt("build", "--exclude-resource-type", "test", "unit_test")
    yield run
    run.remove()
