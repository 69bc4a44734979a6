"""Runs of jobs: the slices of runs and tasks, the clusters they start, and the hours they are billed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthetic_account.clusters import cloud_attributes
from synthetic_account.deliveries import CLUSTERS, JOB_RUNS, TASK_RUNS, Deliveries
from synthetic_account.jobs import ALL_PURPOSE, CLASSIC, SERVERLESS, Job, JobVersion
from synthetic_account.prices import PriceBook, sku_of
from synthetic_account.streams import Stream
from synthetic_account.truths import Place
from synthetic_account.usage import (
    Billed,
    Meter,
    Places,
    day_factor,
    fragment,
    hourly_quantity,
    hours_between,
)
from synthetic_account.window import HOUR, Window, date_text, time_text

SUCCEEDED, FAILED, CANCELLED, TIMED_OUT = "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"
ERROR, SKIPPED, BLOCKED = "ERROR", "SKIPPED", "BLOCKED"
RUNNING = "RUNNING"
"""Not a state of the source, which leaves it NULL."""

_FAILURE_CODES = (
    ("RUN_EXECUTION_ERROR", 12),
    ("LIBRARY_INSTALLATION_ERROR", 2),
    ("STORAGE_ACCESS_ERROR", 2),
    ("CLUSTER_ERROR", 1),
    ("DRIVER_ERROR", 1),
    ("CLOUD_FAILURE", 1),
    ("UNAUTHORIZED_ERROR", 1),
)
_CODES = {
    SUCCEEDED: "SUCCESS",
    CANCELLED: "CANCELLED",
    TIMED_OUT: "RUN_EXECUTION_ERROR",
    ERROR: "INTERNAL_ERROR",
    SKIPPED: "MAX_CONCURRENT_RUNS_EXCEEDED",
    BLOCKED: "MAX_JOB_QUEUE_SIZE_EXCEEDED",
}
_TYPES = {
    "SUCCESS": "SUCCESS",
    "INTERNAL_ERROR": "INTERNAL_ERROR",
    "CLOUD_FAILURE": "CLOUD_FAILURE",
    "DRIVER_ERROR": "INTERNAL_ERROR",
}


@dataclass(frozen=True)
class Attempt:
    """One attempt of a task.

    Attributes:
        run_id: Its own id; a retry has another.
        task_key: Which task.
        start: Seconds since 1970.
        end: Seconds since 1970; equal to the start: it never started. None: it is still running.
        state: `result_state`; None while it is running.
        code: `termination_code`.
        continues: True: these are more slices of an attempt that was written before.
    """

    run_id: str
    task_key: str
    start: int
    end: int | None
    state: str | None
    code: str | None
    continues: bool = False


@dataclass(frozen=True)
class Leg:
    """A stretch of a run that ends with a result: the run itself, or a repair of it.

    Attributes:
        start: Seconds since 1970.
        end: Seconds since 1970; equal to the start: it never started. None: it is still running.
        state: `result_state` of its last slice; None while it is running.
        code: `termination_code` of its last slice.
        attempts: The task attempts within it.
    """

    start: int
    end: int | None
    state: str | None
    code: str | None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Run:
    """A run of a job.

    Attributes:
        job_id: The job's, or the run's own for a one-time submission.
        legs: The run and its repairs, in order.
        run_type: JOB_RUN, SUBMIT_RUN or WORKFLOW_RUN.
        run_name: Filled for submissions.
        queue_seconds: How long it waited.
        latency: Seconds until a slice appears in the source.
        cluster_id: Of the cluster it ran on, if that was classic.
        parent_task_run_id: The task that started it, if one did.
        continues: True: these are more slices of a run that was written before.
        is_metered: False: its billing records are written by somebody else.
    """

    job: Job
    job_id: str
    run_id: str
    legs: tuple[Leg, ...]
    run_type: str = "JOB_RUN"
    run_name: str | None = None
    trigger_type: str = "CRON"
    queue_seconds: int = 0
    latency: int = HOUR
    cluster_id: str | None = None
    parent_task_run_id: str | None = None
    continues: bool = False
    is_metered: bool = True


def slices(start: int, end: int | None, until: int) -> list[tuple[int, int]]:
    """Cut a run at clock hours, as the source does.

    Args:
        start: Seconds since 1970.
        end: Seconds since 1970; equal to the start gives one slice without length. None: it is still running.
        until: How far the source knows it, if it is still running.

    Returns:
        Start and end of each slice; of a running one the hours that are over.
    """
    if end is not None and end <= start:
        return [(start, start)]
    if end is None:
        return [(max(low, start), high) for low, high, _ in hours_between(start, until) if high <= until]
    return [(max(low, start), min(high, end)) for low, high, _ in hours_between(start, end)]


class RunWriter:
    """Writes runs: their slices, their tasks' slices, their clusters and their usage."""

    def __init__(
        self,
        account_id: str,
        window: Window,
        deliveries: Deliveries,
        meter: Meter,
        book: PriceBook,
        places: Places,
    ) -> None:
        """Take what the rows go to.

        Args:
            account_id: Of the account.
            window: Its days.
            deliveries: Where lines go.
            meter: Writes the billing records.
            book: The SKUs.
            places: What the records are added up by.
        """
        self._account_id = account_id
        self._window = window
        self._deliveries = deliveries
        self._meter = meter
        self._book = book
        self._places = places
        self._shared: dict[tuple[int, int], tuple[Job, Place, str]] = {}
        self.states: dict[str, dict[str, int]] = {JOB_RUNS: {}, TASK_RUNS: {}}
        """For runs and for task attempts: how many the source knows by the state of the newest slice."""

    def write(self, run: Run, stream: Stream) -> None:
        """Write a run and everything that comes with it.

        Args:
            run: The run.
            stream: Decides when its billing records arrive.
        """
        self._count(JOB_RUNS, self._write_run_slices(run), -1 if run.continues else 0)
        for leg in run.legs:
            for attempt in leg.attempts:
                state = self._write_task_slices(run, attempt)
                self._count(TASK_RUNS, state, -1 if attempt.continues else 0)
        if run.cluster_id is not None and run.job.compute == CLASSIC:
            self._write_cluster(run)
        if run.is_metered and run.job.compute != ALL_PURPOSE and run.run_type != "WORKFLOW_RUN":
            self._bill(run, stream)

    def billed(self, run: Run, node_type: str | None = None) -> Billed:
        """Return what the hours of a run are billed for.

        Args:
            run: The run.
            node_type: Of the driver or the workers, for classic compute.
        """
        job = run.job
        version = job.version_at(run.legs[0].start)
        place, columns = self._columns(job, version)
        metadata = {
            "job_id": run.job_id,
            "job_run_id": run.run_id,
            "job_name": run.run_name or version.name,
            "cluster_id": run.cluster_id,
            "node_type": node_type,
            "run_name": run.run_name,
        }
        return Billed(place, f'{columns}, "usage_metadata": {{{fragment(metadata)}}}')

    def _columns(self, job: Job, version: JobVersion) -> tuple[Place, str]:
        key = (id(job), version.change)
        found = self._shared.get(key)
        if found is not None:
            return found[1:]
        workspace = job.workspace
        serverless = job.compute == SERVERLESS
        sku = sku_of(workspace, "JOBS_SERVERLESS_COMPUTE" if serverless else "JOBS_COMPUTE", job.photon)
        place = self._places.of(self._book.plan(sku, workspace.cloud), "JOBS", workspace.workspace_id)
        features = {"jobs_tier": "CLASSIC", "is_serverless": serverless, "is_photon": job.photon}
        if serverless:
            features["performance_target"] = "STANDARD"
        columns = fragment(
            {
                "account_id": self._account_id,
                "workspace_id": workspace.workspace_id,
                "sku_name": place.sku_name,
                "cloud": place.cloud,
                "usage_unit": place.unit,
                "custom_tags": {**version.tags, **job.extra_usage_tags},
                "identity_metadata": {"run_as": job.run_as},
                "billing_origin_product": "JOBS",
                "product_features": features,
                "usage_type": "COMPUTE_TIME",
            }
        )
        # The job is kept with them: the id of one that is gone could come again.
        self._shared[key] = job, place, columns
        return place, columns

    def _count(self, table: str, state: str | None, running: int = 0) -> None:
        if state is not None:
            states = self.states[table]
            states[state] = states.get(state, 0) + 1
            if running:
                states[RUNNING] += running

    def _write_run_slices(self, run: Run) -> str | None:
        """Write the slices of a run; return the state of the newest one delivered, if one is."""
        job = run.job
        shared = {
            "account_id": self._account_id,
            "workspace_id": job.workspace.workspace_id,
            "job_id": run.job_id,
            "run_id": run.run_id,
            "trigger_type": run.trigger_type,
            "run_type": run.run_type,
            "run_name": run.run_name,
            "compute_ids": [run.cluster_id] if run.cluster_id and int(run.run_id[-2:]) < 5 else [],
            "job_parameters": {"day": {"value": date_text(run.legs[0].start)}} if job.photon else {},
            "source_task_run_id": run.parent_task_run_id,
            "root_task_run_id": run.parent_task_run_id,
            "compute": [{"type": "CLUSTER", "cluster_id": run.cluster_id}] if run.cluster_id else [],
        }
        head = fragment(shared)
        single = len(job.tasks) == 1
        newest = None
        for leg in run.legs:
            total = 0 if leg.end is None else leg.end - leg.start
            durations = fragment(
                {
                    "queue_duration_seconds": run.queue_seconds,
                    "run_duration_seconds": total if single else 0,
                    "setup_duration_seconds": min(90, total) if single and job.compute == CLASSIC else 0,
                    "execution_duration_seconds": max(0, total - 90) if single else 0,
                    "cleanup_duration_seconds": 0,
                }
            )
            state = self._write_slices(
                JOB_RUNS, f"{head}, {durations}", leg.start, leg.end, leg.state, leg.code, run.latency
            )
            newest = state or newest
        return newest

    def _write_task_slices(self, run: Run, attempt: Attempt) -> str | None:
        """Write the slices of a task attempt; return the state of the newest one delivered, if one is."""
        job = run.job
        total = 0 if attempt.end is None else attempt.end - attempt.start
        cluster = job.cluster.cluster_id if job.cluster is not None else run.cluster_id
        head = fragment(
            {
                "account_id": self._account_id,
                "workspace_id": job.workspace.workspace_id,
                "job_id": run.job_id,
                "run_id": attempt.run_id,
                "task_key": attempt.task_key,
                "compute_ids": [cluster] if cluster and total else [],
                "job_run_id": run.run_id,
                "parent_run_id": run.run_id,
                "compute": [{"type": "CLUSTER", "cluster_id": cluster}] if cluster and total else [],
                "task_parameters": {"day": {"value": date_text(run.legs[0].start)}} if job.photon else {},
                "setup_duration_seconds": min(60, total) if job.compute == CLASSIC else 0,
                "cleanup_duration_seconds": 0,
                "execution_duration_seconds": max(0, total - 60) if job.compute == CLASSIC else total,
            }
        )
        return self._write_slices(
            TASK_RUNS, head, attempt.start, attempt.end, attempt.state, attempt.code, run.latency
        )

    def _write_slices(
        self,
        table: str,
        head: str,
        start: int,
        end: int | None,
        state: str | None,
        code: str | None,
        latency: int,
    ) -> str | None:
        cut = slices(start, end, self._window.end)
        repeat = latency % 100 == 50
        newest = None
        for number, (low, high) in enumerate(cut):
            day = self._deliveries.arrival(table, self._window.day_of(high + latency))
            if day is None:
                return newest
            newest = RUNNING
            line = (
                f'{{{head}, "period_start_time": "{time_text(low)}", "period_end_time": "{time_text(high)}"'
            )
            if end is not None and state is not None and number == len(cut) - 1:
                line += f', "result_state": "{state}", "termination_code": "{code}"'
                line += f', "termination_type": "{_TYPES.get(code or "", "CLIENT_ERROR")}"'
                newest = state
            self._deliveries.add(table, day, line + "}\n")
            again = self._deliveries.arrival(table, day + 1) if repeat else None
            if again is not None:
                self._deliveries.add(table, again, line + "}\n", repeated=True)
        return newest

    def _write_cluster(self, run: Run) -> None:
        job = run.job
        start, end = run.legs[0].start, run.legs[0].end
        if end == start:
            return
        row = {
            "account_id": self._account_id,
            "workspace_id": job.workspace.workspace_id,
            "cluster_id": run.cluster_id,
            "cluster_name": f"job-{run.job_id}-run-{run.run_id}-main",
            "owned_by": job.run_as,
            "create_time": time_text(start),
            "driver_node_type": job.driver_node_type,
            "worker_node_type": job.worker_node_type,
            "worker_count": job.workers,
            "auto_termination_minutes": 0,
            "enable_elastic_disk": True,
            "tags": job.version_at(start).tags,
            "cluster_source": "JOB",
            "init_scripts": [],
            **cloud_attributes(job.workspace.cloud),
            "dbr_version": job.runtime,
            "data_security_mode": "SINGLE_USER",
        }
        head = fragment(row)
        for change, deleted in ((start, False), (end, True)):
            if change is None:
                continue
            day = self._deliveries.arrival(CLUSTERS, self._window.day_of(change + run.latency))
            if day is None:
                continue
            gone = f', "delete_time": "{time_text(change)}"' if deleted else ""
            changed = f'"change_time": "{time_text(change)}", "change_date": "{date_text(change)}"'
            self._deliveries.add(CLUSTERS, day, f"{{{head}, {changed}{gone}}}\n")

    def _bill(self, run: Run, stream: Stream) -> None:
        job = run.job
        shares: list[tuple[Billed, int]]
        if job.compute == CLASSIC and job.driver_node_type != job.worker_node_type:
            shares = [
                (self.billed(run, job.driver_node_type), 250),
                (self.billed(run, job.worker_node_type), 750),
            ]
        else:
            node_type = job.worker_node_type if job.compute == CLASSIC else None
            shares = [(self.billed(run, node_type), 1000)]
        factor = day_factor(self._window, self._window.day_of(run.legs[0].start), 100)
        rate = job.rate * factor // 1000 * stream.between(900, 1100) // 1000
        for leg in run.legs:
            end = self._window.end if leg.end is None else leg.end
            for low, high, used in hours_between(leg.start, end):
                for thing, share in shares:
                    self._meter.hour(thing, low, high, hourly_quantity(rate * share // 1000, used), stream)


def outcome_of(job: Job, stream: Stream) -> tuple[str, str]:
    """Return the result state and termination code of an ordinary run."""
    left = stream.below(1000)
    for state, share in (
        (FAILED, job.failures),
        (CANCELLED, 8),
        (TIMED_OUT, 4),
        (ERROR, 3),
        (SKIPPED, 9),
        (BLOCKED, 5),
    ):
        left -= share
        if left < 0:
            return state, stream.weighted(_FAILURE_CODES) if state == FAILED else _CODES[state]
    return SUCCEEDED, _CODES[SUCCEEDED]


def make_run(job: Job, start: int, stream: Stream) -> Run:
    """Make an ordinary run of a job.

    Args:
        job: The job.
        start: Seconds since 1970.
        stream: The random numbers of this part and day.

    Returns:
        A run with its task attempts: a failed task ends the run, is tried again where the job says so, and is
        sometimes repaired later.
    """
    state, code = outcome_of(job, stream)
    run_id = stream.digits(15)
    job_id = stream.digits(15) if job.submitted else job.job_id
    cluster_id = None
    if job.compute == CLASSIC:
        cluster_id = f"{date_text(start)[5:].replace('-', '')}-{run_id[:6]}-{run_id[6:14]}"
    seconds = job.seconds * stream.between(750, 1300) // 1000
    if stream.chance(0.02):
        seconds *= 3
    leg, failed_at = _leg(job, start, seconds, state, code, 0, stream)
    legs = [leg]
    if failed_at is not None and leg.end is not None and stream.chance(0.25):
        again = leg.end + stream.between(600, 5400)
        rest = seconds * (len(job.tasks) - failed_at) // len(job.tasks)
        repaired, _ = _leg(job, again, rest, SUCCEEDED, _CODES[SUCCEEDED], failed_at, stream)
        legs.append(repaired)
    return Run(
        job=job,
        job_id=job_id,
        run_id=run_id,
        legs=tuple(legs),
        run_type="SUBMIT_RUN" if job.submitted else "JOB_RUN",
        run_name=f"{job.team.name} submission {date_text(start)}" if job.submitted else None,
        trigger_type="ONETIME" if job.submitted or job.odds < 100 else "CRON",
        queue_seconds=stream.below(40) if stream.chance(0.2) else 0,
        latency=stream.between(600, 3 * HOUR),
        cluster_id=cluster_id,
    )


def _leg(
    job: Job, start: int, seconds: int, state: str, code: str, first_task: int, stream: Stream
) -> tuple[Leg, int | None]:
    """Return a stretch of a run with its attempts, and the task that failed, if one did."""
    tasks = job.tasks[first_task:]
    if state in (SKIPPED, BLOCKED):
        never = tuple(Attempt(stream.digits(15), task, start, start, state, code) for task in tasks)
        return Leg(start, start, state, code, never), None
    failing = None if state == SUCCEEDED else stream.below(len(tasks))
    each = max(20, seconds // len(tasks))
    attempts = []
    at = start
    for number, task in enumerate(tasks):
        used = each * stream.between(700, 1300) // 1000
        if failing is not None and number > failing:
            attempts.append(Attempt(stream.digits(15), task, at, at, BLOCKED, "RUN_EXECUTION_ERROR"))
            continue
        retried = job.retries and (
            number == failing if failing is not None else stream.below(1000) < job.failures
        )
        if retried:
            attempts.append(
                Attempt(stream.digits(15), task, at, at + used // 2, FAILED, "RUN_EXECUTION_ERROR")
            )
            at += used // 2 + 30
        task_state, task_code = (state, code) if number == failing else (SUCCEEDED, _CODES[SUCCEEDED])
        attempts.append(Attempt(stream.digits(15), task, at, at + used, task_state, task_code))
        at += used
    return Leg(start, at, state, code, tuple(attempts)), None if failing is None else first_task + failing


def run_jobs(jobs: Sequence[Job], window: Window, day: int, writer: RunWriter, stream: Stream) -> None:
    """Write all runs that start on a day.

    Args:
        jobs: All jobs.
        window: The days of the account.
        day: Which day.
        writer: Writes the runs.
        stream: The random numbers of this part; each day has its own.
    """
    own = stream.part("day", day)
    weekday = window.weekday(day)
    midnight = window.at(day)
    for job in jobs:
        if weekday not in job.weekdays or not job.workspace.has_work(day):
            continue
        for second in job.starts:
            start = midnight + second + own.below(50)
            if own.below(100) >= job.odds or not job.exists(start):
                continue
            run = make_run(job, start, own)
            writer.write(run, own)
            if job.compute == ALL_PURPOSE and run.legs[0].end != start and own.chance(0.2):
                writer.write(_workflow_run(run, own), own)


def _workflow_run(parent: Run, stream: Stream) -> Run:
    """Return a notebook started by a notebook: it is in the run timeline only and has no cost of its own."""
    start = parent.legs[0].start + 10
    end = max(start + 5, parent.legs[0].end or start)
    leg = Leg(start, end, SUCCEEDED, _CODES[SUCCEEDED])
    return Run(
        job=parent.job,
        job_id=stream.digits(15),
        run_id=stream.digits(15),
        legs=(leg,),
        run_type="WORKFLOW_RUN",
        run_name=f"{parent.job.team.name}/child notebook",
        trigger_type="ONETIME",
        latency=parent.latency,
        parent_task_run_id=parent.legs[0].attempts[0].run_id,
    )
