"""A build that is killed anywhere and run again gives the Gold of a build that was not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from end_to_end.project_run import CATALOG, UP_TO_FACTS, WITHOUT_TESTS, ProjectRun

pytestmark = [pytest.mark.warehouse, pytest.mark.long]

#: Lines of dbt at which it is killed: after Bronze, in Silver, before the reconciliation.
DBT_KILL_POINTS = (
    "OK created sql incremental model plt_bronze.brz_billing_usage",
    "START sql incremental model plt_silver.slv_task_runs",
    "OK created sql incremental model plt_gold.fct_usage",
)
#: And at which its warehouse is: in Bronze, and in the Python model of Silver.
WAREHOUSE_KILL_POINTS = (
    "START sql incremental model plt_bronze.brz_billing_usage",
    "START python incremental model plt_silver.slv_usage_tags",
)
#: Models that merge what they read of change feeds.
MERGED = ("slv_job_runs", "slv_task_runs", "slv_usage_quarantine", "slv_usage", "slv_usage_tags", "fct_usage")


def test_a_killed_first_build_and_killed_increments_leave_nothing_wrong(
    project: ProjectRun, account: Path, delivery_days: list[date]
) -> None:
    steps = iter(delivery_days[2:])

    project.deliver(account, delivery_days[1])
    running = project.dbt_until("START sql incremental model plt_gold.fct_usage", *UP_TO_FACTS)
    running.kill()
    running.wait()

    for line in DBT_KILL_POINTS:
        until = next(steps)
        project.deliver(account, until)
        running = project.dbt_until(line, *UP_TO_FACTS)
        running.kill()
        running.wait()

    for line in WAREHOUSE_KILL_POINTS:
        until = next(steps)
        project.deliver(account, until)
        running = project.dbt_until(line, *UP_TO_FACTS)
        project.kill_warehouse()
        running.kill()
        running.wait()
        project.up()

    project.dbt(*UP_TO_FACTS)
    project.assert_as_expected(account, until)


def test_and_the_next_build_goes_on_as_if_nothing_had_been(project: ProjectRun, account: Path) -> None:
    project.deliver(account)
    project.dbt(*UP_TO_FACTS)
    project.assert_as_expected(account)


def test_a_build_that_wrote_its_rows_and_not_its_offset_writes_no_row_twice(project: ProjectRun) -> None:
    """The newest offsets are forgotten, as if the build had been killed just before it committed them."""
    state = f"{CATALOG}.plt_ops.processing_state"
    newest = project.fetch(
        f"select task, cast(max(committed_at) as string) as committed_at from {state}"
        f" where task in ({', '.join(map(repr, MERGED))}) group by task"
    )
    assert {row["task"] for row in newest} == set(MERGED)
    for row in newest:
        # Delta knows no subqueries over several columns in a condition to delete by.
        project.fetch(
            f"delete from {state} where task = '{row['task']}'"
            f" and committed_at = timestamp'{row['committed_at']}'"
        )
    before = project.versions()
    project.dbt(*WITHOUT_TESTS, "--select", *MERGED)
    for model in MERGED:
        assert project.touched_days(model), f"{model} was meant to read its last changes again"
    written = project.rows_written_since(before)
    assert set(written) == {"plt_ops.model_runs", "plt_ops.processing_state"}
