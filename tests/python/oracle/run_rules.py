"""Runs from their slices: when they began and ended, how, and how often they were tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from oracle.account_folder import AccountFolder
from oracle.expected_usage import date_key
from oracle.source_tables import (
    JOB_RUN_SLICES,
    TASK_RUN_SLICES,
    UPDATE_SLICES,
    Key,
    SourceTable,
    TypedRow,
    account_rows,
    combinations,
    distinct_outcomes,
    grouped,
)

SUCCEEDED = "succeeded"
FAILED = "failed"
CANCELLED = "cancelled"
SKIPPED = "skipped"
OTHER = "other"

_GROUPS = {
    "SUCCEEDED": SUCCEEDED,
    "COMPLETED": SUCCEEDED,
    "FAILED": FAILED,
    "ERROR": FAILED,
    "TIMED_OUT": FAILED,
    "CANCELLED": CANCELLED,
    "CANCELED": CANCELLED,
    "SKIPPED": SKIPPED,
    "BLOCKED": SKIPPED,
}

Runs = dict[Key, tuple[Mapping[str, Any], ...]]
"""By (workspace_id, run_id), the possible rows of a run; more than one only where slices tie."""

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RunTable:
    """A timeline, and the runs that Silver makes of it.

    Attributes:
        source: The timeline.
        silver: The table of its runs.
        id_column: The column that names a run within its workspace.
        prefix: What the columns of its start and end time begin with.
        described_by: Columns that come from the newest slice that has a value.
        durations: Duration columns, which repeat on every slice.
        members: Columns that come from the newest slice that has a value, too, and where in it they are.
    """

    source: SourceTable
    silver: str
    id_column: str
    prefix: str
    described_by: tuple[str, ...]
    durations: tuple[str, ...]
    members: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def key_columns(self) -> tuple[str, str]:
        """Columns that name a run."""
        return "workspace_id", self.id_column


JOB_RUN = RunTable(
    JOB_RUN_SLICES,
    "slv_job_runs",
    "run_id",
    "run",
    ("account_id", "job_id", "run_type", "run_name", "trigger_type"),
    (
        "setup_duration_seconds",
        "queue_duration_seconds",
        "run_duration_seconds",
        "execution_duration_seconds",
        "cleanup_duration_seconds",
    ),
)

TASK_RUN = RunTable(
    TASK_RUN_SLICES,
    "slv_task_runs",
    "run_id",
    "task",
    ("account_id", "job_id", "job_run_id", "parent_run_id", "task_key"),
    ("setup_duration_seconds", "execution_duration_seconds", "cleanup_duration_seconds"),
)

PIPELINE_UPDATE = RunTable(
    UPDATE_SLICES,
    "slv_pipeline_updates",
    "update_id",
    "update",
    ("account_id", "pipeline_id", "update_type", "request_id", "trigger_type", "run_as_user_name"),
    (),
    (
        ("trigger_job_id", ("trigger_details", "job_task", "job_id")),
        ("trigger_task_run_id", ("trigger_details", "job_task", "job_task_run_id")),
        ("compute_type", ("compute", "type")),
    ),
)


def status_group(result_state: str | None) -> str | None:
    """The group of a result, whatever its spelling.

    Args:
        result_state: A result as the source has it, or None while there is none.

    Returns:
        One of five groups; None without a result.
    """
    return None if result_state is None else _GROUPS.get(result_state.strip().upper(), OTHER)


def run_of(table: RunTable, slices: Sequence[TypedRow]) -> dict[str, Any]:
    """A run from all its slices.

    The newest slice is the one with the greatest (period_end_time, period_start_time). Without a result on
    it the run goes on, whatever earlier slices say: end, result and durations are NULL. A repair follows
    each result but the last, and the last as well while slices come after it.

    Args:
        table: The timeline they come from.
        slices: The winning slices of one run, at least one, in any order.

    Returns:
        The row of the run, without what other runs decide (the number of an attempt).
    """
    newest_first = sorted(slices, key=_slice_order, reverse=True)
    newest = newest_first[0]
    starts = [row["period_start_time"] for row in slices if row["period_start_time"] is not None]
    ends = [row["period_end_time"] for row in slices if row["period_end_time"] is not None]
    start, last_end = min(starts, default=None), max(ends, default=None)
    is_finished = newest["result_state"] is not None
    results = sum(row["result_state"] is not None for row in slices)
    run: dict[str, Any] = {
        "workspace_id": newest["workspace_id"],
        table.id_column: newest[table.id_column],
        **{name: _first(row[name] for row in newest_first) for name in table.described_by},
        **{name: _first(_at(row, path) for row in newest_first) for name, path in table.members},
        "date_key": None if start is None else date_key(start.date()),
        f"{table.prefix}_start_time": start,
        f"{table.prefix}_end_time": last_end if is_finished else None,
        "last_period_end_time": last_end,
        "result_state": newest["result_state"],
        "status_group": status_group(newest["result_state"]),
        "is_finished": is_finished,
        "duration_seconds": (
            int((last_end - start).total_seconds() // 1) if is_finished and start and last_end else None
        ),
        "repair_count": max(results - 1, 0) + (results > 0 and not is_finished),
        "slice_count": len(slices),
        "slice_date_keys": sorted({date_key(time.date()) for time in starts}),
    }
    for name in ("termination_code", "termination_type"):
        if name in table.source.columns:
            run[name] = newest[name] if is_finished else None
    for name in table.durations:
        given = (row[name] for row in slices if row[name] is not None)
        run[name] = max(given, default=None) if is_finished else None
    named = {one for row in slices for one in row.get("compute_ids") or () if one is not None}
    clusters = {one for row in slices for one in _compute_members(row["compute"], "cluster_id")}
    warehouses = {one for row in slices for one in _compute_members(row["compute"], "warehouse_id")}
    run["compute_ids"] = sorted(named)
    run["cluster_ids"] = sorted(clusters | (named - warehouses))
    return run


def runs(account: AccountFolder, table: RunTable) -> Runs:
    """Every run of a timeline.

    Args:
        account: The account.
        table: The timeline.

    Returns:
        One entry a run. A slice without a workspace or a run belongs to none, and a run without a single
        start cannot be placed. Task runs know nothing of their attempts yet: see `with_attempts`.

    Raises:
        AccountFolderError: If the account is malformed, or holds too many ties.
    """
    placed = {
        key: rows
        for key, rows in account_rows(account, table.source).items()
        if all(rows[0][name] is not None for name in table.key_columns)
    }
    slices = grouped(placed, table.key_columns)
    return {
        key: distinct_outcomes(run_of(table, way) for way in combinations(rows))
        for key, rows in slices.items()
        if any(tied[0]["period_start_time"] is not None for tied in rows)
    }


def with_attempts(task_runs: Mapping[Key, Mapping[str, Any]]) -> dict[Key, dict[str, Any]]:
    """Numbers the attempts of each task.

    Args:
        task_runs: One row a task run.

    Returns:
        The rows with attempt_number, counted from 1 by start time, then run_id, within
        (workspace_id, job_run_id, task_key); and previous_run_id, the attempt before. A task run of no known
        job run is alone.
    """
    tasks: dict[Key, list[Key]] = {}
    for key, run in task_runs.items():
        alone = run["run_id"] if run["job_run_id"] is None else None
        tasks.setdefault((run["workspace_id"], run["job_run_id"], alone, run["task_key"]), []).append(key)
    numbered: dict[Key, dict[str, Any]] = {}
    for attempts in tasks.values():
        previous: str | None = None
        attempts.sort(key=lambda key: (task_runs[key]["task_start_time"] or _EARLIEST, key[1] or ""))
        for number, key in enumerate(attempts, start=1):
            numbered[key] = {**task_runs[key], "attempt_number": number, "previous_run_id": previous}
            previous = task_runs[key]["run_id"]
    return numbered


def retries_by_job_run(task_runs: Iterable[Mapping[str, Any]]) -> dict[Key, int]:
    """Attempts beyond the first, over all tasks of each job run.

    Args:
        task_runs: Rows of task runs.

    Returns:
        (workspace_id, job_run_id) to the count; job runs without a task run are not in it, nor are task
        runs of no known job run.
    """
    attempts: dict[Key, int] = {}
    tasks: dict[Key, set[str | None]] = {}
    for run in task_runs:
        if run["job_run_id"] is None:
            continue
        key = (run["workspace_id"], run["job_run_id"])
        attempts[key] = attempts.get(key, 0) + 1
        tasks.setdefault(key, set()).add(run["task_key"])
    return {key: count - len(tasks[key]) for key, count in attempts.items()}


def _slice_order(row: TypedRow) -> tuple[datetime, datetime]:
    return row["period_end_time"] or _EARLIEST, row["period_start_time"] or _EARLIEST


def _at(value: Any, path: Iterable[str]) -> Any:
    for name in path:
        value = None if value is None else value.get(name)
    return value


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _compute_members(compute: Any, name: str) -> list[str]:
    # An array of structs on jobs and tasks, a single struct on pipeline updates.
    members = compute if isinstance(compute, list) else [compute]
    named = (one.get(name) for one in members if one is not None)
    return [one for one in named if one is not None]
