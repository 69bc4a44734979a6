"""An account that comes a delivery at a time gives the Gold that the rules say, after each step."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from end_to_end.project_run import CATALOG, WITHOUT_TESTS, ProjectRun

pytestmark = pytest.mark.warehouse


def test_every_row_is_right_after_every_build(
    project: ProjectRun, account: Path, delivery_days: list[date]
) -> None:
    for until in (delivery_days[-6], *delivery_days[-2:]):
        project.deliver(account, until)
        project.dbt(*WITHOUT_TESTS)
        project.assert_as_expected(account, until)


def test_unit_tests_and_promises_of_the_project_hold(project: ProjectRun) -> None:
    """Its other tests run on a larger account, which is built in one go."""
    project.dbt("test", "--select", "test_type:unit", "test_type:singular")


def test_late_rows_and_corrections_touch_their_days_and_no_other(project: ProjectRun) -> None:
    """The last increment wrote files of the days its compiled model names, and changed rows on no other."""
    fct_usage = f"{CATALOG}.plt_gold.fct_usage"
    days = set(project.touched_days("fct_usage"))
    history = project.fetch(f"describe history {fct_usage}")
    last = max(entry["version"] for entry in history if entry["operation"] == "MERGE")
    changed = project.fetch(f"select distinct date_key from table_changes('{fct_usage}', {last}, {last})")
    assert changed, "the last increment was meant to change something"
    assert {row["date_key"] for row in changed} <= days
    before = {
        row["file"]: row["date_key"]
        for row in project.fetch(
            f"select distinct _metadata.file_path as file, date_key from {fct_usage} version as of {last - 1}"
        )
    }
    after = {
        row["file"]: row["date_key"]
        for row in project.fetch(
            f"select distinct _metadata.file_path as file, date_key from {fct_usage} version as of {last}"
        )
    }
    assert {day for file, day in (before | after).items() if (file in before) != (file in after)} <= days
    assert set(after.values()) - days, "the account was meant to have days that stay as they are"


def test_a_build_with_nothing_new_writes_no_row(project: ProjectRun) -> None:
    """But for the record of the run itself, which every run writes in one commit."""
    before = project.versions()
    project.dbt(*WITHOUT_TESTS)
    written = project.rows_written_since(before)
    assert len(written.pop("plt_ops.model_runs")) == 1
    assert written == {}


def test_a_seed_that_has_changed_is_loaded_again(project: ProjectRun) -> None:
    seed = f"{CATALOG}.plt_silver.alert_thresholds"
    loaded = project.value(f"select count(*) from {seed}")
    project.fetch(f"delete from {seed}")
    project.fetch(f"alter table {seed} set tblproperties ('platform_observability.seed_content' = 'other')")
    project.dbt("seed", "--select", "alert_thresholds")
    assert project.value(f"select count(*) from {seed}") == loaded


def test_reading_the_overlap_again_adds_nothing_to_any_change_feed(project: ProjectRun) -> None:
    before = project.versions()
    project.dbt(*WITHOUT_TESTS, variables={"overlap_hours": 168})
    after = project.versions()
    changed = {
        table: project.value(
            f"select count(*) from table_changes('{CATALOG}.{table}', {before[table] + 1}, {after[table]})"
        )
        for table in before
        if after[table] > before[table] and not table.startswith("plt_ops")
    }
    assert not any(changed.values()), changed
