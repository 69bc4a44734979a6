"""What the generator planted in history, runs and tags is what the oracle finds there."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from oracle.account_folder import AccountFolder
from oracle.account_state import AccountState, read_state
from oracle.entity_versions import ENTITY_TABLES, JOB, EntityTable, in_effect, version_row
from oracle.run_rules import JOB_RUN, PIPELINE_UPDATE, TASK_RUN, retries_by_job_run
from oracle.silver_check import expected_usage_tags
from oracle.tag_rules import SHIPPED_SEEDS

Cases = list[dict[str, Any]]


@pytest.fixture(scope="module")
def state(synthetic_folder: Path) -> AccountState:
    return read_state(AccountFolder(synthetic_folder), SHIPPED_SEEDS)


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
        for table in (JOB_RUN, TASK_RUN):
            if case["table"] == table.source.name:
                planted += [(table, run) for run in case["facts"].get("runs", [])]
        for table, run in planted:
            key = (run["workspace_id"], run["run_id"])
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
