"""What the generator planted for reports to find is there in the facts that the oracle expects."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from oracle.account_folder import AccountFolder
from oracle.account_state import AccountState, TagResolver, accepted_usage, read_state
from oracle.entity_versions import ENTITY_TABLES, JOB, histories
from oracle.expected_star import Star, expected_job_runs, expected_run_costs, expected_task_runs, read_star
from oracle.expected_usage import date_key
from oracle.money import exact_sum
from oracle.silver_check import expected_usage_tags
from oracle.tag_rules import SHIPPED_SEEDS, TagSeeds

Row = Mapping[str, Any]
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def star(synthetic_folder: Path) -> Star:
    state = read_state(AccountFolder(synthetic_folder), SHIPPED_SEEDS)
    for table in ENTITY_TABLES:
        state.settle_versions(table, [])
    return read_star(state)


@pytest.fixture(scope="module")
def facts(planted_truths: dict[str, Any]) -> dict[str, Facts]:
    return {plant["name"]: plant["facts"] for plant in planted_truths["plants"]}


@pytest.fixture(scope="module")
def job_runs(star: Star) -> dict[tuple[str, str], list[Row]]:
    return by_job(row for (row,) in expected_job_runs(star).rows.values() if row)


@pytest.fixture(scope="module")
def run_costs(star: Star) -> list[Row]:
    return [row for (row,) in expected_run_costs(star).rows.values() if row]


def by_job(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    jobs: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        jobs.setdefault((row["workspace_id"], row["job_id"]), []).append(row)
    return jobs


def facts_with(facts: dict[str, Facts], *names: str) -> Iterator[tuple[str, Facts]]:
    """Facts that name all of `names`, themselves or one level down, with the case they belong to."""
    for case, known in facts.items():
        for one in (known, *(value for value in known.values() if isinstance(value, dict))):
            if all(name in one for name in names):
                yield case, one


def test_jobs_have_the_runs_failures_and_waits_that_were_planted(
    facts: dict[str, Facts], job_runs: dict[tuple[str, str], list[Row]]
) -> None:
    wrong = []
    checked = 0
    for case, planted in facts_with(facts, "workspace_id", "job_id", "finished_runs"):
        runs = [row for row in job_runs[planted["workspace_id"], planted["job_id"]] if row["is_finished"]]
        waits = [row["queue_duration_seconds"] for row in runs if row["queue_duration_seconds"] is not None]
        found = {
            "finished_runs": len(runs),
            "failed_runs": sum(row["is_failure"] for row in runs),
            "median_queue_seconds": median(waits) if waits else None,
        }
        wrong += [
            f"{case} {name}: planted {planted[name]}, found {value}"
            for name, value in found.items()
            if name in planted and planted[name] != value
        ]
        checked += 1
    assert wrong == []
    assert checked >= 6


def test_runs_cost_and_end_as_they_were_planted(
    facts: dict[str, Facts], job_runs: dict[tuple[str, str], list[Row]], run_costs: list[Row]
) -> None:
    planted = facts["failed_runs_with_known_costs"]["priced_runs"]
    found = []
    for run in planted:
        key = (run["workspace_id"], run["run_id"])
        (row,) = [
            row for row in job_runs[run["workspace_id"], run["job_id"]] if row["run_id"] == run["run_id"]
        ]
        cost = exact_sum(one["list_cost"] for one in run_costs if (one["workspace_id"], one["run_id"]) == key)
        repaired_or_retried = row["repair_count"] > 0, row["task_retry_count"] > 0
        found.append((row["result_state"], row["termination_code"], cost, *repaired_or_retried))
    assert found == [
        (
            run["result_state"],
            run["termination_code"],
            Decimal(run["list_cost"]),
            run["kind"] == "repaired",
            # What a repair runs again is an attempt as well.
            run["kind"] in ("repaired", "retried"),
        )
        for run in planted
    ]


def test_tasks_are_as_fast_before_and_after_as_was_planted(facts: dict[str, Facts], star: Star) -> None:
    task_runs = by_job(row for (row,) in expected_task_runs(star).rows.values() if row)
    wrong = []
    checked = 0
    for case, planted in facts_with(facts, "task_key", "change_date", "median_seconds_before"):
        changed = date_key(date.fromisoformat(planted["change_date"])) or 0
        rows = [
            row
            for row in task_runs[planted["workspace_id"], planted["job_id"]]
            if row["task_key"] == planted["task_key"] and row["is_success"]
        ]
        before = [row["duration_seconds"] for row in rows if row["date_key"] < changed]
        after = [row["duration_seconds"] for row in rows if row["date_key"] >= changed]
        found = (len(before), len(after), median(before), median(after))
        names = ("runs_before", "runs_after", "median_seconds_before", "median_seconds_after")
        if found != tuple(planted[name] for name in names):
            wrong.append(f"{case}: {found}")
        checked += 1
    assert wrong == []
    assert checked >= 5


def test_a_run_knows_no_job_of_another_workspace(facts: dict[str, Facts], star: Star) -> None:
    planted = facts["job_row_in_another_workspace"]["job"]
    known = star.members.versions[JOB.entity_type]
    assert (planted["known_in_workspace_id"], planted["job_id"]) in known
    assert (planted["workspace_id"], planted["job_id"]) not in known


def test_of_two_rows_of_one_change_time_either_may_hold(
    facts: dict[str, Facts], synthetic_folder: Path, planted_truths: dict[str, Any]
) -> None:
    (plant,) = [one for one in planted_truths["plants"] if one["name"] == "same_change_time_other_values"]
    key = tuple(plant["keys"][0][column] for column in JOB.key_columns)
    ways = histories(AccountFolder(synthetic_folder), JOB)[key]
    names = {versions[-1].row["name"] for versions in ways}
    assert names == set(facts["same_change_time_other_values"]["last_name_is_one_of"])


def test_defaults_of_a_workspace_give_what_every_other_level_lacks(
    facts: dict[str, Facts], star: Star
) -> None:
    planted = facts["tags_of_a_workspace"]
    defaults = {planted["workspace_id"]: planted["workspace_default_tags"]}
    state = star.state
    with_rows = AccountState(
        state.account,
        state.usage,
        state.histories,
        state.runs,
        TagSeeds(SHIPPED_SEEDS.key_aliases, SHIPPED_SEEDS.value_aliases, defaults),
    )
    for known, records in ((with_rows, planted["with_these_rows"]), (state, planted["without_them"])):
        rows = expected_usage_tags(known).rows
        for record in records:
            (row,) = rows[record["record_id"], record["record_type"]]
            assert row is not None
            assert row["tags"] == record["tags"]
    resolver = TagResolver(with_rows)
    conflicts = [
        resolver.resolve(state.usage[record["record_id"], record["record_type"]][0].row).columns()
        for record in planted["with_these_rows"]
    ]
    assert [one["tag_conflicts"] for one in conflicts] == planted["conflicts_with_these_rows"]


def test_money_at_stake_in_a_conflict_is_what_was_planted(facts: dict[str, Facts], star: Star) -> None:
    planted = facts["tag_conflict_with_money"]
    conflict = (planted["tag_key"], "cluster", planted["value_of_the_cluster"])
    costs = []
    for (one,) in accepted_usage(star.state.usage).values():
        if (one.row.workspace_id, one.row.cluster_id) == (planted["workspace_id"], planted["cluster_id"]):
            resolved = star.tags.resolve(one.row)
            assert resolved.conflicts == (conflict,)
            assert resolved.tags[planted["tag_key"]] == planted["value_that_holds"]
            costs.append(one.cost)
    assert (len(costs), exact_sum(costs)) == (planted["record_count"], Decimal(planted["list_cost"]))
