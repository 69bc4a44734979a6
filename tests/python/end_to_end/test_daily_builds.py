"""An account that comes a delivery at a time gives the Gold that the rules say, after each step.

The lines of each delivery come in any order, and the last one brings those of the one before again.
"""

from __future__ import annotations

import random
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest
from oracle.account_folder import WHOLE_TABLES, AccountFolder
from oracle.account_state import AccountState, read_state
from oracle.compare import ExpectedRows
from oracle.expected_reconciliation import expected_reconciliation
from oracle.expected_star import (
    expected_cost_daily,
    expected_job_runs,
    expected_run_costs,
    expected_runs_finished_daily,
    expected_task_runs,
    expected_usage_star,
    read_star,
)
from oracle.expected_usage import expected_fct_usage
from oracle.observed_versions import Sight
from oracle.silver_check import check_observed

from end_to_end.project_run import CATALOG, WITHOUT_TESTS, ProjectRun

pytestmark = pytest.mark.warehouse


@pytest.fixture(scope="module")
def versions() -> dict[date, dict[str, int]]:
    """The version of each table after each build, by the last delivery that was built."""
    return {}


@pytest.fixture(scope="module")
def shuffled(account: Path, delivery_days: list[date], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The account with its lines in another order, and the rows of the last step but one delivered twice."""
    folder = tmp_path_factory.mktemp("shuffled") / "account"
    chance = random.Random(3)
    for day in delivery_days:
        delivery = folder / "deliveries" / day.isoformat()
        delivery.mkdir(parents=True)
        sources = [account / "deliveries" / day.isoformat()]
        if day == delivery_days[-1]:
            sources.append(account / "deliveries" / delivery_days[-2].isoformat())
        for name in sorted({file.name for source in sources for file in source.iterdir()}):
            # What replaces a table whole is not repeated: it would bring back what has left it.
            of = sources[:1] if name.removesuffix(".jsonl") in WHOLE_TABLES else sources
            files = [source / name for source in of if (source / name).exists()]
            # At line feeds alone: texts of the account hold other characters that end a line.
            lines = [line for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]
            chance.shuffle(lines)
            if files:
                (delivery / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_every_row_is_right_after_every_build(
    project: ProjectRun, shuffled: Path, delivery_days: list[date], versions: dict[date, dict[str, int]]
) -> None:
    sights: list[Sight] = []
    for until in (delivery_days[-6], *delivery_days[-2:]):
        project.deliver(shuffled, until)
        project.dbt(*WITHOUT_TESTS)
        project.assert_as_expected(shuffled, until)
        versions[until] = project.versions()
        # Versions of what keeps no history begin and end by the clock of builds, to the second.
        clock = project.value(f"select max(run_started_at) from {CATALOG}.plt_ops.model_runs")
        sights.append((AccountFolder(shuffled, until), clock.astimezone(UTC).replace(microsecond=0)))
        for table, comparison in check_observed(sights, project.fetch).items():
            assert comparison.is_equal, f"{table} (until {until}):\n{comparison}"


def test_what_builds_saw_leave_and_change_is_kept(project: ProjectRun) -> None:
    back = f"{CATALOG}.plt_silver.slv_workspaces where workspace_name = 'comes-back'"
    assert project.value(f"select count(*) from {back}") == 2
    assert project.value(f"select count(*) from {back} and valid_to = source_removed_at") == 1
    corrected = (
        f"select count(*) from {CATALOG}.plt_silver.slv_node_types as old"
        f" inner join {CATALOG}.plt_silver.slv_node_types as new"
        " on old.node_type = new.node_type and old.valid_to = new.valid_from"
        " where old.memory_mb <> new.memory_mb and old.source_removed_at is null"
    )
    assert project.value(corrected), "no build has seen a node type change its size"


def test_the_score_of_each_build_is_kept(project: ProjectRun, delivery_days: list[date]) -> None:
    """One row for each rule and last complete day: later builds add theirs to those of earlier ones."""
    kept = project.fetch(
        "select score_date, count(*) as score_count, count(distinct rule_id) as rules"
        f" from {CATALOG}.plt_ops.dq_score_history group by score_date order by score_date"
    )
    assert [row["score_date"] for row in kept] == [
        day - timedelta(days=1) for day in (delivery_days[-6], *delivery_days[-2:])
    ]
    assert all(row["score_count"] == row["rules"] > 0 for row in kept)


def test_unit_tests_and_promises_of_the_project_hold(project: ProjectRun) -> None:
    """Its other tests run on a larger account, which is built in one go."""
    project.dbt("test", "--select", "test_type:unit", "test_type:singular")


def expected_facts(account: AccountFolder) -> dict[str, ExpectedRows]:
    """All facts that are told apart by days, as the rules make them; of what ties, the first."""
    star = read_star(first_of_ties(account))
    usage, members = expected_fct_usage(star.state.usage), expected_usage_star(star)
    both = {
        key: ({**(row or {}), **(members.rows[key][0] or {})},) for key, (row,) in usage.rows.items() if row
    }
    return {
        "fct_usage": ExpectedRows(usage.key_columns, (*usage.columns, *members.columns), both),
        "fct_cost_daily": expected_cost_daily(star),
        "fct_run_costs": expected_run_costs(star),
        "fct_job_runs": expected_job_runs(star),
        "fct_task_runs": expected_task_runs(star),
        "fct_runs_finished_daily": expected_runs_finished_daily(star),
        "fct_reconciliation": expected_reconciliation(star.state.usage),
    }


def first_of_ties(account: AccountFolder) -> AccountState:
    """An account in which each tie goes to the first, which is the same from delivery to delivery."""
    state = read_state(account)
    state.usage = {key: ways[:1] for key, ways in state.usage.items()}
    for table, histories in state.histories.items():
        state.histories[table] = {key: ways[:1] for key, ways in histories.items()}
    for table, runs in state.runs.items():
        state.runs[table] = {key: ways[:1] for key, ways in runs.items()}
    return state


def days_that_differ(before: ExpectedRows, after: ExpectedRows) -> set[int | None]:
    """The days of rows that came, went or changed."""
    days: set[int | None] = set()
    for key in before.rows.keys() | after.rows.keys():
        (old,), (new,) = before.rows.get(key, (None,)), after.rows.get(key, (None,))
        if old != new:
            days.update(row["date_key"] for row in (old, new) if row is not None)
    return days


def test_late_rows_and_corrections_touch_their_days_and_no_other(
    project: ProjectRun, shuffled: Path, delivery_days: list[date], versions: dict[date, dict[str, int]]
) -> None:
    """By what the account says before and after the last delivery, and by the files of each version."""
    last_but_one, last = delivery_days[-2:]
    before, after = (expected_facts(AccountFolder(shuffled, until)) for until in (last_but_one, last))
    gold = [table for table in versions[last] if table.startswith("plt_gold.")]
    details = {table: project.fetch(f"describe detail {CATALOG}.{table}")[0] for table in gold}
    by_day = {table for table, detail in details.items() if list(detail["partitionColumns"]) == ["date_key"]}
    assert by_day == {f"plt_gold.{fact}" for fact in after}
    for fact, rows in after.items():
        table = f"plt_gold.{fact}"
        days = project.days_with_other_files(
            f"{CATALOG}.{table}", versions[last_but_one][table], versions[last][table]
        )
        written = {day for day, is_other in days.items() if is_other}
        assert written == days_that_differ(before[fact], rows), fact
        assert set(days) - written, f"{fact} was meant to have days that stay as they are"


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


@pytest.mark.long
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
