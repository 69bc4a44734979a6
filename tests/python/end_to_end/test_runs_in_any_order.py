"""Runs whose slices come late and in any order are, after each build, what all slices so far make of them."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from oracle.account_folder import AccountFolder
from oracle.account_state import read_state
from oracle.silver_check import check_silver

from end_to_end.project_run import CATALOG, ProjectRun

pytestmark = pytest.mark.warehouse

MODELS = ("slv_job_runs", "slv_task_runs", "slv_pipeline_updates")
BUILD = ("run", "--select", *(f"+{model}" for model in MODELS))
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DELIVERIES = 4
STATES = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ERROR", "CANCELED", "CANCELLED", "SKIPPED", "blocked", "NEW")
UPDATE_STATES = ("COMPLETED", "FAILED", "CANCELED", "NEW")

Row = dict[str, Any]


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def slices(chance: random.Random, known: Row, states: tuple[str, ...]) -> Iterator[tuple[datetime, Row]]:
    """The slices of one run, each with the time from which it may be delivered."""
    start = FIRST + timedelta(minutes=chance.randrange(0, (DELIVERIES - 1) * 24 * 60))
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        end = start + timedelta(seconds=chance.choice((0, 437, 3600, 3600, 18000)))
        if end >= FIRST + timedelta(days=DELIVERIES):
            return
        row = {
            **known,
            "period_start_time": text(start),
            "period_end_time": text(end),
            "result_state": chance.choice((None, chance.choice(states))),
            "termination_code": chance.choice((None, "SUCCESS", "CLUSTER_ERROR")),
        }
        # Something is missing on one in twenty.
        if chance.random() < 0.05:
            del row[chance.choice(("period_start_time", "period_end_time"))]
        yield end, row
        start = end + timedelta(minutes=chance.choice((0, 0, 45, 600)))


def job_runs(chance: random.Random) -> Iterator[tuple[datetime, Row]]:
    for number in range(300):
        known = {
            "account_id": "a",
            "workspace_id": chance.choice(("w1", "w2")),
            "job_id": str(number % 7),
            "run_id": str(number % 200),
            "run_type": "JOB_RUN",
        }
        for at, row in slices(chance, known, STATES):
            row["run_name"] = chance.choice((None, "night", "noon"))
            row["queue_duration_seconds"] = chance.choice((None, 0, 30))
            row["compute_ids"] = chance.choice((None, [], ["c1"], ["c2", "c1"]))
            row["compute"] = chance.choice((None, [{"type": "CLUSTER", "cluster_id": "c3"}]))
            yield at, row


def task_runs(chance: random.Random) -> Iterator[tuple[datetime, Row]]:
    for number in range(400):
        known = {
            "account_id": "a",
            "workspace_id": chance.choice(("w1", "w2")),
            "job_id": "7",
            "job_run_id": str(chance.randrange(60)),
            "run_id": f"t{number}",
            "task_key": chance.choice(("load", "report")),
        }
        for at, row in slices(chance, known, STATES):
            # Some slices do not say of which job run they are; some runs have no other.
            yield at, {**row, "job_run_id": row["job_run_id"] if chance.random() < 0.7 else None}


def updates(chance: random.Random) -> Iterator[tuple[datetime, Row]]:
    for number in range(100):
        known = {"account_id": "a", "workspace_id": "w1", "pipeline_id": "p", "update_id": f"u{number}"}
        for at, row in slices(chance, known, UPDATE_STATES):
            row["update_type"] = chance.choice((None, "REFRESH", "FULL_REFRESH"))
            row["compute"] = chance.choice((None, {"type": "CLASSIC_COMPUTE", "cluster_id": "c1"}))
            task = {"job_id": chance.choice((None, "7")), "job_task_run_id": "t1"}
            row["trigger_details"] = chance.choice((None, {"job_task": None}, {"job_task": task}))
            yield at, row
            # Corrected later, by no more than can be told apart.
            if "period_end_time" in row and chance.random() < 0.2:
                end = text(at + timedelta(microseconds=1))
                yield at + timedelta(days=1), {**row, "period_end_time": end}


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four deliveries: a slice comes on the day it ends or up to two days later, some come twice."""
    folder = tmp_path_factory.mktemp("shuffled") / "account"
    chance = random.Random(20260301)
    keys: dict[str, tuple[str, ...]] = {
        "job_run_timeline": ("workspace_id", "job_id", "run_id", "period_start_time", "period_end_time"),
        "job_task_run_timeline": ("workspace_id", "run_id", "period_start_time", "period_end_time"),
        "pipeline_update_timeline": ("workspace_id", "update_id", "period_start_time", "period_end_time"),
    }
    sources = zip(keys.items(), (job_runs, task_runs, updates), strict=True)
    for (table, key), make in sources:
        lines: dict[int, list[str]] = defaultdict(list)
        seen = set()
        for at, row in make(chance):
            # Which of two equally new rows with one key wins is for other tests.
            identity = tuple(row.get(column) for column in key)
            if identity in seen:
                continue
            seen.add(identity)
            ended = (at - FIRST).days
            for late in {chance.choice((0, 0, 1, 2)), chance.choice((0, 1))}:
                lines[min(ended + late, DELIVERIES - 1)].append(json.dumps(row) + "\n")
        for day, of_day in lines.items():
            delivery = folder / "deliveries" / (FIRST + timedelta(days=day)).date().isoformat()
            delivery.mkdir(parents=True, exist_ok=True)
            chance.shuffle(of_day)
            (delivery / f"lakeflow.{table}.jsonl").write_text("".join(of_day), encoding="utf-8")
    return folder


def test_runs_are_right_after_every_build(project: ProjectRun, shuffled: Path) -> None:
    for folder in sorted((shuffled / "deliveries").iterdir()):
        until = date.fromisoformat(folder.name)
        project.deliver(shuffled, until)
        project.dbt(*BUILD)
        state = read_state(AccountFolder(shuffled, until))
        for table, comparison in check_silver(state, project.fetch, tables=MODELS).items():
            assert comparison.is_equal, f"{table} (until {until}):\n{comparison}"


def test_the_runs_cover_what_makes_them_hard(project: ProjectRun) -> None:
    runs = f"{CATALOG}.plt_silver.slv_job_runs"
    moved = project.value(
        f"select count(*) from table_changes('{runs}', 1) as after"
        f" inner join table_changes('{runs}', 1) as before"
        " on after.workspace_id = before.workspace_id and after.run_id = before.run_id"
        " and after._commit_version = before._commit_version and after.date_key < before.date_key"
        " where after._change_type = 'update_postimage' and before._change_type = 'update_preimage'"
    )
    assert moved, "no late slice has moved a run to an earlier day"
    assert project.value(f"select count(*) from {runs} where not is_finished and repair_count > 0")
    assert project.value(f"select count(*) from {runs} where is_finished and duration_seconds = 0")
    tasks = f"{CATALOG}.plt_silver.slv_task_runs"
    assert project.value(f"select max(attempt_number) from {tasks}") > 2
    assert project.value(f"select count(*) from {tasks} where job_run_id is null and slice_count > 1")
    half_named = (
        f"select count(*) from (select run_id from {CATALOG}.plt_bronze.brz_lakeflow_job_task_run_timeline"
        " group by run_id having count(job_run_id) between 1 and count(*) - 1)"
    )
    assert project.value(half_named)
    updates = f"{CATALOG}.plt_silver.slv_pipeline_updates"
    corrected = (
        f"select count(*) from table_changes('{updates}', 1) as after"
        f" inner join table_changes('{updates}', 1) as before"
        " on after.workspace_id = before.workspace_id and after.update_id = before.update_id"
        " and after._commit_version = before._commit_version"
        " and after.last_period_end_time = before.last_period_end_time + interval 1 microsecond"
        " where after._change_type = 'update_postimage' and before._change_type = 'update_preimage'"
    )
    assert project.value(corrected), "no correction by a microsecond has reached an update"


def test_the_tests_of_the_models_pass_on_them(project: ProjectRun) -> None:
    project.dbt("test", "--select", *MODELS, "--exclude", "test_type:unit")


def test_nothing_new_writes_no_version(project: ProjectRun) -> None:
    before = project.versions()
    project.dbt(*BUILD)
    assert project.versions() == before


def test_built_in_one_go_they_are_the_same(project: ProjectRun) -> None:
    def rows() -> dict[str, Any]:
        return {
            model: project.value(
                "select md5(array_join(array_sort(collect_list("
                f"concat(workspace_id, row_hash))), '')) from {CATALOG}.plt_silver.{model}"
            )
            for model in MODELS
        }

    built_daily = rows()
    project.dbt("run", "--select", *MODELS, "--full-refresh")
    assert rows() == built_daily
