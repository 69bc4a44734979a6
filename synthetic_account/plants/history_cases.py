"""History of jobs, clusters, pipelines, workspaces and node types."""

from __future__ import annotations

from dataclasses import replace

from synthetic_account.clusters import CORRECTED_NODE_TYPE, NEW_NODE_TYPE
from synthetic_account.deliveries import CLUSTERS, JOBS, NODE_TYPES, PIPELINES, WORKSPACES
from synthetic_account.jobs import Job, JobVersion
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Key, Planted
from synthetic_account.plants.entities import (
    cluster_keys,
    life,
    planted_cluster,
    planted_job,
    planted_pipeline,
    version_key,
)
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.runs import SUCCEEDED, Leg, Run
from synthetic_account.window import DAY, HOUR, seconds_of, time_text
from synthetic_account.workspaces import Workspace

_TAGS = {"environment": "prod", "cost_center": "CC-9000"}


def _job_planted(job: Job, expect: str, lives: list[tuple[int, int | None, str]], **more: object) -> Planted:
    """Note a job with the versions its history must show: start, end and name."""
    versions = life([(start, end, {"name": name}) for start, end, name in lives])
    keys = [version_key(job, version) for version in job.versions]
    return Planted(JOBS, keys, expect, {"versions": versions, **more})


def _renamed(parts: Parts) -> Planted:
    born, change = parts.window.at(-60, 8), parts.window.at(parts.window.days // 2, 13, 20)
    versions = [JobVersion(born, "planted before", _TAGS), JobVersion(change, "planted after", _TAGS)]
    job = planted_job(parts, "job_renamed", versions, daily=True)
    return _job_planted(
        job,
        "runs before the change belong to the old name, later ones to the new",
        [(born, change, "planted before"), (change, None, "planted after")],
    )


def _several_at_once(parts: Parts) -> Planted:
    born = parts.window.at(-50, 8)
    first, second, third = (parts.window.at(2, 9, minute) for minute in (0, 5, 6))
    names = ("planted one", "planted two", "planted three", "planted four")
    times = (born, first, second, third)
    versions = [JobVersion(time, name, _TAGS) for time, name in zip(times, names, strict=True)]
    job = planted_job(parts, "several_changes_in_one_batch", versions, daily=True)
    lives = [
        (time, end, name) for time, end, name in zip(times, (first, second, third, None), names, strict=True)
    ]
    return _job_planted(job, "every version stays, although three arrive together", lives)


def _deleted(parts: Parts) -> Planted:
    born, gone = parts.window.at(-50, 8), parts.window.at(3, 16)
    versions = [
        JobVersion(born, "planted to go", _TAGS),
        JobVersion(gone, "planted to go", _TAGS, deleted=True),
    ]
    job = planted_job(parts, "job_deleted", versions, daily=True)
    return _job_planted(
        job,
        "one version, closed at delete_time: deleted and not current",
        [(born, gone, "planted to go")],
        is_deleted=True,
    )


def _late_version(parts: Parts) -> Planted:
    born = parts.window.at(-50, 8)
    late, newest = parts.window.at(1, 20), parts.window.at(2, 7)
    versions = [
        JobVersion(born, "planted early", _TAGS),
        JobVersion(late, "planted between", _TAGS, known=parts.window.at(3, 12)),
        JobVersion(newest, "planted newest", _TAGS),
    ]
    job = planted_job(parts, "version_arrives_late", versions, daily=True)
    return _job_planted(
        job,
        "the late version splits an interval that was closed already",
        [(born, late, "planted early"), (late, newest, "planted between"), (newest, None, "planted newest")],
    )


def _recreated(parts: Parts) -> Planted:
    born, gone, back = parts.window.at(-50, 8), parts.window.at(1, 18), parts.window.at(3, 8)
    versions = [
        JobVersion(born, "planted first life", _TAGS),
        JobVersion(gone, "planted first life", _TAGS, deleted=True),
        JobVersion(back, "planted second life", _TAGS),
    ]
    job = planted_job(parts, "job_recreated", versions, daily=True)
    return _job_planted(
        job,
        "two lives with a gap between them; usage in the gap takes the nearest version before it",
        [(born, gone, "planted first life"), (back, None, "planted second life")],
    )


def _only_deleted(parts: Parts) -> Planted:
    gone = parts.window.at(2, 11)
    created = parts.window.at(-500, 8)
    job = planted_job(
        parts, "only_the_deletion_is_known", [JobVersion(gone, "planted ghost", _TAGS, deleted=True)]
    )
    job.created = created
    return _job_planted(
        job,
        "one version from create_time to delete_time",
        [(created, gone, "planted ghost")],
        is_deleted=True,
    )


def _nothing_changed(parts: Parts) -> Planted:
    born, touched = parts.window.at(-50, 8), parts.window.at(2, 14)
    versions = [JobVersion(born, "planted same", _TAGS), JobVersion(touched, "planted same", _TAGS)]
    job = planted_job(parts, "version_without_a_difference", versions, daily=True)
    return _job_planted(
        job,
        "a new change_time is a version, though nothing else changed",
        [(born, touched, "planted same"), (touched, None, "planted same")],
    )


def _redelivered(parts: Parts) -> Planted:
    born, change = parts.window.at(-50, 8), parts.window.at(1, 9)
    again = JobVersion(change, "planted twice", _TAGS, known=parts.window.at(3, 9))
    versions = [JobVersion(born, "planted once", _TAGS), JobVersion(change, "planted twice", _TAGS), again]
    job = planted_job(parts, "version_delivered_again", versions, daily=True)
    return _job_planted(
        job,
        "the repeated row changes nothing",
        [(born, change, "planted once"), (change, None, "planted twice")],
    )


def _old_row(parts: Parts) -> Planted:
    born = seconds_of(2024, 5, 6, 7)
    job = planted_job(
        parts, "row_older_than_the_newer_columns", [JobVersion(born, "planted old", _TAGS)], daily=True
    )
    return _job_planted(
        job,
        "columns the source gained in December 2025 are NULL",
        [(born, None, "planted old")],
        null_columns=["trigger_type", "run_as_user_name", "create_time"],
    )


def _retagged(parts: Parts) -> Planted:
    born, change = parts.window.at(-50, 8), parts.window.at(2, 15)
    new_tags = {"environment": "prod", "cost_center": "CC-7777"}
    versions = [JobVersion(born, "planted tags", _TAGS), JobVersion(change, "planted tags", new_tags)]
    job = planted_job(parts, "job_retagged", versions, daily=True)
    versions_facts = life([(born, change, {"tags": _TAGS}), (change, None, {"tags": new_tags})])
    keys = [version_key(job, version) for version in job.versions]
    return Planted(JOBS, keys, "usage keeps the tags that held when it started", {"versions": versions_facts})


def _mid_hour(parts: Parts) -> Planted:
    born = parts.window.at(2, 10, 20)
    job = planted_job(parts, "job_created_within_the_hour", [JobVersion(born, "planted newborn", _TAGS)])
    stream = parts.root.part("plant", "job_created_within_the_hour", "run")
    start = born + 300
    run = Run(job, job.job_id, stream.digits(15), (Leg(start, start + 600, SUCCEEDED, "SUCCESS"),))
    parts.runs.write(run, stream)
    return _job_planted(
        job,
        "its first billed hour began before the job was created: the nearest version serves",
        [(born, None, "planted newborn")],
        job_run_id=run.run_id,
        usage_start_time=time_text(born // HOUR * HOUR),
        entity_match="nearest",
    )


def _cluster_hours(parts: Parts, case: str, cluster_id: str, starts: list[int]) -> list[Record]:
    writer = RecordWriter(parts, case)
    plan = parts.book.plan("ENTERPRISE_ALL_PURPOSE_COMPUTE", "AWS")
    subject = Subject(
        plan,
        parts.workspace("prod-us").workspace_id,
        "ALL_PURPOSE",
        metadata={"cluster_id": cluster_id, "node_type": "m5d.xlarge"},
    )
    return [writer.write(subject, start, "2", parts.window.day_of(start) + 1) for start in starts]


def _reconfigured(parts: Parts) -> Planted:
    case = "cluster_reconfigured"
    born = parts.window.at(-30, 8)
    autoscaled, upgraded = parts.window.at(1, 11), parts.window.at(2, 11)
    steps: list[tuple[int, dict[str, object]]] = [
        (born, {}),
        (autoscaled, {"worker_count": None, "min_autoscale_workers": 2, "max_autoscale_workers": 8}),
        (
            upgraded,
            {
                "dbr_version": "17.3.x-photon-scala2.13",
                "worker_node_type": "r5d.4xlarge",
                "policy_id": "PLANTEDPOLICY001",
                "auto_termination_minutes": 0,
            },
        ),
    ]
    cluster = planted_cluster(parts, case, steps)
    records = _cluster_hours(parts, case, cluster.cluster_id, [autoscaled - HOUR, autoscaled, upgraded])
    ends = (autoscaled, upgraded, None)
    versions = life([(start, end, changes) for (start, changes), end in zip(steps, ends, strict=True)])
    return Planted(
        CLUSTERS,
        cluster_keys(cluster),
        "three configurations; each hour belongs to the one that held when it started",
        {"versions": versions, "records": [record.money for record in records]},
    )


def _cluster_deleted(parts: Parts) -> Planted:
    born, gone = parts.window.at(-30, 8), parts.window.at(2, 12)
    cluster = planted_cluster(
        parts, "cluster_deleted", [(born, {}), (gone, {"delete_time": time_text(gone)})]
    )
    return Planted(
        CLUSTERS,
        cluster_keys(cluster),
        "one version, closed at delete_time",
        {"versions": life([(born, gone, {})]), "is_deleted": True},
    )


def _pipeline(parts: Parts) -> Planted:
    mould = parts.pipelines[0]
    stream = parts.root.part("plant", "pipeline_renamed_and_deleted")
    pipeline_id = stream.uuid()
    born = parts.window.at(-30, 8)
    renamed, gone = parts.window.at(1, 11, 30), parts.window.at(3, 11)
    row = {**mould.versions[0][1], "pipeline_id": pipeline_id, "create_time": time_text(born)}
    names = ("planted pipeline", "planted pipeline, renamed", "planted pipeline, renamed")
    times = (born, renamed, gone)
    versions = [(time, {**row, "name": name}, time == gone) for time, name in zip(times, names, strict=True)]
    parts.pipelines.append(
        replace(mould, pipeline_id=pipeline_id, versions=versions, continuous=False, starts=(9 * HOUR,))
    )
    keys: list[Key] = [
        {
            "workspace_id": mould.workspace.workspace_id,
            "pipeline_id": pipeline_id,
            "change_time": time_text(time),
        }
        for time in times
    ]
    lives = life([(born, renamed, {"name": names[0]}), (renamed, gone, {"name": names[1]})])
    return Planted(
        PIPELINES,
        keys,
        "two versions, the second closed at delete_time",
        {"versions": lives, "is_deleted": True},
    )


def _workspaces(parts: Parts) -> Planted:
    named = {
        "leaves": parts.workspace("sandbox-retired"),
        "renamed": parts.workspace("finance-azure"),
        "opens": parts.workspace("retail-new"),
        "never_listed": parts.workspace("acquired-co"),
    }
    left, renamed = named["leaves"].leaves or 0, named["renamed"].renamed or (0, "")
    keys: list[Key] = [
        {"account_id": parts.account_id, "workspace_id": workspace.workspace_id}
        for workspace in named.values()
        if workspace.listed
    ]
    return Planted(
        WORKSPACES,
        keys,
        "one leaves the list and keeps its last name, one is renamed, one opens, one was never listed",
        {
            "leaves": {
                "workspace_id": named["leaves"].workspace_id,
                "workspace_name": named["leaves"].name,
                "from_delivery": parts.window.date_of(left),
            },
            "renamed": {
                "workspace_id": named["renamed"].workspace_id,
                "before": named["renamed"].name,
                "after": renamed[1],
                "from_delivery": parts.window.date_of(renamed[0]),
            },
            "opens": {
                "workspace_id": named["opens"].workspace_id,
                "from_delivery": parts.window.date_of(named["opens"].opens),
            },
            "never_listed": {"workspace_id": named["never_listed"].workspace_id},
        },
    )


def _node_type(parts: Parts) -> Planted:
    return Planted(
        NODE_TYPES,
        [{"account_id": parts.account_id, "node_type": NEW_NODE_TYPE[0]}],
        "a node type that is in the list only from the middle of the window on",
        {"from_day": parts.window.date_of(parts.window.days // 2), "core_count": NEW_NODE_TYPE[2]},
    )


def _corrected_node_type(parts: Parts) -> Planted:
    (name, _, _, before, _), (_, _, _, after, _) = CORRECTED_NODE_TYPE
    return Planted(
        NODE_TYPES,
        [{"account_id": parts.account_id, "node_type": name}],
        "the source lists another size from the middle of the window on",
        {"from_day": parts.window.date_of(parts.window.days // 2), "memory_mb": [before, after]},
    )


def _workspace_back(parts: Parts) -> Planted:
    case = "workspace_comes_back"
    away = (parts.window.days // 2, parts.window.days - 1)
    delivered = [parts.deliveries.arrival(WORKSPACES, day) or day for day in away]
    workspace = Workspace(
        parts.root.part("plant", case).digits(16),
        "comes-back",
        parts.workspace("prod-us").region,
        "PREMIUM",
        "dev",
        parts.window.at(-90, 10),
        away=away,
    )
    parts.workspaces.append(workspace)
    return Planted(
        WORKSPACES,
        [{"account_id": parts.account_id, "workspace_id": workspace.workspace_id}],
        "missing from the list until the last day: its first version ends, a second begins when it is back",
        {
            "workspace_id": workspace.workspace_id,
            "missing_from": parts.window.date_of(delivered[0]),
            "back_on": parts.window.date_of(delivered[1]),
        },
    )


def _late_pipeline(parts: Parts) -> Planted:
    pipeline = planted_pipeline(parts, "pipeline_change_arrives_late")
    born, row, _ = pipeline.versions[0]
    between, newest = parts.window.at(1, 9), parts.window.at(2, 8)
    times = (born, between, newest)
    names = ("planted pipeline before", "planted pipeline between", "planted pipeline newest")
    pipeline.versions[:] = [
        (time, {**row, "name": name}, False) for time, name in zip(times, names, strict=True)
    ]
    pipeline.latency[between] = 2 * DAY
    keys: list[Key] = [
        {
            "workspace_id": pipeline.workspace.workspace_id,
            "pipeline_id": pipeline.pipeline_id,
            "change_time": time_text(time),
        }
        for time in times
    ]
    ends = (between, newest, None)
    lives = life([(start, end, {"name": name}) for start, end, name in zip(times, ends, names, strict=True)])
    return Planted(
        PIPELINES, keys, "the late version splits an interval that was closed already", {"versions": lives}
    )


def _late_cluster(parts: Parts) -> Planted:
    born, change = parts.window.at(-30, 8), parts.window.at(1, 10)
    cluster = planted_cluster(
        parts, "cluster_change_arrives_late", [(born, {}), (change, {"worker_count": 12})]
    )
    cluster.latency = {change: 2 * DAY}
    return Planted(
        CLUSTERS,
        cluster_keys(cluster),
        "holds from its change_time, though it arrives two days later",
        {"versions": life([(born, change, {"worker_count": 4}), (change, None, {"worker_count": 12})])},
    )


CASES = (
    Case("job_renamed", _renamed),
    Case("several_changes_in_one_batch", _several_at_once),
    Case("job_deleted", _deleted),
    Case("version_arrives_late", _late_version),
    Case("job_recreated", _recreated),
    Case("only_the_deletion_is_known", _only_deleted),
    Case("version_without_a_difference", _nothing_changed),
    Case("version_delivered_again", _redelivered),
    Case("row_older_than_the_newer_columns", _old_row, days=1),
    Case("job_retagged", _retagged),
    Case("job_created_within_the_hour", _mid_hour),
    Case("cluster_reconfigured", _reconfigured),
    Case("cluster_deleted", _cluster_deleted),
    Case("cluster_change_arrives_late", _late_cluster),
    Case("pipeline_renamed_and_deleted", _pipeline),
    Case("workspaces_come_and_go", _workspaces),
    Case("pipeline_change_arrives_late", _late_pipeline),
    Case("node_type_appears", _node_type),
    Case("node_type_is_corrected", _corrected_node_type, days=2),
    Case("workspace_comes_back", _workspace_back, days=8),
)
