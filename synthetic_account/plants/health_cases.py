"""Runs that fail, wait, run on and on, or never do: what they cost and how often it happens."""

from __future__ import annotations

from dataclasses import replace

from synthetic_account.deliveries import JOB_RUNS
from synthetic_account.jobs import CLASSIC, SERVERLESS
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Key, Planted
from synthetic_account.plants.latency_cases import REPORT_DAYS, runs_workspace
from synthetic_account.plants.records import Record, RecordWriter
from synthetic_account.plants.report_workspaces import regional_sku
from synthetic_account.plants.run_maker import BROKEN, SUCCESS, RunMaker, run_key
from synthetic_account.plants.spending import bill_run, cost, median
from synthetic_account.runs import CANCELLED, FAILED, SUCCEEDED, TIMED_OUT, Leg, Run
from synthetic_account.window import DAY, HOUR, time_text

_QUICK = 600
_RATE = 20
"""DBU an hour; at 0.50 USD each."""


def _maker(
    parts: Parts, case: str, compute: str = SERVERLESS, tags: dict[str, str] | None = None
) -> RunMaker:
    return RunMaker(parts, case, compute=compute, workspace=runs_workspace(parts), tags=tags)


def _keys(runs: list[Run]) -> list[Key]:
    return [run_key(run) for run in runs]


class _Priced:
    """Runs of one job with the records they are billed by."""

    def __init__(self, parts: Parts, case: str) -> None:
        self.parts = parts
        self.maker = _maker(parts, case)
        self._writer = RecordWriter(parts, case)
        self._plan = regional_sku(parts, "JOBS_SERVERLESS_COMPUTE", "0.50")

    def run(self, legs: tuple[Leg, ...]) -> tuple[Run, list[Record]]:
        run = self.maker.run(legs, latency=_QUICK, is_metered=False)
        return run, bill_run(self.parts, self._writer, run, self._plan, _RATE, is_serverless=True)


def _with_costs(parts: Parts) -> Planted:
    """One run of each kind on days before the last, an hour and a half each unless it is cut short."""
    case = "failed_runs_with_known_costs"
    priced = _Priced(parts, case)
    maker = priced.maker
    day = parts.window.days - 8
    at = [parts.window.at(day + n, 3) for n in range(6)]

    def one(start: int, seconds: int, state: str, code: str) -> tuple[Leg, ...]:
        return (maker.leg(start, start + seconds, state, code),)

    first = maker.attempt("main", at[3], at[3] + 1800, FAILED, BROKEN)
    second = maker.attempt("main", at[3] + 1800, at[3] + 5400, SUCCEEDED, SUCCESS)
    repaired = (
        maker.leg(at[4], at[4] + 2700, FAILED, BROKEN),
        maker.leg(at[4] + 2 * HOUR, at[4] + 3 * HOUR, SUCCEEDED, SUCCESS),
    )
    kinds: list[tuple[str, tuple[Leg, ...], int]] = [
        ("failed", one(at[0], 5400, FAILED, "LIBRARY_INSTALLATION_ERROR"), 5400),
        ("timed_out", one(at[1], 7200, TIMED_OUT, BROKEN), 7200),
        ("cancelled", one(at[2], 3600, CANCELLED, "CANCELLED"), 3600),
        ("retried", (Leg(at[3], at[3] + 5400, SUCCEEDED, SUCCESS, (first, second)),), 1800),
        ("repaired", repaired, 2700),
        ("succeeded", one(at[5], 5400, SUCCEEDED, SUCCESS), 0),
    ]
    runs, facts = [], []
    for kind, legs, lost in kinds:
        run, records = priced.run(legs)
        runs.append(run)
        busy = sum((leg.end or leg.start) - leg.start for leg in legs)
        facts.append(
            {
                **run_key(run),
                "kind": kind,
                "result_state": legs[-1].state,
                "termination_code": legs[-1].code,
                "list_cost": cost(records),
                "busy_seconds": busy,
                "lost_seconds": lost,
            }
        )
    return Planted(
        JOB_RUNS,
        _keys(runs),
        "each run at its known cost; lost_seconds is the part of it that came to nothing",
        {"priced_runs": facts, "run_as": maker.job.run_as},
    )


def _flaky(parts: Parts) -> Planted:
    case = "job_that_flakes"
    maker = _maker(parts, case)
    runs, number = [], 0
    for day in range(parts.window.days):
        for hour in (4, 16):
            number += 1
            failed = number % 4 == 0
            start = parts.window.at(day, hour)
            leg = maker.leg(
                start, start + 900, FAILED if failed else SUCCEEDED, BROKEN if failed else SUCCESS
            )
            runs.append(maker.run((leg,), latency=_QUICK, is_metered=False))
    failures = sum(run.legs[0].state == FAILED for run in runs)
    return Planted(
        JOB_RUNS,
        _keys(runs),
        "fails every fourth time, each time followed by a success: one failure in 48 hours",
        {
            "job_id": maker.job.job_id,
            "workspace_id": maker.job.workspace.workspace_id,
            "finished_runs": len(runs),
            "failed_runs": failures,
            "hours_between_failures": 48,
            "runs_between_failures": 4,
        },
    )


def _reliable(parts: Parts) -> Planted:
    maker = _maker(parts, "job_that_always_succeeds")
    runs = []
    for day in range(parts.window.days):
        for hour in (4, 16):
            start = parts.window.at(day, hour, 30)
            leg = maker.leg(start, start + 900, SUCCEEDED, SUCCESS)
            runs.append(maker.run((leg,), latency=_QUICK, is_metered=False))
    return Planted(
        JOB_RUNS,
        _keys(runs),
        "never failed: no time between failures, and no failure rate but 0",
        {
            "job_id": maker.job.job_id,
            "workspace_id": maker.job.workspace.workspace_id,
            "finished_runs": len(runs),
            "failed_runs": 0,
        },
    )


def _overdue(parts: Parts) -> Planted:
    case = "run_that_is_overdue"
    priced = _Priced(parts, case)
    last = parts.window.days - 2
    runs = []
    for day in range(last):
        start = parts.window.at(day, 2)
        leg = priced.maker.leg(start, start + 1200 + 60 * (day % 3), SUCCEEDED, SUCCESS)
        runs.append(priced.maker.run((leg,), latency=_QUICK, is_metered=False))
    start = parts.window.at(last, 2)
    late = priced.maker.run((priced.maker.leg(start, None, None, None),), latency=_QUICK, is_metered=False)
    return Planted(
        JOB_RUNS,
        _keys([*runs, late]),
        "still running at the end of the account, for 46 hours, while its runs take about 20 minutes",
        {
            **run_key(late),
            "run_start_time": time_text(start),
            "running_seconds_at_end": 2 * DAY - 2 * HOUR,
            "usual_seconds": median([(run.legs[0].end or 0) - run.legs[0].start for run in runs]),
            "finished_runs": len(runs),
        },
    )


def _queues(parts: Parts) -> Planted:
    planted: Facts = {}
    runs: list[Run] = []
    for name, queue in (("waits", 1500), ("starts_at_once", 5)):
        maker = _maker(parts, f"job_that_{name}", CLASSIC)
        own = []
        for day in range(parts.window.days):
            start = parts.window.at(day, 5)
            leg = maker.leg(start, start + 1800, SUCCEEDED, SUCCESS)
            seconds = queue + 10 * (day % 7)
            own.append(maker.run((leg,), queue_seconds=seconds, latency=_QUICK, is_metered=False))
        runs += own
        planted[name] = {
            "workspace_id": maker.job.workspace.workspace_id,
            "job_id": maker.job.job_id,
            "finished_runs": len(own),
            "median_queue_seconds": median([run.queue_seconds for run in own]),
        }
    return Planted(
        JOB_RUNS, _keys(runs), "one job waits about 25 minutes for each run, another hardly at all", planted
    )


CASES = tuple(
    replace(case, days=REPORT_DAYS)
    for case in (
        Case("failed_runs_with_known_costs", _with_costs),
        Case("job_that_flakes", _flaky),
        Case("job_that_always_succeeds", _reliable),
        Case("run_that_is_overdue", _overdue),
        Case("job_that_waits_in_the_queue", _queues),
    )
)
