"""A generated account, delivered in steps and killed on the way, has the history of the oracle."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from end_to_end.project_run import ROOT, ProjectRun
from oracle.account_folder import AccountFolder
from oracle.account_state import read_state
from oracle.entity_versions import ENTITY_TABLES
from oracle.silver_check import check_silver

from snapshots.conftest import SNAPSHOTS

pytestmark = [pytest.mark.warehouse, pytest.mark.long]

BUILD = ("build", "--select", *(f"+{name}" for name in SNAPSHOTS), "--exclude", "resource_type:test")
ENTITIES = tuple(table.silver for table in ENTITY_TABLES)

#: Lines of dbt at which it is killed: before a snapshot is staged, after one is merged, after one is done.
KILL_POINTS = (
    "START snapshot plt_silver.slv_clusters",
    "OK snapshotted plt_silver.slv_jobs",
    "OK snapshotted plt_silver.slv_clusters",
)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "account"
    command = [sys.executable, "-m", "synthetic_account", str(folder), "--days", "10", "--seed", "5"]
    subprocess.run([*command, "--size", "small"], cwd=ROOT, check=True, capture_output=True)
    return folder


def assert_as_expected(project: ProjectRun, account: Path, until: date | None = None) -> None:
    state = read_state(AccountFolder(account, until))
    for table, comparison in check_silver(state, project.fetch, tables=ENTITIES).items():
        assert comparison.is_equal, f"{table} (until {until}):\n{comparison}"


def test_every_step_gives_the_history_of_the_oracle_also_after_a_kill(
    project: ProjectRun, account: Path
) -> None:
    days = sorted(date.fromisoformat(folder.name) for folder in (account / "deliveries").iterdir())
    for line, until in zip(KILL_POINTS, days[2::3], strict=False):
        project.deliver(account, until)
        running = project.dbt_until(line, *BUILD)
        running.kill()
        running.wait()
        project.dbt(*BUILD)
        assert_as_expected(project, account, until)
    project.deliver(account)
    project.dbt(*BUILD)
    assert_as_expected(project, account)


def test_a_build_with_nothing_new_writes_no_row(project: ProjectRun) -> None:
    before = project.versions()
    project.dbt(*BUILD)
    assert project.rows_written_since(before) == {}


def test_a_full_refresh_compares_all_and_writes_no_version(project: ProjectRun) -> None:
    before = {table: version for table, version in project.versions().items() if "slv_" in table}
    project.dbt("build", "--full-refresh", "--select", *SNAPSHOTS, "--exclude", "resource_type:test")
    assert project.rows_written_since(before) == {}
