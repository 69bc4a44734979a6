"""Usage, from Bronze to Gold, after a build whose dbt was killed and one whose warehouse was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from oracle.account_folder import AccountFolder
from oracle.star_check import check_all

from end_to_end.project_run import WITHOUT_TESTS, ProjectRun

pytestmark = pytest.mark.warehouse

UP_TO_USAGE = (*WITHOUT_TESTS, "--select", "+fct_reconciliation")
TABLES = (
    "slv_jobs",
    "slv_pipelines",
    "slv_clusters",
    "slv_usage_tags",
    "slv_usage_quarantine",
    "fct_usage",
    "fct_reconciliation",
)


def test_what_was_killed_and_run_again_is_right(
    project: ProjectRun, account: Path, delivery_days: list[date]
) -> None:
    """One build ends after the rows of Bronze, the warehouse of the next in the midst of the tags."""
    project.deliver(account, delivery_days[2])
    running = project.dbt_until("OK created sql incremental model plt_bronze.brz_billing_usage", *UP_TO_USAGE)
    running.kill()
    running.wait()

    project.deliver(account, delivery_days[4])
    running = project.dbt_until("START python incremental model plt_silver.slv_usage_tags", *UP_TO_USAGE)
    project.kill_warehouse()
    running.kill()
    running.wait()
    project.up()

    until = delivery_days[5]
    project.deliver(account, until)
    project.dbt(*UP_TO_USAGE)
    for table, comparison in check_all(AccountFolder(account, until), project.fetch, tables=TABLES).items():
        assert comparison.is_equal, f"{table}:\n{comparison}"
