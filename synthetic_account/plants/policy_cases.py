"""Clusters and jobs that break one policy each, with what is at stake, and some that break none."""

from __future__ import annotations

from dataclasses import replace

from synthetic_account.clusters import AllPurposeCluster
from synthetic_account.deliveries import CLUSTERS, JOB_RUNS
from synthetic_account.jobs import ALL_PURPOSE, SERVERLESS
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.entities import cluster_keys, planted_cluster
from synthetic_account.plants.latency_cases import REPORT_DAYS
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.plants.report_workspaces import planted_workspace, regional_sku
from synthetic_account.plants.run_maker import BROKEN, SUCCESS, RunMaker, run_key
from synthetic_account.plants.spending import bill_run, cost, cost_by_date
from synthetic_account.plants.stable_ids import (
    EXPIRED_WAIVER_CLUSTER_ID,
    POLICY_CLUSTERS,
    POLICY_JOBS,
    POLICY_WORKSPACE_ID,
    WAIVED_CLUSTER_ID,
)
from synthetic_account.runs import FAILED, SUCCEEDED, Leg, Run
from synthetic_account.window import HOUR

_TAGS = {
    "line_of_business": "shared",
    "department": "it",
    "cost_center": "CC-9000",
    "environment": "prod",
    "use_case": "policies",
    "pipeline_name": "planted-policies",
    "workflow_level": "1",
    "parent_workflow_name": "planted-policies",
}
_WITHIN: Facts = {
    "dbr_version": "17.3.x-scala2.13",
    "worker_count": None,
    "min_autoscale_workers": 2,
    "max_autoscale_workers": 6,
    "auto_termination_minutes": 30,
    "driver_node_type": "m5d.xlarge",
    "worker_node_type": "m5d.xlarge",
    "policy_id": "PLANTEDPOLICY001",
    "tags": _TAGS,
}
_COST_DAYS = 10
_QUICK = 600


def _workspace(parts: Parts) -> str:
    return planted_workspace(parts, "policy-lab", POLICY_WORKSPACE_ID).name


def _cluster(parts: Parts, name: str, changes: Facts) -> tuple[AllPurposeCluster, list[Record]]:
    """Add a cluster that differs from what policies ask for in the columns given, and its hours."""
    configured = {**_WITHIN, **changes}
    case = f"policy {name}"
    cluster = planted_cluster(
        parts,
        case,
        [(parts.window.at(-30, 8), configured)],
        workspace=_workspace(parts),
        cluster_id=POLICY_CLUSTERS[name],
    )
    tags = configured["tags"]
    subject = Subject(
        parts.book.plan("PREMIUM_ALL_PURPOSE_COMPUTE", "AWS"),
        cluster.workspace.workspace_id,
        "ALL_PURPOSE",
        dict(tags) if isinstance(tags, dict) else None,
        {"cluster_id": cluster.cluster_id, "node_type": configured["worker_node_type"]},
        {"run_as": cluster.owner},
    )
    writer = RecordWriter(parts, case)
    days = range(parts.window.days - _COST_DAYS, parts.window.days)
    return cluster, [writer.write(subject, parts.window.at(day, 9), "4", day) for day in days]


def _planted(cluster: AllPurposeCluster, records: list[Record], expect: str, facts: Facts) -> Planted:
    named: Facts = {
        "workspace_id": cluster.workspace.workspace_id,
        "cluster_id": cluster.cluster_id,
        "owner": cluster.owner,
        "list_cost_by_date": cost_by_date(records),
        "list_cost": cost(records),
    }
    return Planted(CLUSTERS, cluster_keys(cluster), expect, {**named, **facts})


def _breach(parts: Parts, name: str, expect: str, changes: Facts, **more: object) -> Planted:
    cluster, records = _cluster(parts, name, changes)
    return _planted(
        cluster, records, expect, {"breaks": name, "evidence": changes, "must_be_reported": True, **more}
    )


def _within(parts: Parts) -> Planted:
    cluster, records = _cluster(parts, "within_policy", {})
    return _planted(
        cluster, records, "a cluster that breaks no policy", {"breaks": None, "must_be_reported": False}
    )


def _old_runtime(parts: Parts) -> Planted:
    return _breach(
        parts,
        "runtime_too_old",
        "an interactive cluster on a runtime that is long out of support",
        {"dbr_version": "10.4.x-scala2.12"},
    )


def _runtime_of_half_a_year(parts: Parts) -> Planted:
    return _breach(
        parts,
        "runtime_out_of_support",
        "an interactive cluster on a runtime without long-term support, younger than three years",
        {"dbr_version": "15.3.x-scala2.12"},
    )


def _never_stops(parts: Parts) -> Planted:
    return _breach(parts, "auto_termination_off", "never stops by itself", {"auto_termination_minutes": 0})


def _fixed_size(parts: Parts) -> Planted:
    return _breach(
        parts,
        "autoscaling_off",
        "24 workers, however little there is to do",
        {"worker_count": 24, "min_autoscale_workers": None, "max_autoscale_workers": None},
    )


def _node_type(parts: Parts) -> Planted:
    return _breach(
        parts,
        "node_type_not_allowed",
        "eight GPUs a node, which nobody else uses",
        {"worker_node_type": "p4d.24xlarge"},
    )


def _untagged(parts: Parts) -> Planted:
    return _breach(
        parts, "required_tags_missing", "has no tag at all, and neither has its usage", {"tags": {}}
    )


def _job_on_all_purpose(parts: Parts) -> Planted:
    name = "job_on_all_purpose"
    cluster, records = _cluster(parts, name, {})
    maker = RunMaker(
        parts,
        f"policy {name}",
        compute=ALL_PURPOSE,
        workspace=_workspace(parts),
        job_id=POLICY_JOBS[name],
        tags=_TAGS,
    )
    maker.job.cluster = cluster
    runs = []
    for day in range(parts.window.days - _COST_DAYS, parts.window.days):
        start = parts.window.at(day, 9, 5)
        runs.append(maker.run((maker.leg(start, start + 2400, SUCCEEDED, SUCCESS),), latency=_QUICK))
    return _planted(
        cluster,
        records,
        "a scheduled job runs on an all-purpose cluster every day",
        {
            "breaks": name,
            "job_id": maker.job.job_id,
            "job_run_ids": [run.run_id for run in runs],
            "must_be_reported": True,
        },
    )


def _waivers(parts: Parts) -> Planted:
    waived, records = _cluster(parts, "waived", {"dbr_version": "10.4.x-scala2.12"})
    expired, more = _cluster(parts, "waiver_expired", {"dbr_version": "10.4.x-scala2.12"})
    return Planted(
        CLUSTERS,
        [*cluster_keys(waived), *cluster_keys(expired)],
        "two old runtimes: for one a row of waivers may hold, for the other one that has expired",
        {
            "workspace_id": waived.workspace.workspace_id,
            "breaks": "runtime_too_old",
            "waived_cluster_id": WAIVED_CLUSTER_ID,
            "waived_list_cost": cost(records),
            "expired_waiver_cluster_id": EXPIRED_WAIVER_CLUSTER_ID,
            "expired_waiver_list_cost": cost(more),
            "waiver_must_end_after": parts.window.last.isoformat(),
            "expired_waiver_must_end_before": parts.window.date_of(0),
        },
    )


class _Job:
    """A job of the workspace of policies, with runs of known cost."""

    def __init__(self, parts: Parts, name: str) -> None:
        self.parts = parts
        self.name = name
        self.maker = RunMaker(
            parts,
            f"policy job {name}",
            compute=SERVERLESS,
            workspace=_workspace(parts),
            job_id=POLICY_JOBS[name],
            tags=_TAGS,
        )
        self._writer = RecordWriter(parts, f"policy job {name}")
        self._plan = regional_sku(parts, "JOBS_SERVERLESS_COMPUTE", "0.50")
        self.runs: list[Run] = []
        self.records: list[Record] = []

    def run(self, day: int, hour: int, seconds: int, rate: int, *, succeeds: bool = True) -> list[Record]:
        start = self.parts.window.at(day, hour)
        state, code = (SUCCEEDED, SUCCESS) if succeeds else (FAILED, BROKEN)
        attempt = self.maker.attempt("main", start, start + seconds, state, code)
        leg = Leg(start, start + seconds, state, code, (attempt,))
        run = self.maker.run((leg,), latency=_QUICK, is_metered=False)
        records = bill_run(
            self.parts, self._writer, run, self._plan, rate, tags=dict(_TAGS), is_serverless=True
        )
        self.runs.append(run)
        self.records += records
        return records

    def planted(self, expect: str, *, must_be_reported: bool = True, **more: object) -> Planted:
        facts: Facts = {
            "breaks": self.name if must_be_reported else None,
            "workspace_id": self.maker.job.workspace.workspace_id,
            "job_id": self.maker.job.job_id,
            "owner": self.maker.job.run_as,
            "finished_runs": len(self.runs),
            "list_cost": cost(self.records),
            "must_be_reported": must_be_reported,
            **more,
        }
        return Planted(JOB_RUNS, [run_key(run) for run in self.runs], expect, facts)


def _job_within(parts: Parts) -> Planted:
    job = _Job(parts, "within_policy")
    for day in range(parts.window.days):
        job.run(day, 6, 1800, 2)
    return job.planted("a job that breaks no policy", must_be_reported=False)


def _long_run(parts: Parts) -> Planted:
    job = _Job(parts, "run_too_long")
    long_day = parts.window.days - 5
    for day in range(parts.window.days):
        if day != long_day + 1:
            job.run(day, 7, 26 * HOUR if day == long_day else 1800, 1)
    return job.planted(
        "one run of 26 hours, while the others take half an hour",
        long_run=run_key(job.runs[long_day]),
        long_run_seconds=26 * HOUR,
        usual_seconds=1800,
    )


def _fails_often(parts: Parts) -> Planted:
    job = _Job(parts, "failure_rate_high")
    for day in range(parts.window.days):
        for place, hour in enumerate((6, 18)):
            job.run(day, hour, 900, 2, succeeds=(2 * day + place) % 5 == 0)
    failed = sum(run.legs[0].state == FAILED for run in job.runs)
    return job.planted("fails four times in five", failed_runs=failed)


def _expensive_days(parts: Parts) -> Planted:
    job = _Job(parts, "daily_cost_high")
    expensive = range(parts.window.days - 6, parts.window.days - 3)
    records: list[Record] = []
    for day in range(parts.window.days):
        found = job.run(day, 8, HOUR, 800 if day in expensive else 4)
        records += found if day in expensive else []
    return job.planted(
        "400 USD on each of three days, and 2 USD on all others",
        expensive_days=cost_by_date(records),
    )


CASES = tuple(
    replace(case, days=REPORT_DAYS)
    for case in (
        Case("cluster_within_every_policy", _within),
        Case("policy_runtime_too_old", _old_runtime),
        Case("policy_runtime_out_of_support", _runtime_of_half_a_year),
        Case("policy_auto_termination_off", _never_stops),
        Case("policy_autoscaling_off", _fixed_size),
        Case("policy_node_type_not_allowed", _node_type),
        Case("policy_required_tags_missing", _untagged),
        Case("policy_job_on_all_purpose", _job_on_all_purpose),
        Case("policy_waivers", _waivers),
        Case("job_within_every_policy", _job_within),
        Case("policy_run_too_long", _long_run),
        Case("policy_failure_rate_high", _fails_often),
        Case("policy_daily_cost_high", _expensive_days),
    )
)
