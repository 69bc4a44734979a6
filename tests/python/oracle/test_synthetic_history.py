"""What the generator planted in history, runs and tags is what the oracle finds there."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oracle.account_folder import AccountFolder
from oracle.account_state import RUN_TABLES, AccountState, read_state
from oracle.compare import ExpectedRows
from oracle.entity_versions import ENTITY_TABLES, JOB, EntityTable, in_effect, version_row
from oracle.expected_star import (
    FINISHED_COUNTS,
    expected_cost_daily,
    expected_job_runs,
    expected_run_costs,
    expected_runs_finished_daily,
    expected_usage_star,
    read_star,
)
from oracle.money import exact_sum
from oracle.run_rules import JOB_RUN, PIPELINE_UPDATE, TASK_RUN, RunTable, retries_by_job_run
from oracle.silver_check import expected_usage_tags
from oracle.source_tables import rows_beyond_overlap
from oracle.tag_rules import SHIPPED_SEEDS

Cases = list[dict[str, Any]]


@pytest.fixture(scope="module")
def state(synthetic_folder: Path) -> AccountState:
    known = read_state(AccountFolder(synthetic_folder), SHIPPED_SEEDS)
    for table in ENTITY_TABLES:
        known.settle_versions(table, [])
    return known


@pytest.fixture(scope="module")
def cases(planted_truths: dict[str, Any]) -> Cases:
    plants: Cases = planted_truths["plants"]
    return plants


def as_planted(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def differences(name: str, planted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [
        f"{name} {column}: planted {wanted!r}, found {as_planted(found[column])!r}"
        for column, wanted in planted.items()
        if as_planted(found[column]) != wanted
    ]


def planted_versions(cases: Cases, table: EntityTable) -> Cases:
    return [case for case in cases if case["table"] == table.source.name and "versions" in case["facts"]]


@pytest.mark.parametrize("table", ENTITY_TABLES, ids=lambda table: table.silver)
def test_histories_are_those_that_were_planted(state: AccountState, cases: Cases, table: EntityTable) -> None:
    found = state.versions(table)
    planted = planted_versions(cases, table)
    wrong = []
    for case in planted:
        (key,) = {tuple(row[column] for column in table.key_columns) for row in case["keys"]}
        rows = [version_row(table, version) for version in found[key]]
        versions = case["facts"]["versions"]
        if len(rows) != len(versions):
            wrong.append(f"{case['name']}: planted {len(versions)} versions, found {len(rows)}")
            continue
        for wanted, row in zip(versions, rows, strict=True):
            wrong += differences(case["name"], wanted, row)
        wrong += differences(
            case["name"], {"is_deleted": case["facts"].get("is_deleted", False)}, {**rows[-1]}
        )
    assert wrong == []
    assert planted or not found, "a table with entities was meant to have planted cases"


def test_usage_before_a_job_existed_takes_its_nearest_version(state: AccountState, cases: Cases) -> None:
    found = state.versions(JOB)
    checked = 0
    for case in cases:
        if "entity_match" in case["facts"]:
            key = tuple(case["keys"][0][column] for column in JOB.key_columns)
            start = datetime.fromisoformat(case["facts"]["usage_start_time"])
            assert in_effect(found[key], start)[1] == case["facts"]["entity_match"]
            checked += 1
    assert checked


def test_runs_are_those_that_were_planted(state: AccountState, cases: Cases) -> None:
    tables = {table.source.name: state.run_rows(table) for table in (JOB_RUN, TASK_RUN, PIPELINE_UPDATE)}
    retries = retries_by_job_run(tables[TASK_RUN.source.name].values())
    wrong = []
    checked = 0
    for case in cases:
        of_jobs = [case["facts"]["job_run"]] if "job_run" in case["facts"] else []
        planted = [(JOB_RUN, run) for run in of_jobs]
        for table, name in ((JOB_RUN, "runs"), (TASK_RUN, "runs"), (PIPELINE_UPDATE, "updates")):
            if case["table"] == table.source.name:
                planted += [(table, run) for run in case["facts"].get(name, [])]
        for table, run in planted:
            key = (run["workspace_id"], run[table.id_column])
            row = {**tables[table.source.name][key], "task_retry_count": retries.get(key)}
            row["slices"] = row["slice_count"]
            wrong += differences(f"{case['name']} {key}", run, row)
            checked += 1
    assert wrong == []
    assert checked > 10


def test_tags_are_those_that_were_planted(state: AccountState, cases: Cases) -> None:
    rows = expected_usage_tags(state).rows
    wrong = []
    checked = 0
    for case in cases:
        facts = case["facts"]
        planted = [(row, {"tags": row["tags"]}) for row in facts.get("resolved", [])]
        if "tag_conflicts" in facts:
            names = ("tags", "tag_sources", "tag_conflicts")
            planted.append((facts["record"], {name: facts[name] for name in names if name in facts}))
        for record, wanted in planted:
            (row,) = rows[record["record_id"], record["record_type"]]
            wrong += differences(case["name"], wanted, dict(row or {}))
            checked += 1
    assert wrong == []
    assert checked > 20


def case_named(cases: Cases, name: str) -> dict[str, Any]:
    (case,) = [case for case in cases if case["name"] == name]
    return case


@pytest.fixture(scope="module")
def usage_star(state: AccountState) -> ExpectedRows:
    return expected_usage_star(read_star(state))


@pytest.mark.parametrize(
    ("name", "column"),
    [("cluster_reconfigured", "cluster_member_valid_from"), ("warehouse_resized", "member_valid_from")],
)
def test_each_hour_belongs_to_the_version_that_held_when_it_started(
    usage_star: ExpectedRows, cases: Cases, name: str, column: str
) -> None:
    facts = case_named(cases, name)["facts"]
    starts = []
    for record in facts["records"]:
        (row,) = usage_star.rows[record["record_id"], record["record_type"]]
        starts.append(as_planted(row and row[column]))
    planted = [version["valid_from"] for version in facts["versions"]]
    assert starts
    assert starts == sorted(starts)
    assert set(starts) <= set(planted)
    assert starts[-1] == planted[-1]


def test_a_warehouse_that_is_never_listed_is_unknown(usage_star: ExpectedRows, cases: Cases) -> None:
    case = case_named(cases, "warehouse_never_listed")
    for record in case["facts"]["records"]:
        (row,) = usage_star.rows[record["record_id"], record["record_type"]]
        assert row is not None
        assert (row["member_id"], row["entity_match"]) == (case["facts"]["warehouse_id"], "unknown")


def test_a_run_that_the_timeline_lacks_has_its_planted_cost(state: AccountState, cases: Cases) -> None:
    facts = case_named(cases, "usage_of_a_run_the_timeline_lacks")["facts"]
    rows = expected_run_costs(read_star(state)).rows
    costs = [row["list_cost"] for key, (row,) in rows.items() if row and key[1] == facts["job_run_id"]]
    assert costs == [Decimal(record["list_cost"]) for record in facts["records"]]


def test_no_cost_is_lost_between_usage_and_days(state: AccountState, planted_truths: dict[str, Any]) -> None:
    rows = [row for (row,) in expected_cost_daily(read_star(state)).rows.values() if row]
    assert exact_sum(row["list_cost"] for row in rows) == Decimal(planted_truths["usage"]["list_cost"])
    assert sum(row["record_count"] for row in rows) == planted_truths["usage"]["accepted_keys"]


def test_each_run_is_counted_once(state: AccountState) -> None:
    star = read_star(state)
    runs = [row for (row,) in expected_job_runs(star).rows.values() if row]
    days = [row for (row,) in expected_runs_finished_daily(star).rows.values() if row]
    assert sum(row["finished_runs"] for row in days) == sum(row["is_finished"] for row in runs)
    assert sum(row["failed_runs"] for row in days) == sum(row["is_failure"] for row in runs)
    for row in days:
        assert row["finished_runs"] == sum(row[column] for column in FINISHED_COUNTS.values())


@pytest.mark.parametrize("table", [*ENTITY_TABLES, *RUN_TABLES], ids=lambda table: table.silver)
def test_a_daily_build_reads_every_row(synthetic_folder: Path, table: EntityTable | RunTable) -> None:
    assert rows_beyond_overlap(AccountFolder(synthetic_folder), table.source) == []
