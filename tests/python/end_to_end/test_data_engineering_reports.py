"""The data engineering reports find what is planted for them, and nothing of what must not be found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import median
from typing import Any

import pytest

from end_to_end.project_run import CATALOG, ProjectRun
from synthetic_account.plants.stable_ids import RUNS_WORKSPACE_ID

pytestmark = pytest.mark.warehouse

GOLD = f"{CATALOG}.plt_gold"
Planted = dict[str, dict[str, Any]]

#: The planted tasks and the verdict that each must get.
VERDICTS = {
    "task_latency_regression": "slower",
    "task_latency_regression_on_shared_cluster": "slower",
    "task_latency_noisy_but_stable": "as_before",
    "task_latency_stable": "as_before",
    "task_latency_that_got_better": "faster",
    "task_latency_with_too_few_runs": "too_few_runs",
}
REGRESSIONS = [case for case, verdict in VERDICTS.items() if verdict == "slower"]


@pytest.fixture(scope="module")
def regressions(reported: ProjectRun) -> dict[tuple[str, str], dict[str, Any]]:
    """All rows of the report, by job and task."""
    rows = reported.fetch(f"select * from {GOLD}.rpt_task_latency_regressions")
    return {(row["job_id"], row["task_key"]): row for row in rows}


@pytest.fixture(scope="module")
def verdicts(reported: ProjectRun) -> dict[tuple[str, str], str]:
    """The verdict on every task of the workspace, by job and task."""
    rows = reported.fetch(
        f"select job_id, task_key, verdict from {GOLD}.int_task_latency_tests"
        f" where workspace_id = '{RUNS_WORKSPACE_ID}'"
    )
    return {(row["job_id"], row["task_key"]): row["verdict"] for row in rows}


@pytest.fixture(scope="module")
def reliability(reported: ProjectRun) -> dict[str, dict[str, Any]]:
    """Rows of the report for the workspace, by job."""
    rows = reported.fetch(
        f"select * from {GOLD}.rpt_job_reliability where workspace_id = '{RUNS_WORKSPACE_ID}'"
    )
    return {row["job_id"]: row for row in rows}


def test_exactly_the_planted_regressions_are_reported(
    regressions: dict[tuple[str, str], dict[str, Any]], planted: Planted
) -> None:
    """Of the whole account: the jobs around the planted ones run at a steady pace, with noise."""
    expected = {(planted[case]["job_id"], planted[case]["task_key"]) for case in REGRESSIONS}
    assert set(regressions) == expected


@pytest.mark.parametrize("case", sorted(VERDICTS))
def test_each_planted_task_gets_its_verdict(
    verdicts: dict[tuple[str, str], str], planted: Planted, case: str
) -> None:
    facts = planted[case]
    assert verdicts[facts["job_id"], facts["task_key"]] == VERDICTS[case]
    steady = "too_few_runs" if VERDICTS[case] == "too_few_runs" else "as_before"
    assert verdicts[facts["job_id"], facts["steady_task_key"]] == steady


def rank_z(before: Sequence[int], after: Sequence[int]) -> float:
    """Evidence by the Mann-Whitney test, from the pairs in which the later run takes longer."""
    runs = len(before) + len(after)
    longer = sum((late > early) + (late == early) / 2 for late in after for early in before)
    ties = sum(count**3 - count for count in Counter([*before, *after]).values())
    variance = len(before) * len(after) / 12 * (runs + 1 - ties / (runs * (runs - 1)))
    return (longer - len(before) * len(after) / 2) / sqrt(variance)


def test_medians_and_ranks_agree_with_plain_python(reported: ProjectRun) -> None:
    """By another way than SQL: all pairs of runs, and for the tasks that changed all places to split them."""
    tested = reported.fetch(f"select * from {GOLD}.int_task_latency_tests")
    runs: dict[tuple[str, str, str], list[tuple[datetime, str, int]]] = defaultdict(list)
    for row in reported.fetch(
        f"""
        select
            tasks.workspace_id, tasks.job_id, task_key, task_start_time, tasks.run_id, tasks.duration_seconds
        from {GOLD}.fct_task_runs as tasks
        inner join {GOLD}.fct_job_runs as runs
            on tasks.workspace_id = runs.workspace_id and tasks.job_run_id = runs.run_id
        where tasks.result_state = 'SUCCEEDED' and runs.run_type = 'JOB_RUN'
        """
    ):
        task = (row["workspace_id"], row["job_id"], row["task_key"])
        runs[task].append((row["task_start_time"], row["run_id"], row["duration_seconds"]))
    compared = 0
    for row in tested:
        first, last = row["baseline_first_day"], row["last_day"]
        task_runs = sorted(
            run
            for run in runs[row["workspace_id"], row["job_id"], row["task_key"]]
            if first <= run[0].date() <= last
        )
        before = [seconds for start, _, seconds in task_runs if start.date() < row["recent_first_day"]]
        recent = [seconds for start, _, seconds in task_runs if start.date() >= row["recent_first_day"]]
        assert (row["baseline_runs"], row["recent_runs"]) == (len(before), len(recent))
        if not before or not recent or len({*before, *recent}) == 1:
            assert row["rank_z"] is None
            continue
        compared += 1
        assert row["baseline_p50_seconds"] == median(before)
        assert row["recent_p50_seconds"] == median(recent)
        assert row["rank_z"] == pytest.approx(rank_z(before, recent))
        if row["verdict"] == "slower":
            seconds = [run[2] for run in task_runs]
            best = max(range(1, len(seconds)), key=lambda at: rank_z(seconds[:at], seconds[at:]))
            assert row["slower_since"] == task_runs[best][0]
    assert compared > len(tested) / 2
    assert all(row["recent_first_day"] == row["last_day"] - timedelta(days=6) for row in tested)


@pytest.mark.parametrize("case", REGRESSIONS)
def test_a_regression_says_how_much_since_when_and_what_changed_before(
    regressions: dict[tuple[str, str], dict[str, Any]], planted: Planted, case: str
) -> None:
    facts = planted[case]
    row = regressions[facts["job_id"], facts["task_key"]]
    assert row["workspace_id"] == facts["workspace_id"]
    assert row["baseline_p50_seconds"] == facts["median_seconds_before"]
    assert row["recent_p50_seconds"] == facts["median_seconds_after"]
    assert row["slowdown_ratio"] == 2
    assert str(row["change_date"]) == facts["change_date"]
    changed = facts["changed_columns"]
    assert set(row["changed_attributes"]) == set(changed)
    for attribute, (before, after) in changed.items():
        assert f"{attribute} {before} -> {after}" in row["configuration_change"].split("; ")
    assert row["configuration_changed_at"] <= row["slower_since"]


def test_a_change_of_a_shared_cluster_has_its_own_time(
    regressions: dict[tuple[str, str], dict[str, Any]], planted: Planted
) -> None:
    facts = planted["task_latency_regression_on_shared_cluster"]
    row = regressions[facts["job_id"], facts["task_key"]]
    assert f"{row['configuration_changed_at']:%Y-%m-%dT%H:%M:%SZ}" == facts["cluster_change_time"]
    # Its runs carry no cost of their own: the cluster does.
    assert row["job_list_cost_since_change"] is None


def test_the_slower_runs_are_counted_on_complete_days_and_costed_once(
    reported: ProjectRun, regressions: dict[tuple[str, str], dict[str, Any]], planted: Planted
) -> None:
    facts = planted["task_latency_regression"]
    row = regressions[facts["job_id"], facts["task_key"]]
    days = (row["last_day"] - row["change_date"]).days + 1
    assert row["runs_since_change"] == 2 * days
    # Twice a day ten minutes more, but for a few percent.
    assert row["extra_hours_since_change"] == pytest.approx(2 * days / 6, rel=0.02)
    expected = reported.value(
        f"select sum(list_cost) from {GOLD}.fct_usage where job_run_id in ("
        f" select run_id from {GOLD}.fct_job_runs where job_id = '{facts['job_id']}'"
        f" and workspace_id = '{facts['workspace_id']}'"
        f" and cast(run_start_time as date) between date'{facts['change_date']}' and date'{row['last_day']}')"
    )
    assert row["job_list_cost_since_change"] == expected


def test_trends_have_the_planted_medians_on_every_complete_day(
    reported: ProjectRun, planted: Planted
) -> None:
    facts = planted["task_latency_regression"]
    rows = reported.fetch(
        f"select * from {GOLD}.rpt_task_latency_trends where workspace_id = '{facts['workspace_id']}'"
        f" and job_id = '{facts['job_id']}' and task_key = '{facts['task_key']}' order by task_date"
    )
    days = [row["task_date"] for row in rows]
    assert (days[-1] - days[0]).days == len(days) - 1
    assert all(row["succeeded_attempts"] == 2 for row in rows)
    for row in rows:
        usual = 1200 if str(row["task_date"]) >= facts["change_date"] else 600
        assert row["p50_duration_seconds"] == pytest.approx(usual, rel=0.035)
        assert row["p50_duration_seconds"] <= row["p95_duration_seconds"] <= row["max_duration_seconds"]


def test_trends_count_every_attempt_that_succeeded_once(reported: ProjectRun) -> None:
    (row,) = reported.fetch(
        f"""
        with trends as (
            select min(date_key) as first, max(date_key) as last, sum(succeeded_attempts) as reported
            from {GOLD}.rpt_task_latency_trends
        )
        select max(trends.reported) as reported, count(*) as found
        from {GOLD}.fct_task_runs as tasks
        inner join trends on tasks.date_key between trends.first and trends.last
        inner join {GOLD}.fct_job_runs as runs
            on tasks.workspace_id = runs.workspace_id and tasks.job_run_id = runs.run_id
        where tasks.is_success and runs.run_type = 'JOB_RUN'
        """
    )
    assert row["reported"] == row["found"] > 0


def test_a_flaky_job_is_told_from_one_that_never_fails(
    reliability: dict[str, dict[str, Any]], planted: Planted
) -> None:
    facts = planted["job_that_flakes"]
    flaky = reliability[facts["job_id"]]
    assert flaky["mean_hours_between_failures"] == facts["hours_between_failures"]
    assert flaky["mean_runs_between_failures"] == facts["runs_between_failures"]
    assert flaky["failed_runs"] == pytest.approx(
        flaky["finished_runs"] / facts["runs_between_failures"], abs=1
    )
    # All but the newest failure, should no run have followed it yet.
    assert flaky["failed_runs"] - flaky["flaky_failures"] == flaky["failures_since_last_success"] <= 1
    assert flaky["failure_streaks"] == flaky["failed_runs"]
    assert flaky["mean_hours_to_recover"] == 12

    reliable = reliability[planted["job_that_always_succeeds"]["job_id"]]
    assert reliable["failure_rate"] == reliable["failed_runs"] == reliable["flaky_failures"] == 0
    assert reliable["mean_hours_between_failures"] is None
    assert reliable["mean_hours_to_recover"] is None


def test_runs_that_were_retried_or_repaired_are_rescued(
    reliability: dict[str, dict[str, Any]], planted: Planted
) -> None:
    facts = planted["failed_runs_with_known_costs"]
    runs = {run["kind"]: run for run in facts["priced_runs"]}
    row = reliability[runs["failed"]["job_id"]]
    assert row["finished_runs"] == len(runs)
    # One was retried, one repaired; what a repair runs again counts as an attempt, too.
    assert row["rescued_runs"] == 2
    assert row["repairs"] == 1
    assert row["task_retries"] == 2
    assert row["failed_runs"] == 2
    assert row["cancelled_runs"] == 1
