"""How long tasks take: one that became slower after a change, and others that must not be taken for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from synthetic_account.deliveries import TASK_RUNS
from synthetic_account.jobs import ALL_PURPOSE, CLASSIC, SERVERLESS
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Key, Planted
from synthetic_account.plants.entities import planted_cluster
from synthetic_account.plants.records import Record, RecordWriter
from synthetic_account.plants.report_workspaces import planted_workspace
from synthetic_account.plants.run_maker import SUCCESS, RunMaker
from synthetic_account.plants.spending import bill_run, cost, median
from synthetic_account.plants.stable_ids import RUNS_WORKSPACE_ID
from synthetic_account.runs import SUCCEEDED, Leg, Run
from synthetic_account.window import time_text

REPORT_DAYS = 40
"""Days an account must have for what reports are to find: four weeks to compare with, and what follows."""

_SLOW_DAYS = 10
_STEADY = (97, 100, 102, 99, 103, 98, 101)
"""Percent of the usual time, run after run: a few percent of noise."""

_NOISY = (50, 190, 80, 140, 60, 220, 100)
"""The same in every seven runs, so that any whole week looks like any other."""

_USUAL = 600
_HOURS = (1, 13)
_QUICK = 600
"""Seconds until the slices of these runs appear, so that the last day's runs are there."""


def runs_workspace(parts: Parts) -> str:
    """Return the name of the workspace of these cases, adding it to the account at first."""
    return planted_workspace(parts, "reliability-lab", RUNS_WORKSPACE_ID).name


def change_day(parts: Parts) -> int:
    """Return the day from which the planted tasks take another time."""
    return parts.window.days - _SLOW_DAYS


class _Task:
    """A job of two tasks, twice a day: `prepare` never changes, `transform` takes what the case says."""

    def __init__(self, parts: Parts, case: str, compute: str) -> None:
        workspace = runs_workspace(parts)
        self.parts = parts
        self.maker = RunMaker(
            parts, case, compute=compute, tasks=("prepare", "transform"), workspace=workspace
        )
        self.seconds: list[tuple[int, int, str]] = []
        """Of each run of `transform`: its day, how long it took, and its run id."""

    def run(self, day: int, hour: int, seconds: int, configured: Mapping[str, object] | None = None) -> Run:
        start = self.parts.window.at(day, hour, 2)
        prepared = start + 120 * _STEADY[(day + hour) % 7] // 100
        end = prepared + seconds
        attempts = (
            self.maker.attempt("prepare", start, prepared, SUCCEEDED, SUCCESS),
            self.maker.attempt("transform", prepared, end, SUCCEEDED, SUCCESS),
        )
        leg = Leg(start, end, SUCCEEDED, SUCCESS, attempts)
        self.seconds.append((day, seconds, attempts[1].run_id))
        return self.maker.run((leg,), latency=_QUICK, is_metered=False, configured=configured)

    def twice_a_day(self, seconds_of: Callable[[int, int], int]) -> None:
        """Run on every day, at one and at thirteen o'clock; `seconds_of` takes day and number of the run."""
        for day in range(self.parts.window.days):
            for place, hour in enumerate(_HOURS):
                self.run(day, hour, seconds_of(day, 2 * day + place))

    def planted(self, expect: str, **more: object) -> Planted:
        changed = change_day(self.parts)
        before = [seconds for day, seconds, _ in self.seconds if day < changed]
        after = [seconds for day, seconds, _ in self.seconds if day >= changed]
        workspace_id = self.maker.job.workspace.workspace_id
        keys: list[Key] = [{"workspace_id": workspace_id, "run_id": run_id} for _, _, run_id in self.seconds]
        facts: Facts = {
            "workspace_id": workspace_id,
            "job_id": self.maker.job.job_id,
            "task_key": "transform",
            "steady_task_key": "prepare",
            "change_date": self.parts.window.date_of(changed),
            "runs_before": len(before),
            "runs_after": len(after),
            "median_seconds_before": median(before),
            "median_seconds_after": median(after),
            **more,
        }
        return Planted(TASK_RUNS, keys, expect, facts)


def _doubled(parts: Parts, day: int, number: int) -> int:
    usual = _USUAL * (2 if day >= change_day(parts) else 1)
    return usual * _STEADY[number % 7] // 100


def _regression(parts: Parts) -> Planted:
    case = "task_latency_regression"
    task = _Task(parts, case, CLASSIC)
    writer = RecordWriter(parts, case)
    plan = parts.book.plan("PREMIUM_JOBS_COMPUTE", "AWS")
    before: Facts = {"worker_node_type": "m5d.xlarge", "workers": 4, "runtime": "15.4.x-scala2.12"}
    after: Facts = {"worker_node_type": "m5d.large", "workers": 4, "runtime": "16.4.x-scala2.12"}
    records: list[tuple[int, Record]] = []
    for day in range(parts.window.days):
        configured = after if day >= change_day(parts) else before
        for place, hour in enumerate(_HOURS):
            run = task.run(day, hour, _doubled(parts, day, 2 * day + place), configured)
            records += [(day, record) for record in bill_run(parts, writer, run, plan, 12)]
    slow = [record for day, record in records if day >= change_day(parts)]
    return task.planted(
        "twice as slow since the change date, when its clusters got another runtime and smaller workers",
        must_be_reported=True,
        changed_columns={
            "dbr_version": [before["runtime"], after["runtime"]],
            "worker_node_type": [before["worker_node_type"], after["worker_node_type"]],
        },
        list_cost_since_change=cost(slow),
    )


def _shared_cluster(parts: Parts) -> Planted:
    case = "task_latency_regression_on_shared_cluster"
    changed = parts.window.at(change_day(parts), 0, 30)
    after: Facts = {"worker_node_type": "m5d.large", "worker_count": 2, "dbr_version": "17.3.x-scala2.13"}
    cluster = planted_cluster(
        parts, case, [(parts.window.at(-30, 8), {}), (changed, after)], workspace=runs_workspace(parts)
    )
    task = _Task(parts, case, ALL_PURPOSE)
    task.maker.job.cluster = cluster
    task.twice_a_day(lambda day, number: _doubled(parts, day, number))
    return task.planted(
        "twice as slow since its all-purpose cluster was changed half an hour before the first slow run",
        must_be_reported=True,
        cluster_id=cluster.cluster_id,
        cluster_change_time=time_text(changed),
        changed_columns={
            "dbr_version": ["15.4.x-scala2.12", after["dbr_version"]],
            "worker_node_type": ["m5d.xlarge", after["worker_node_type"]],
            "worker_count": [4, 2],
        },
    )


def _noisy(parts: Parts) -> Planted:
    task = _Task(parts, "task_latency_noisy_but_stable", SERVERLESS)
    task.twice_a_day(lambda day, number: _USUAL * _NOISY[number % 7] // 100)
    return task.planted(
        "takes from half to more than twice the usual time, as it always did: no regression",
        must_be_reported=False,
    )


def _too_few(parts: Parts) -> Planted:
    task = _Task(parts, "task_latency_with_too_few_runs", SERVERLESS)
    last = parts.window.days - 4
    for day in range(last % 7, last + 1, 7):
        task.run(day, _HOURS[0], _USUAL * 2 if day == last else _USUAL)
    return task.planted("one slow run a week after the last is no evidence", must_be_reported=False)


def _faster(parts: Parts) -> Planted:
    task = _Task(parts, "task_latency_that_got_better", SERVERLESS)
    task.twice_a_day(
        lambda day, number: 3 * _USUAL * _STEADY[number % 7] // 100 - _doubled(parts, day, number)
    )
    return task.planted("twice as fast since the change date: no regression", must_be_reported=False)


def _stable(parts: Parts) -> Planted:
    task = _Task(parts, "task_latency_stable", SERVERLESS)
    task.twice_a_day(lambda day, number: _USUAL * _STEADY[number % 7] // 100)
    return task.planted("a few percent of noise: no regression", must_be_reported=False)


CASES = tuple(
    replace(case, days=REPORT_DAYS)
    for case in (
        Case("task_latency_regression", _regression),
        Case("task_latency_regression_on_shared_cluster", _shared_cluster),
        Case("task_latency_noisy_but_stable", _noisy),
        Case("task_latency_with_too_few_runs", _too_few),
        Case("task_latency_that_got_better", _faster),
        Case("task_latency_stable", _stable),
    )
)
