"""The jobs of the account: what they are called, when they run, what they run on, and how they are edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from synthetic_account.clusters import AllPurposeCluster, node_types_of
from synthetic_account.deliveries import JOBS, Deliveries
from synthetic_account.organisation import Team, environment_of
from synthetic_account.sizes import Size
from synthetic_account.streams import Stream
from synthetic_account.window import DAY, HOUR, Window, seconds_of, time_text
from synthetic_account.workspaces import Workspace

NEWER_COLUMNS_SINCE = seconds_of(2025, 12, 3)
"""Rows written before this time have NULL in the columns the source gained then."""

CLASSIC = "classic"
SERVERLESS = "serverless"
ALL_PURPOSE = "all_purpose"

_SUBJECTS = (
    "orders",
    "stock",
    "prices",
    "customers",
    "claims",
    "payments",
    "events",
    "ledger",
    "features",
    "scores",
)
_ACTIONS = (
    "load",
    "refresh",
    "export",
    "reconcile",
    "score",
    "clean",
    "publish",
    "backfill",
    "aggregate",
    "train",
)
_TASKS = ("extract", "validate", "transform", "publish", "notify")


@dataclass(frozen=True)
class JobVersion:
    """What a job looks like from a time on.

    Attributes:
        change: `change_time`, in seconds since 1970.
        name: Name of the job.
        tags: Its tags, as written.
        deleted: True: this change is the deletion.
        delete_time: When it was deleted; the change time unless the two differ.
        known: When the row appears in the source; the change time unless it comes late.
    """

    change: int
    name: str
    tags: dict[str, str]
    deleted: bool = False
    known: int | None = None
    delete_time: int | None = None


@dataclass(eq=False)
class Job:
    """A job.

    Attributes:
        workspace: Where it is.
        job_id: Unique in its workspace only.
        team: Whose it is.
        run_as: User name or application id.
        versions: Its history, oldest first.
        created: Seconds since 1970.
        cron: How its schedule is written.
        weekdays: The days of the week it runs on, 0 for Monday.
        starts: Second of the day of each run.
        odds: Percent of those runs that happen; 100 for a schedule.
        tasks: Task keys, in order.
        seconds: How long a run usually takes.
        rate: DBU an hour, in millionths.
        compute: `CLASSIC`, `SERVERLESS` or `ALL_PURPOSE`.
        photon: Whether it runs on Photon.
        driver_node_type: Of its clusters.
        worker_node_type: Of its clusters.
        workers: Of its clusters.
        runtime: Runtime version of its clusters.
        failures: Runs in a thousand that fail.
        retries: Whether a failed task is tried again.
        submitted: True: a one-time submission of another tool; every run has a job id of its own and no job
            row.
        cluster: The all-purpose cluster it runs on, if it does.
        extra_usage_tags: Tags its usage carries beside those of the job.
    """

    workspace: Workspace
    job_id: str
    team: Team
    run_as: str
    versions: list[JobVersion]
    created: int
    cron: str
    weekdays: tuple[int, ...]
    starts: tuple[int, ...]
    odds: int
    tasks: tuple[str, ...]
    seconds: int
    rate: int
    compute: str
    photon: bool
    driver_node_type: str
    worker_node_type: str
    workers: int
    runtime: str
    failures: int
    retries: bool
    submitted: bool = False
    cluster: AllPurposeCluster | None = None
    extra_usage_tags: dict[str, str] = field(default_factory=dict)

    def version_at(self, seconds: int) -> JobVersion:
        """Return the version that holds at a time; the first one before it was created."""
        for version in reversed(self.versions):
            if version.change <= seconds and not version.deleted:
                return version
        return self.versions[0]

    def exists(self, seconds: int) -> bool:
        """Whether the job can start a run at a time."""
        newest = None
        for version in self.versions:
            if version.change <= seconds:
                newest = version
        return newest is not None and not newest.deleted

    def line(self, account_id: str, version: JobVersion) -> str:
        """Return a version as a line of JSON."""
        row: dict[str, object] = {
            "account_id": account_id,
            "workspace_id": self.workspace.workspace_id,
            "job_id": self.job_id,
            "name": version.name,
            "creator_id": self.team.people[0],
            "tags": version.tags,
            "run_as": self.run_as,
            "change_time": time_text(version.change),
        }
        if version.deleted:
            gone = version.change if version.delete_time is None else version.delete_time
            row["delete_time"] = time_text(gone)
        if version.change >= NEWER_COLUMNS_SINCE:
            row |= {
                "description": "",
                "trigger": {"schedule": {"quartz_cron_expression": self.cron, "timezone_id": "UTC"}},
                "trigger_type": "CRON",
                "run_as_user_name": self.run_as,
                "creator_user_name": self.team.people[0],
                "paused": False,
                "timeout_seconds": 0,
                "health_rules": [
                    {"metric": "RUN_DURATION_SECONDS", "operator": "GREATER_THAN", "value": 7200}
                ],
                "deployment": {
                    "kind": "BUNDLE",
                    "metadata_file_path": f"/Workspace/{self.team.name}/bundle.json",
                },
                "create_time": time_text(self.created),
            }
        return json.dumps(row, ensure_ascii=False) + "\n"


def make_jobs(
    stream: Stream,
    size: Size,
    window: Window,
    workspaces: Sequence[Workspace],
    teams: Sequence[Team],
    clusters: Sequence[AllPurposeCluster],
) -> list[Job]:
    """Make the jobs of the account.

    Args:
        stream: The random numbers of this part.
        size: How many, and how often they run.
        window: The days of the account.
        workspaces: Where they are; the first ones have the most.
        teams: Whose they are.
        clusters: All-purpose clusters, on which some of the jobs run.

    Returns:
        The jobs in a fixed order.
    """
    weights = [(workspace, 12 // (place % 8 + 1) + 1) for place, workspace in enumerate(workspaces)]
    return [
        _job(stream.part(number), number, size, window, weights, teams, clusters)
        for number in range(size.jobs)
    ]


def _job(
    stream: Stream,
    number: int,
    size: Size,
    window: Window,
    weights: list[tuple[Workspace, int]],
    teams: Sequence[Team],
    clusters: Sequence[AllPurposeCluster],
) -> Job:
    workspace = stream.weighted(weights)
    team = stream.pick(teams)
    subject, action = stream.pick(_SUBJECTS), stream.pick(_ACTIONS)
    tags = team.tags(environment_of(workspace.purpose, stream), f"{subject} {action}", stream, 70)
    tags["pipeline_name"] = f"{team.name}-{subject}"
    cron, weekdays, starts, odds = _schedule(stream, size)
    age = stream.between(20, 900) * DAY
    created = (
        max(workspace.create_time, window.start - age) + stream.between(1, 40) * HOUR + stream.below(3600)
    )
    if stream.chance(0.05):
        created = window.at(stream.below(window.days), stream.between(0, 20), stream.below(60))
    on = [cluster for cluster in clusters if cluster.workspace is workspace]
    compute = stream.weighted(((CLASSIC, 6), (SERVERLESS, 4), (ALL_PURPOSE, 1 if on else 0)))
    nodes = node_types_of(workspace.cloud)
    worker = stream.pick(nodes)
    job = Job(
        workspace=workspace,
        job_id=stream.digits(15),
        team=team,
        run_as=stream.pick(team.principals) if stream.chance(0.7) else stream.pick(team.people),
        versions=[JobVersion(created, f"{team.name} {action} {subject} {number}", tags)],
        created=created,
        cron=cron,
        weekdays=weekdays,
        starts=starts,
        odds=odds,
        tasks=_TASKS[: stream.weighted(((1, 4), (2, 3), (3, 2), (4, 1)))],
        seconds=int(240 * stream.long_tail(40)) + stream.below(120),
        rate=int(12_000_000 * stream.long_tail(60)),
        compute=compute,
        photon=compute == SERVERLESS or stream.chance(0.3),
        driver_node_type=worker if stream.chance(0.8) else stream.pick(nodes),
        worker_node_type=worker,
        workers=stream.between(1, 8),
        runtime=stream.weighted((("17.3.x-scala2.13", 4), ("16.4.x-scala2.12", 5), ("14.3.x-scala2.12", 2))),
        failures=stream.weighted(((4, 6), (25, 3), (160, 1))),
        retries=stream.chance(0.4),
        submitted=stream.chance(0.04),
        cluster=stream.pick(on) if compute == ALL_PURPOSE else None,
        extra_usage_tags={} if compute == SERVERLESS else {"Vendor": "Databricks"},
    )
    if not job.submitted:
        _edit(job, stream, window)
    return job


def _schedule(stream: Stream, size: Size) -> tuple[str, tuple[int, ...], tuple[int, ...], int]:
    """Return cron expression, days of the week, starts in the day, and the odds of each."""
    kind = stream.weighted(
        (("daily", 40), ("weekdays", 25), ("weekly", 20), ("interval", 3), ("on demand", 12))
    )
    hour = stream.weighted(
        ((1, 3), (2, 5), (3, 4), (4, 3), (5, 3), (6, 2), (9, 1), (12, 2), (17, 1), (21, 1), (23, 2))
    )
    minute = stream.pick((0, 5, 10, 15, 30, 40, 45))
    start = hour * HOUR + minute * 60
    every_day = tuple(range(7))
    if kind == "weekdays":
        return f"0 {minute} {hour} ? * MON-FRI", (0, 1, 2, 3, 4), (start,), 100
    if kind == "weekly":
        return f"0 {minute} {hour} ? * SUN", (stream.below(7),), (start,), 100
    if kind == "interval":
        count = min(24, max(1, 4 * size.runs_percent // 100))
        step = DAY // count
        return (
            f"0 {minute} 0/{step // HOUR} * * ?",
            every_day,
            tuple(minute * 60 + step * n for n in range(count)),
            100,
        )
    if kind == "on demand":
        return "", every_day, (stream.between(8, 17) * HOUR + minute * 60,), 30
    return f"0 {minute} {hour} * * ?", every_day, (start,), 100


def _edit(job: Job, stream: Stream, window: Window) -> None:
    """Give a job the edits of an ordinary account: some within the window, a few deletions."""
    edits = stream.weighted(((0, 14), (1, 4), (2, 1), (3, 1)))
    for _ in range(edits):
        change = window.at(
            stream.below(window.days), stream.between(6, 19), stream.below(60), stream.below(60)
        )
        newest = job.versions[-1]
        if change <= newest.change:
            continue
        kind = stream.below(3)
        if kind == 0:
            job.versions.append(JobVersion(change, f"{newest.name} v2", newest.tags))
        elif kind == 1:
            owner = {**newest.tags, "owner": stream.pick(job.team.people)}
            job.versions.append(JobVersion(change, newest.name, owner))
        else:
            fewer = dict(list(newest.tags.items())[1:])
            job.versions.append(JobVersion(change, newest.name, fewer))
    if stream.chance(0.03):
        change = window.at(stream.below(window.days), stream.between(6, 19), stream.below(60))
        newest = job.versions[-1]
        if change > newest.change:
            job.versions.append(JobVersion(change, newest.name, newest.tags, deleted=True))


def deliver_jobs(jobs: Sequence[Job], account_id: str, window: Window, deliveries: Deliveries) -> None:
    """Write every version of the jobs to the day it becomes known."""
    for job in jobs:
        if job.submitted:
            continue
        for number, version in enumerate(job.versions):
            repeated = any(version.change == other.change for other in job.versions[:number])
            known = version.change if version.known is None else version.known
            day = deliveries.arrival(JOBS, window.day_of(known + HOUR))
            if day is not None:
                deliveries.add(JOBS, day, job.line(account_id, version), repeated=repeated)
