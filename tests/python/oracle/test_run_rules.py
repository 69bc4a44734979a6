from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from oracle.run_rules import (
    JOB_RUN,
    PIPELINE_UPDATE,
    TASK_RUN,
    retries_by_job_run,
    run_of,
    runs,
    status_group,
    with_attempts,
)
from oracle.source_tables import JOB_RUN_SLICES, UPDATE_SLICES
from oracle.tiny_account import at, run_slice, write_account


def job_run(*slices: dict[str, Any]) -> dict[str, Any]:
    return run_of(JOB_RUN, [JOB_RUN_SLICES.read(one) for one in slices])


def clock(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_a_run_over_midnight_by_hand() -> None:
    run = job_run(
        run_slice("22:30", "23:00", run_name="load", compute_ids=["c2"]),
        run_slice("23:00", "2026-03-02T00:00:00Z", compute_ids=["c1", "c2", "h1"]),
        run_slice(
            "2026-03-02T00:00:00Z",
            "2026-03-02T00:15:30Z",
            "SUCCEEDED",
            termination_code="SUCCESS",
            compute=[{"type": "CLUSTER", "cluster_id": "c3"}, {"type": "WAREHOUSE", "warehouse_id": "h1"}],
            queue_duration_seconds=5,
        ),
    )
    assert run == {
        "account_id": "a1",
        "workspace_id": "w1",
        "job_id": "j1",
        "run_id": "r1",
        "date_key": 20260301,
        "run_type": None,
        "run_name": "load",
        "trigger_type": None,
        "run_start_time": clock(22, 30),
        "run_end_time": datetime(2026, 3, 2, 0, 15, 30, tzinfo=UTC),
        "last_period_end_time": datetime(2026, 3, 2, 0, 15, 30, tzinfo=UTC),
        "result_state": "SUCCEEDED",
        "status_group": "succeeded",
        "termination_code": "SUCCESS",
        "termination_type": None,
        "is_finished": True,
        "duration_seconds": 6330,
        "setup_duration_seconds": None,
        "queue_duration_seconds": 5,
        "run_duration_seconds": None,
        "execution_duration_seconds": None,
        "cleanup_duration_seconds": None,
        "repair_count": 0,
        "slice_count": 3,
        "slice_date_keys": [20260301, 20260302],
        "compute_ids": ["c1", "c2", "h1"],
        "cluster_ids": ["c1", "c2", "c3"],
    }


def test_a_running_run_has_no_end_and_no_duration() -> None:
    run = job_run(run_slice("10:00", "11:00", queue_duration_seconds=3), run_slice("11:00", "12:00"))
    assert (run["is_finished"], run["result_state"], run["status_group"]) == (False, None, None)
    assert (run["run_end_time"], run["last_period_end_time"]) == (None, clock(12))
    assert (run["duration_seconds"], run["queue_duration_seconds"], run["repair_count"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("slices", "state", "repairs"),
    [
        ([("10:00", "11:00", "FAILED")], "FAILED", 0),
        ([("10:00", "11:00", "FAILED"), ("12:00", "13:00", "SUCCEEDED")], "SUCCEEDED", 1),
        ([("10:00", "11:00", "FAILED"), ("12:00", "13:00", None)], None, 1),
        (
            [("10:00", "11:00", "FAILED"), ("12:00", "13:00", None), ("13:00", "13:10", "SUCCEEDED")],
            "SUCCEEDED",
            1,
        ),
        ([("10:00", "11:00", "FAILED"), ("11:00", "12:00", "FAILED"), ("12:00", "13:00", None)], None, 2),
        ([("10:00", "11:00", None)], None, 0),
        # The last to end is the newest, and of two that end together the last to start.
        ([("10:00", "12:00", "FAILED"), ("11:00", "11:30", "SUCCEEDED")], "FAILED", 1),
        ([("10:00", "12:00", "FAILED"), ("12:00", "12:00", None)], None, 1),
        ([("12:00", "12:00", "SUCCEEDED"), ("10:00", "12:00", None)], "SUCCEEDED", 0),
    ],
)
def test_results_and_repairs(
    slices: list[tuple[str, str, str | None]], state: str | None, repairs: int
) -> None:
    rows = [run_slice(*one) for one in slices]
    for ordered in (rows, rows[::-1]):
        run = job_run(*ordered)
        assert (run["result_state"], run["is_finished"]) == (state, state is not None)
        assert run["repair_count"] == repairs


def test_a_repaired_run_tells_why_it_ended_and_not_why_it_failed_before() -> None:
    run = job_run(
        run_slice("10:00", "11:00", "FAILED", termination_code="DRIVER_ERROR"),
        run_slice("12:00", "13:00", "SUCCEEDED"),
    )
    assert run["termination_code"] is None


def test_a_run_that_never_started_took_no_time() -> None:
    run = job_run(run_slice("10:00", "10:00", "SKIPPED"))
    assert (run["is_finished"], run["status_group"], run["duration_seconds"]) == (True, "skipped", 0)


def test_durations_repeat_on_slices_and_fractions_of_a_second_are_cut() -> None:
    run = job_run(
        run_slice("10:00:00.400000", "10:30", execution_duration_seconds=7),
        run_slice("10:30", "10:31", "SUCCEEDED", execution_duration_seconds=7, setup_duration_seconds=2),
    )
    assert (run["duration_seconds"], run["execution_duration_seconds"]) == (1859, 7)
    assert run["setup_duration_seconds"] == 2


def test_what_describes_a_run_is_the_newest_value_there_is() -> None:
    run = job_run(
        run_slice("10:00", "11:00", trigger_type="CRON", run_name="old"),
        run_slice("11:00", "12:00", run_name="new"),
        run_slice("12:00", "13:00", "SUCCEEDED"),
    )
    assert (run["trigger_type"], run["run_name"]) == ("CRON", "new")


@pytest.mark.parametrize(
    ("state", "group"),
    [
        ("SUCCEEDED", "succeeded"),
        ("COMPLETED", "succeeded"),
        (" succeeded ", "succeeded"),
        ("FAILED", "failed"),
        ("ERROR", "failed"),
        ("timed_out", "failed"),
        ("CANCELLED", "cancelled"),
        ("CANCELED", "cancelled"),
        ("SKIPPED", "skipped"),
        ("BLOCKED", "skipped"),
        ("SUCCESS_WITH_FAILURES", "other"),
        ("", "other"),
        (None, None),
    ],
)
def test_status_groups(state: str | None, group: str | None) -> None:
    assert status_group(state) == group


def test_runs_of_one_id_in_two_workspaces_stay_apart_and_repeated_slices_count_once(tmp_path: Path) -> None:
    rows = [run_slice("10:00", "11:00", "FAILED"), run_slice("10:00", "12:00", "FAILED", workspace_id="w2")]
    account = write_account(
        tmp_path,
        {
            "2026-03-01": {"lakeflow.job_run_timeline": rows},
            "2026-03-02": {"lakeflow.job_run_timeline": rows},
        },
    )
    assert {
        key: [(run["duration_seconds"], run["slice_count"]) for run in ways]
        for key, ways in runs(account, JOB_RUN).items()
    } == {("w1", "r1"): [(3600, 1)], ("w2", "r1"): [(7200, 1)]}


def test_a_run_needs_a_workspace_an_id_and_a_start(tmp_path: Path) -> None:
    rows = [
        run_slice("10:00", "11:00"),
        run_slice("10:00", "12:00", "FAILED", run_id=None),
        run_slice("10:00", "12:00", "FAILED", workspace_id=None),
        run_slice("10:00", "12:30", "SUCCEEDED", period_start_time=None),
        run_slice("10:00", "12:00", "FAILED", run_id="r2", period_start_time=None),
    ]
    account = write_account(tmp_path, {"2026-03-01": {"lakeflow.job_run_timeline": rows}})
    ((run,),) = runs(account, JOB_RUN).values()
    assert (run["run_id"], run["slice_count"], run["duration_seconds"]) == ("r1", 2, 9000)


def test_slices_of_one_key_that_differ_are_a_tie(tmp_path: Path) -> None:
    rows = [run_slice("10:00", "11:00", "FAILED"), run_slice("10:00", "11:00", "SUCCEEDED")]
    account = write_account(tmp_path, {"2026-03-01": {"lakeflow.job_run_timeline": rows}})
    (ways,) = runs(account, JOB_RUN).values()
    assert {run["result_state"] for run in ways} == {"FAILED", "SUCCEEDED"}


def test_attempts_count_from_one_by_start_within_a_task_of_a_run(tmp_path: Path) -> None:
    def attempt(run_id: str, start: str, task_key: str, job_run_id: str | None = "r1") -> dict[str, Any]:
        return run_slice(start, "12:00", "FAILED", run_id=run_id, task_key=task_key, job_run_id=job_run_id)

    rows = [
        attempt("t3", "10:30", "load"),
        attempt("t1", "10:00", "load"),
        attempt("t2", "10:30", "load"),
        attempt("t4", "10:00", "check"),
        attempt("t5", "11:00", "load", "r2"),
        attempt("t6", "10:00", "load", None),
        attempt("t7", "11:00", "load", None),
    ]
    account = write_account(tmp_path, {"2026-03-01": {"lakeflow.job_task_run_timeline": rows}})
    numbered = with_attempts({key: run for key, (run,) in runs(account, TASK_RUN).items()})
    assert {key[1]: (run["attempt_number"], run["previous_run_id"]) for key, run in numbered.items()} == {
        "t1": (1, None),
        "t2": (2, "t1"),
        "t3": (3, "t2"),
        "t4": (1, None),
        "t5": (1, None),
        # What names no job run is alone.
        "t6": (1, None),
        "t7": (1, None),
    }
    assert retries_by_job_run(numbered.values()) == {("w1", "r1"): 2, ("w1", "r2"): 0}


def test_a_pipeline_update_by_hand() -> None:
    slices = [
        {
            "workspace_id": "w1",
            "pipeline_id": "p1",
            "update_id": "u1",
            "update_type": "REFRESH",
            "request_id": "q1",
            "compute": {"type": "CLASSIC_COMPUTE", "cluster_id": "c1"},
            "trigger_details": details,
            "period_start_time": at(start),
            "period_end_time": at(end),
            "result_state": state,
        }
        for start, end, state, details in (
            ("10:00", "11:00", None, {"job_task": {"job_id": "j1", "job_task_run_id": "t1"}}),
            ("11:00", "11:20", "COMPLETED", {"job_task": None}),
        )
    ]
    update = run_of(PIPELINE_UPDATE, [UPDATE_SLICES.read(one) for one in slices])
    assert (update["update_start_time"], update["update_end_time"]) == (clock(10), clock(11, 20))
    assert (update["status_group"], update["duration_seconds"], update["slice_count"]) == (
        "succeeded",
        4800,
        2,
    )
    assert (update["trigger_job_id"], update["trigger_task_run_id"]) == ("j1", "t1")
    assert (update["compute_type"], update["slice_date_keys"]) == ("CLASSIC_COMPUTE", [20260301])
    assert (update["pipeline_id"], update["request_id"], update["cluster_ids"]) == ("p1", "q1", ["c1"])
