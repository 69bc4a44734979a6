"""Where tags come from: each level alone, levels over each other, and versions that arrive late."""

from __future__ import annotations

from synthetic_account.deliveries import USAGE
from synthetic_account.jobs import JobVersion
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.entities import planted_cluster, planted_job, planted_pipeline
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.plants.report_workspaces import planted_workspace, regional_sku
from synthetic_account.plants.stable_ids import DEFAULT_TAGS, DEFAULT_TAGS_WORKSPACE_ID
from synthetic_account.window import DAY, HOUR

_Tags = dict[str, str | None]


class _Writer:
    """Writes the records of one case, in `prod-us`."""

    def __init__(self, parts: Parts, case: str) -> None:
        self._writer = RecordWriter(parts, case)
        self._parts = parts

    def write(self, start: int, tags: _Tags | None, day: int | None = None, **metadata: str) -> Record:
        subject = Subject(
            self._parts.book.plan("ENTERPRISE_JOBS_COMPUTE", "AWS"),
            self._parts.workspace("prod-us").workspace_id,
            "JOBS",
            tags,
            metadata,
        )
        return self._writer.write(
            subject, start, "0.5", self._parts.window.day_of(start) if day is None else day
        )


def _resolved(expect: str, records: list[tuple[Record, Facts]], **more: object) -> Planted:
    """Note records with what their tags resolve to."""
    resolved = [{**record.key, "tags": tags} for record, tags in records]
    return Planted(USAGE, [record.key for record, _ in records], expect, {"resolved": resolved, **more})


def _planted(record: Record, expect: str, tags: Facts, sources: Facts, conflicts: list[Facts]) -> Planted:
    facts: Facts = {
        "record": record.money,
        "tags": tags,
        "tag_sources": sources,
        "tag_conflicts": conflicts,
    }
    return Planted(USAGE, [record.key], expect, facts)


def _pipeline(parts: Parts) -> Planted:
    case = "tags_of_a_pipeline"
    pipeline = planted_pipeline(parts, case, {"CostCenter": "CC-3333", "env": "prod", "owner": "orders"})
    record = _Writer(parts, case).write(
        parts.window.at(1, 7), {"environment": "dev"}, dlt_pipeline_id=pipeline.pipeline_id
    )
    return _planted(
        record,
        "a pipeline gives what usage lacks, and is in conflict where it says otherwise",
        {"environment": "dev", "cost_center": "CC-3333", "owner": "orders"},
        {"environment": "usage", "cost_center": "pipeline", "owner": "pipeline"},
        [{"key": "environment", "level": "pipeline", "value": "prod"}],
    )


def _job_and_pipeline(parts: Parts) -> Planted:
    case = "tags_of_a_job_and_a_pipeline"
    pipeline = planted_pipeline(parts, case, {"department": "finance", "use_case": "close"})
    version = JobVersion(parts.window.at(-30, 8), "planted job of a pipeline", {"department": "risk"})
    job = planted_job(parts, case, [version])
    record = _Writer(parts, case).write(
        parts.window.at(1, 7), None, job_id=job.job_id, dlt_pipeline_id=pipeline.pipeline_id
    )
    return _planted(
        record,
        "usage that names a job and a pipeline has both levels, the job first",
        {"department": "risk", "use_case": "close"},
        {"department": "job", "use_case": "pipeline"},
        [{"key": "department", "level": "pipeline", "value": "finance"}],
    )


def _same_after_spelling(parts: Parts) -> Planted:
    case = "levels_that_agree_after_spelling"
    born = parts.window.at(-30, 8)
    cluster = planted_cluster(parts, case, [(born, {"tags": {"Env": "PRD", "Dept": "risk"}})])
    job = planted_job(parts, case, [JobVersion(born, "planted", {"ENV": "production", "dept": "Risk"})])
    record = _Writer(parts, case).write(
        parts.window.at(1, 7), {"environment": "prod"}, job_id=job.job_id, cluster_id=cluster.cluster_id
    )
    return _planted(
        record,
        "known spellings of one value are no conflict; a value nobody unifies is",
        {"environment": "prod", "department": "risk"},
        {"environment": "usage", "department": "cluster"},
        [{"key": "department", "level": "job", "value": "Risk"}],
    )


def _blank_nearer(parts: Parts) -> Planted:
    case = "blank_tag_at_a_nearer_level"
    cluster = planted_cluster(
        parts, case, [(parts.window.at(-30, 8), {"tags": {"environment": "prod", "department": ""}})]
    )
    record = _Writer(parts, case).write(
        parts.window.at(1, 7), {"environment": "  ", "department": ""}, cluster_id=cluster.cluster_id
    )
    return _planted(
        record,
        "a blank value does not hide what a farther level says",
        {"environment": "prod"},
        {"environment": "cluster"},
        [],
    )


def _late_cluster(parts: Parts) -> Planted:
    case = "tags_of_a_late_cluster_version"
    born, change = parts.window.at(-30, 8), parts.window.at(1, 10)
    cluster = planted_cluster(
        parts, case, [(born, {"tags": {"cost_center": "CC-1"}}), (change, {"tags": {"cost_center": "CC-2"}})]
    )
    cluster.latency = {change: 2 * DAY}
    writer = _Writer(parts, case)
    records: list[tuple[Record, Facts]] = [
        (writer.write(change - HOUR, None, 1, cluster_id=cluster.cluster_id), {"cost_center": "CC-1"}),
        (writer.write(change, None, 1, cluster_id=cluster.cluster_id), {"cost_center": "CC-2"}),
        (writer.write(change + 2 * DAY, None, 3, cluster_id=cluster.cluster_id), {"cost_center": "CC-2"}),
    ]
    return _resolved(
        "the version that arrives two days late changes the tags of the second record, and of no other",
        records,
        changes_on=parts.window.date_of(3),
        cost_center_at_first=["CC-1", "CC-1", None],
    )


def _late_job(parts: Parts) -> Planted:
    case = "tags_of_a_late_job_version"
    born, between, newest = parts.window.at(-30, 8), parts.window.at(1, 10), parts.window.at(2, 1)
    versions = [
        JobVersion(born, "planted", {"use_case": "first"}),
        JobVersion(between, "planted", {"use_case": "second"}, known=parts.window.at(3, 12)),
        JobVersion(newest, "planted", {"use_case": "third"}),
    ]
    job = planted_job(parts, case, versions)
    writer = _Writer(parts, case)
    records: list[tuple[Record, Facts]] = [
        (writer.write(start, None, 2, job_id=job.job_id), {"use_case": name})
        for start, name in ((between - HOUR, "first"), (between + HOUR, "second"), (newest, "third"))
    ]
    return _resolved("the version between two known ones holds for its own hours only", records)


def _outside_life(parts: Parts) -> Planted:
    case = "tags_outside_the_life_of_a_job"
    born, gone = parts.window.at(1, 10, 30), parts.window.at(2, 10, 30)
    versions = [
        JobVersion(born, "planted", {"use_case": "short life"}),
        JobVersion(gone, "planted", {"use_case": "short life"}, deleted=True),
    ]
    job = planted_job(parts, case, versions)
    writer = _Writer(parts, case)
    records: list[tuple[Record, Facts]] = [
        (writer.write(start, None, 3, job_id=job.job_id), {"use_case": "short life"})
        for start in (born // HOUR * HOUR, gone // HOUR * HOUR + HOUR)
    ]
    return _resolved("the nearest version serves before the job was created and after it is gone", records)


def _workspace_defaults(parts: Parts) -> Planted:
    case = "tags_of_a_workspace"
    workspace = planted_workspace(parts, "tagged-by-default", DEFAULT_TAGS_WORKSPACE_ID)
    plan = regional_sku(parts, "JOBS_SERVERLESS_COMPUTE", "0.50")
    writer = RecordWriter(parts, case)
    carried: tuple[_Tags | None, ...] = (None, {"env": "prod", "team": "labs"})
    records = [
        writer.write(
            Subject(plan, workspace.workspace_id, "JOBS", tags, {"job_id": "88100000000000" + str(hour)}),
            parts.window.at(1, hour),
            "0.5",
            1,
        )
        for hour, tags in enumerate(carried)
    ]
    with_seed = [
        dict(DEFAULT_TAGS),
        {**DEFAULT_TAGS, "environment": "prod", "team": "labs"},
    ]
    return Planted(
        USAGE,
        [record.key for record in records],
        "rows of workspace_default_tags for this workspace give what every other level lacks",
        {
            "workspace_id": workspace.workspace_id,
            "workspace_default_tags": DEFAULT_TAGS,
            "with_these_rows": [
                {**record.key, "tags": tags} for record, tags in zip(records, with_seed, strict=True)
            ],
            "conflicts_with_these_rows": [[], [{"key": "environment", "level": "workspace", "value": "dev"}]],
            "without_them": [
                {**record.key, "tags": tags}
                for record, tags in zip(records, ({}, {"environment": "prod", "team": "labs"}), strict=True)
            ],
        },
    )


CASES = (
    Case("tags_of_a_pipeline", _pipeline),
    Case("tags_of_a_job_and_a_pipeline", _job_and_pipeline),
    Case("levels_that_agree_after_spelling", _same_after_spelling),
    Case("blank_tag_at_a_nearer_level", _blank_nearer),
    Case("tags_of_a_late_cluster_version", _late_cluster),
    Case("tags_of_a_late_job_version", _late_job),
    Case("tags_outside_the_life_of_a_job", _outside_life),
    Case("tags_of_a_workspace", _workspace_defaults),
)
