"""The rows of Gold's facts, with the members they point to in the place of surrogate keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oracle.account_state import AccountState, TagResolver, accepted_usage
from oracle.compare import ExpectedRows, RowKey
from oracle.entity_versions import JOB
from oracle.expected_reconciliation import single_outcomes
from oracle.expected_usage import UsageOutcome, date_key
from oracle.members import Members
from oracle.money import exact_sum
from oracle.run_rules import (
    CANCELLED,
    FAILED,
    JOB_RUN,
    OTHER,
    SKIPPED,
    SUCCEEDED,
    TASK_RUN,
    retries_by_job_run,
)
from oracle.tag_rules import REPORTED_KEYS

RECORD = ("record_id", "record_type")
ENTITY = ("member_type", "member_workspace_id", "member_id", "member_valid_from")
CLUSTER = ("cluster_member_workspace_id", "cluster_member_id", "cluster_member_valid_from")
WORKSPACE = ("workspace_member_account_id", "workspace_member_id")
NODE_TYPE = ("node_type_member",)
SKU = ("sku_member_name", "sku_member_cloud", "sku_member_unit")
RUN_STATUS = ("status_member_state", "status_member_code")

USAGE_STAR_COLUMNS = (
    *RECORD,
    *ENTITY,
    *CLUSTER,
    *WORKSPACE,
    *NODE_TYPE,
    *SKU,
    "entity_match",
    "tags",
    "tag_sources",
    *REPORTED_KEYS,
)

COST_DAILY_KEY = ("date_key", *WORKSPACE, *ENTITY, *CLUSTER, *SKU, "currency_code", *REPORTED_KEYS)
COST_DAILY_COLUMNS = (*COST_DAILY_KEY, "usage_quantity", "list_cost", "unpriced_quantity", "record_count")

RUN_COSTS_KEY = ("workspace_id", "run_id", "date_key", "sku_name", "usage_unit")
RUN_COSTS_COLUMNS = (*RUN_COSTS_KEY, "job_id", *ENTITY, *SKU, "currency_code", "usage_quantity", "list_cost")

RUN_KEY = ("workspace_id", "run_id")
_RUN_COPIED = (
    "workspace_id",
    "run_id",
    "job_id",
    "date_key",
    "duration_seconds",
    "result_state",
    "termination_code",
)
_JOB_RUN_COPIED = (
    *_RUN_COPIED,
    "run_type",
    "run_name",
    "trigger_type",
    "run_start_time",
    "run_end_time",
    "queue_duration_seconds",
    "execution_duration_seconds",
    "is_finished",
    "repair_count",
)
_TASK_RUN_COPIED = (
    *_RUN_COPIED,
    "job_run_id",
    "task_key",
    "attempt_number",
    "task_start_time",
    "task_end_time",
)
JOB_RUNS_COLUMNS = (
    *_JOB_RUN_COPIED,
    *ENTITY,
    *RUN_STATUS,
    "end_date_key",
    "is_success",
    "is_failure",
    "task_retry_count",
)
TASK_RUNS_COLUMNS = (*_TASK_RUN_COPIED, *ENTITY, *RUN_STATUS, "is_success", "is_failure")

FINISHED_KEY = ("date_key", *WORKSPACE, *ENTITY)
FINISHED_COUNTS = {
    SUCCEEDED: "succeeded_runs",
    FAILED: "failed_runs",
    CANCELLED: "cancelled_runs",
    SKIPPED: "skipped_runs",
    OTHER: "other_runs",
}
FINISHED_COLUMNS = (*FINISHED_KEY, "finished_runs", *FINISHED_COUNTS.values())


@dataclass(slots=True)
class Star:
    """What is needed to point facts to their members.

    Attributes:
        state: The account, with ties of entities settled.
        members: The members of its dimensions.
        tags: The tags of its usage.
    """

    state: AccountState
    members: Members
    tags: TagResolver

    def usage_columns(self, outcome: UsageOutcome) -> dict[str, Any]:
        """The members and tags of a usage record, as `USAGE_STAR_COLUMNS`.

        Args:
            outcome: A record that breaks no rule.

        Returns:
            The columns.
        """
        row = outcome.row
        entity, match = self.members.usage_entity(row)
        resolved = self.tags.resolve(row)
        return {
            "record_id": row.record_id,
            "record_type": row.record_type,
            **_named(ENTITY, entity),
            **_named(CLUSTER, self.members.usage_cluster(row)),
            **_named(WORKSPACE, (row.account_id, row.workspace_id)),
            **_named(NODE_TYPE, (row.node_type,)),
            **_named(SKU, (row.sku_name, row.cloud, row.usage_unit)),
            "entity_match": match,
            "tags": dict(resolved.tags),
            "tag_sources": dict(resolved.sources),
            **{key: resolved.tags.get(key) for key in REPORTED_KEYS},
        }


def read_star(state: AccountState) -> Star:
    """What is needed to point the facts of an account to their members.

    Args:
        state: The account.

    Returns:
        The star.

    Raises:
        ValueError: If ties of entities are not settled.
    """
    return Star(state, Members(state), TagResolver(state))


def expected_usage_star(star: Star) -> ExpectedRows:
    """The members and tags of every row of `fct_usage`.

    Args:
        star: The account; its usage may tie.

    Returns:
        Rows keyed by record_id and record_type.
    """
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {}
    for key, candidates in accepted_usage(star.state.usage).items():
        pointing = tuple(star.usage_columns(one) for one in candidates)
        may_be_absent = len(candidates) < len(star.state.usage[key])
        rows[key] = (*pointing, None) if may_be_absent else pointing
    return ExpectedRows(RECORD, USAGE_STAR_COLUMNS, rows)


def expected_cost_daily(star: Star) -> ExpectedRows:
    """The rows of `fct_cost_daily`.

    Args:
        star: The account, with ties of usage settled.

    Returns:
        Rows keyed by day, members, currency and the eight tags; a version of a workspace is no key, since
        the clock of the builds decides when it begins.

    Raises:
        ValueError: If ties of usage are not settled.
    """
    groups: dict[RowKey, list[UsageOutcome]] = defaultdict(list)
    for outcome in _accepted(star):
        columns = {
            **star.usage_columns(outcome),
            "date_key": outcome.date_key,
            "currency_code": star.state.currency,
        }
        groups[tuple(columns[name] for name in COST_DAILY_KEY)].append(outcome)
    rows: dict[RowKey, tuple[Mapping[str, Any]]] = {}
    for key, members in groups.items():
        unpriced = exact_sum(one.row.usage_quantity for one in members if one.price.amount is None)
        measured = {
            **_measures(members),
            "unpriced_quantity": 0 if unpriced is None else unpriced,
            "record_count": len(members),
        }
        rows[key] = ({**_named(COST_DAILY_KEY, key), **measured},)
    return ExpectedRows(COST_DAILY_KEY, COST_DAILY_COLUMNS, rows)


def expected_run_costs(star: Star) -> ExpectedRows:
    """The rows of `fct_run_costs`: usage that names a job run, a day, SKU and unit.

    Args:
        star: The account, with ties of usage and runs settled.

    Returns:
        Rows keyed by workspace, run, usage day, SKU and unit. The entity is the version of the job at the
        start of the run, or of the first usage of a run that the timeline lacks.

    Raises:
        ValueError: If ties are not settled.
    """
    groups: dict[RowKey, list[UsageOutcome]] = defaultdict(list)
    first_usage: dict[RowKey, datetime] = {}
    for outcome in _accepted(star):
        row = outcome.row
        if row.job_id is None or row.job_run_id is None or row.usage_start_time is None:
            continue
        run = (row.workspace_id, row.job_run_id)
        first_usage[run] = min(row.usage_start_time, first_usage.get(run, row.usage_start_time))
        groups[*run, outcome.date_key, row.sku_name, row.usage_unit].append(outcome)
    job_runs = star.state.run_rows(JOB_RUN)
    rows: dict[RowKey, tuple[Mapping[str, Any]]] = {}
    for key, members in groups.items():
        known = job_runs.get(key[:2])
        start = first_usage[key[:2]] if known is None else known["run_start_time"]
        one = members[0].row
        entity, _ = star.members.entity(JOB.entity_type, one.workspace_id, one.job_id, start)
        rows[key] = (
            {
                **_named(RUN_COSTS_KEY, key),
                "job_id": one.job_id,
                **_named(ENTITY, entity),
                **_named(SKU, (one.sku_name, one.cloud, one.usage_unit)),
                "currency_code": star.state.currency,
                **_measures(members),
            },
        )
    return ExpectedRows(RUN_COSTS_KEY, RUN_COSTS_COLUMNS, rows)


def expected_job_runs(star: Star) -> ExpectedRows:
    """The rows of `fct_job_runs`.

    Args:
        star: The account, with ties of runs settled.

    Returns:
        Rows keyed by workspace and run.

    Raises:
        ValueError: If ties of runs are not settled.
    """
    retries = retries_by_job_run(star.state.run_rows(TASK_RUN).values())
    rows: dict[RowKey, tuple[Mapping[str, Any]]] = {}
    for key, run in star.state.run_rows(JOB_RUN).items():
        row = {
            **_run_row(star, run, _JOB_RUN_COPIED, run["run_start_time"]),
            "end_date_key": _day(run["run_end_time"]),
            "task_retry_count": retries.get(key, 0),
        }
        rows[key] = (row,)
    return ExpectedRows(RUN_KEY, JOB_RUNS_COLUMNS, rows)


def expected_task_runs(star: Star) -> ExpectedRows:
    """The rows of `fct_task_runs`.

    Args:
        star: The account, with ties of runs settled.

    Returns:
        Rows keyed by workspace and run of the attempt.

    Raises:
        ValueError: If ties of runs are not settled.
    """
    rows: dict[RowKey, tuple[Mapping[str, Any]]] = {
        key: (_run_row(star, run, _TASK_RUN_COPIED, run["task_start_time"]),)
        for key, run in star.state.run_rows(TASK_RUN).items()
    }
    return ExpectedRows(RUN_KEY, TASK_RUNS_COLUMNS, rows)


def expected_runs_finished_daily(star: Star) -> ExpectedRows:
    """The rows of `fct_runs_finished_daily`.

    Args:
        star: The account, with ties of runs settled.

    Returns:
        Rows keyed by the day on which runs ended, workspace and entity (the version at the run's start).

    Raises:
        ValueError: If ties of runs are not settled.
    """
    groups: dict[RowKey, list[str]] = defaultdict(list)
    for run in star.state.run_rows(JOB_RUN).values():
        # A run whose slices have no end ended on no day that is known.
        if run["is_finished"] and run["run_end_time"] is not None:
            entity = _job_of(star, run, run["run_start_time"])
            key = (_day(run["run_end_time"]), run["account_id"], run["workspace_id"], *entity)
            groups[key].append(run["status_group"])
    rows: dict[RowKey, tuple[Mapping[str, Any]]] = {}
    for key, ended in groups.items():
        counts = {column: ended.count(group) for group, column in FINISHED_COUNTS.items()}
        rows[key] = ({**_named(FINISHED_KEY, key), "finished_runs": len(ended), **counts},)
    return ExpectedRows(FINISHED_KEY, FINISHED_COLUMNS, rows)


def _accepted(star: Star) -> Iterable[UsageOutcome]:
    return (one for one in single_outcomes(star.state.usage) if not one.judged.is_quarantined)


def _measures(members: Sequence[UsageOutcome]) -> dict[str, Any]:
    return {
        "usage_quantity": exact_sum(one.row.usage_quantity for one in members),
        "list_cost": exact_sum(one.cost for one in members),
    }


def _run_row(
    star: Star, run: Mapping[str, Any], copied: Sequence[str], start: datetime | None
) -> dict[str, Any]:
    return {
        **{name: run[name] for name in copied},
        **_named(ENTITY, _job_of(star, run, start)),
        **_named(RUN_STATUS, (run["result_state"], run["termination_code"])),
        "is_success": run["status_group"] == SUCCEEDED,
        "is_failure": run["status_group"] == FAILED,
    }


def _job_of(star: Star, run: Mapping[str, Any], start: datetime | None) -> tuple[Any, ...]:
    return star.members.entity(JOB.entity_type, run["workspace_id"], run["job_id"], start)[0]


def _day(time: datetime | None) -> int | None:
    return None if time is None else date_key(time.date())


def _named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))
