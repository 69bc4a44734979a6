"""Runs made one by one, and what one row a run must say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from synthetic_account.jobs import CLASSIC, SERVERLESS, Job, JobVersion
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Facts, Key
from synthetic_account.plants.entities import planted_job
from synthetic_account.runs import Attempt, Leg, Run
from synthetic_account.streams import Stream
from synthetic_account.window import HOUR, time_text

SUCCESS = "SUCCESS"
BROKEN = "RUN_EXECUTION_ERROR"


class RunMaker:
    """Makes a job and its runs.

    Attributes:
        job: The job; more runs of it can be made at any time.
        stream: Gives the ids.
    """

    def __init__(
        self,
        parts: Parts,
        case: str,
        *,
        compute: str = SERVERLESS,
        tasks: tuple[str, ...] = ("main",),
        workspace: str = "prod-us",
        job_id: str | None = None,
        tags: dict[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        """Add the job to the account.

        Args:
            parts: The account.
            case: What it is for; its ids come from streams of that name.
            compute: What it runs on.
            tasks: Its task keys.
            workspace: Name of the workspace it is in.
            job_id: None: a new one.
            tags: Its tags; None: `environment` only.
            name: None: made from the case.
        """
        self.parts = parts
        self.stream: Stream = parts.root.part("plant", case, workspace)
        created = parts.window.at(-40, 9)
        version = JobVersion(
            created,
            name or f"planted {case.replace('_', ' ')}",
            {"environment": "prod"} if tags is None else tags,
        )
        self.job: Job = planted_job(
            parts, case, [version], compute=compute, tasks=tasks, workspace=workspace, job_id=job_id
        )

    def attempt(self, task: str, start: int, end: int | None, state: str | None, code: str | None) -> Attempt:
        """Return an attempt of a task, with a run id of its own."""
        return Attempt(self.stream.digits(15), task, start, end, state, code)

    def leg(self, start: int, end: int | None, state: str | None, code: str | None) -> Leg:
        """Return a stretch of a run whose one task spans it."""
        return Leg(start, end, state, code, (self.attempt(self.job.tasks[0], start, end, state, code),))

    def run(
        self,
        legs: tuple[Leg, ...],
        *,
        run_id: str | None = None,
        run_type: str = "JOB_RUN",
        run_name: str | None = None,
        job_id: str | None = None,
        queue_seconds: int = 0,
        latency: int = HOUR,
        continues: bool = False,
        is_metered: bool = True,
        cluster_id: str | None = None,
        configured: Mapping[str, object] | None = None,
    ) -> Run:
        """Write a run, its tasks and its cluster.

        Args:
            legs: The run and its repairs, in order.
            run_id: None: a new one.
            run_type: JOB_RUN, SUBMIT_RUN or WORKFLOW_RUN.
            run_name: Filled for submissions.
            job_id: None: the job's.
            queue_seconds: How long it waited.
            latency: Seconds until a slice appears in the source.
            continues: True: these are more slices of a run that was written before.
            is_metered: False: the case writes the billing records itself.
            cluster_id: None: one of its own, if the job runs on clusters of its runs.
            configured: Attributes of the job that differ for this run, such as its runtime.

        Returns:
            The run.
        """
        run_id = run_id or self.stream.digits(15)
        if cluster_id is None and self.job.compute == CLASSIC:
            cluster_id = f"0101-{run_id[:6]}-{run_id[6:14]}"
        run = Run(
            replace(self.job, **configured) if configured else self.job,  # type: ignore[arg-type]
            job_id or self.job.job_id,
            run_id,
            legs,
            run_type,
            run_name,
            queue_seconds=queue_seconds,
            latency=latency,
            cluster_id=cluster_id,
            continues=continues,
            is_metered=is_metered,
        )
        self.parts.runs.write(run, self.stream)
        return run


def run_key(run: Run) -> Key:
    """Return the columns that name a run."""
    return {"workspace_id": run.job.workspace.workspace_id, "job_id": run.job_id, "run_id": run.run_id}


def run_facts(run: Run, **more: object) -> Facts:
    """Return what one row a run must say."""
    last = run.legs[-1]
    end = last.end
    start = run.legs[0].start
    return {
        **run_key(run),
        "run_type": run.run_type,
        "run_start_time": time_text(start),
        "run_end_time": None if end is None else time_text(end),
        "duration_seconds": None if end is None else end - start,
        "result_state": last.state,
        "termination_code": last.code,
        "is_finished": end is not None,
        "repair_count": len(run.legs) - 1,
        **more,
    }
