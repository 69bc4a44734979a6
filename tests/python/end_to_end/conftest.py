from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from end_to_end.project_run import ROOT, WITHOUT_TESTS, ProjectRun


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
    """Forty-five days, which hold everything that is planted for reports; updates of pipelines stop early."""
    if given := os.environ.get("PLT_REPORTED_ACCOUNT"):
        return Path(given)
    folder = tmp_path_factory.mktemp("generated") / "reported_account"
    command = (
        sys.executable,
        "-m",
        "synthetic_account",
        folder,
        "--days",
        "45",
        "--seed",
        "7",
        "--stale",
        "lakeflow.pipeline_update_timeline=9",
    )
    subprocess.run([*command, "--size", "small"], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def planted(reported_account: Path) -> dict[str, dict[str, Any]]:
    """What is planted for reports: the facts of each case, by its name."""
    truths = json.loads((reported_account / "truths.json").read_text(encoding="utf-8"))
    return {plant["name"]: plant["facts"] for plant in truths["plants"]}


@pytest.fixture(scope="session")
def reported_at(reported_account: Path) -> datetime:
    """The time of the build of all reports: six in the morning after the account's last day."""
    truths = json.loads((reported_account / "truths.json").read_text(encoding="utf-8"))
    return datetime.fromisoformat(truths["last_date"]).replace(tzinfo=UTC) + timedelta(days=1, hours=6)


@pytest.fixture(scope="module")
def reported(
    shared_warehouse: ProjectRun,
    tmp_path_factory: pytest.TempPathFactory,
    shared_target: Path,
    reported_account: Path,
    reported_at: datetime,
) -> ProjectRun:
    """The account of all reports, built in one go, for tests that only read.

    It is built once for all modules that follow one another without one that empties the warehouse. Heavy
    reports are materialized views, so that these are held to all that is known of the account. Other builds
    make the views that are the default.

    A warehouse that runs already, with this account delivered and the project built with the same variables,
    serves as well: give its home in PLT_REPORTED_WAREHOUSE_HOME and the account's folder in
    PLT_REPORTED_ACCOUNT. It is left running.
    """
    variables = {
        "observed_at": reported_at.strftime("%Y-%m-%d %H:%M:%S"),
        "heavy_reports_materialized": "materialized_view",
    }
    if home := os.environ.get("PLT_REPORTED_WAREHOUSE_HOME"):
        given = ProjectRun(tmp_path_factory.mktemp("reported"), shared_target)
        given.home, given.variables = Path(home), variables
        given.connect()
        return given
    run = shared_warehouse
    if run.holds != "reports":
        run.up()
        run.clear()
        run.deliver(reported_account)
        run.variables = variables
        run.dbt(*WITHOUT_TESTS)
        run.holds = "reports"
    return run
