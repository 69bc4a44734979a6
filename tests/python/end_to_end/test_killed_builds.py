"""A build that is killed anywhere and run again gives the Gold of a build that was not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from end_to_end.project_run import WITHOUT_TESTS, ProjectRun

pytestmark = pytest.mark.warehouse

#: Lines of dbt at which it is killed: after Bronze, in Gold, before the reconciliation.
DBT_KILL_POINTS = (
    "OK created sql incremental model plt_bronze.brz_billing_usage",
    "START sql incremental model plt_gold.fct_usage",
    "OK created sql incremental model plt_gold.fct_usage",
)
#: And at which its warehouse is: in Bronze, and in Gold.
WAREHOUSE_KILL_POINTS = (
    "START sql incremental model plt_bronze.brz_billing_usage",
    "START sql incremental model plt_gold.fct_usage",
)


def test_a_killed_first_build_and_killed_increments_leave_nothing_wrong(
    project: ProjectRun, account: Path, delivery_days: list[date]
) -> None:
    steps = iter(delivery_days[2:])

    project.deliver(account, delivery_days[1])
    running = project.dbt_until(DBT_KILL_POINTS[1], *WITHOUT_TESTS)
    running.kill()
    running.wait()

    for line in DBT_KILL_POINTS:
        until = next(steps)
        project.deliver(account, until)
        running = project.dbt_until(line, *WITHOUT_TESTS)
        running.kill()
        running.wait()

    for line in WAREHOUSE_KILL_POINTS:
        running = project.dbt_until(line, *WITHOUT_TESTS)
        project.kill_warehouse()
        running.kill()
        running.wait()
        project.up()

    project.dbt(*WITHOUT_TESTS)
    project.assert_as_expected(account, until)


def test_and_the_next_build_goes_on_as_if_nothing_had_been(project: ProjectRun, account: Path) -> None:
    project.deliver(account)
    project.dbt(*WITHOUT_TESTS)
    project.assert_as_expected(account)
