"""Names and tags that break careless code: they must pass through every layer unchanged."""

from __future__ import annotations

from synthetic_account.deliveries import CLUSTERS, JOBS, USAGE, WORKSPACES
from synthetic_account.jobs import JobVersion
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Planted
from synthetic_account.plants.entities import cluster_keys, planted_cluster, planted_job, version_key
from synthetic_account.plants.records import RecordWriter, Subject, jobs_subject
from synthetic_account.window import seconds_of
from synthetic_account.workspaces import N_VIRGINIA, Workspace

TEXTS = (
    "it's a 'quoted' \"name\"",
    "`backticks` and \\backslashes\\",
    "'; drop table fct_usage; --",
    "{{ ref('fct_usage') }} {% raw %} {# comment #}",
    "<script>alert('x')</script> & <b>bold</b>",
    "line one\nline two\r\n\tthird, indented",
    "\u0645\u0631\u062d\u0628\u0627 \u202eright to left\u202c",
    "\u6771\u4eac e\u0301 \u00e9 \U0001f680\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "line\u2028and paragraph\u2029separators, a no-break\u00a0space",
    "  blanks around  ",
    "%s %d ${HOME} $(whoami) :name ?",
    "NULL",
)
LARGE = 64 * 1024


def _tags_of_usage(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "hostile_tags_on_usage")
    workspace = parts.workspace("prod-us")
    plan = parts.book.plan("ENTERPRISE_JOBS_COMPUTE", "AWS")
    records, texts = [], []
    for number, text in enumerate(TEXTS):
        subject = Subject(
            plan,
            workspace.workspace_id,
            "JOBS",
            {"note": text, text: "as a key"},
            {"job_id": f"7500000000000{number:02d}", "run_name": text, "job_name": text},
            {"run_as": text},
        )
        record = writer.write(subject, parts.window.at(0, number), "0.5", 0)
        records.append(record)
        texts.append({**record.key, "text": text})
    return Planted(
        USAGE,
        [record.key for record in records],
        "a tag value, a tag key, run_name, job_name and run_as: unchanged in every layer",
        {"texts": texts},
    )


def _large_tag(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "tag_of_64_kilobytes")
    subject = jobs_subject(
        parts, parts.workspace("prod-us"), "ENTERPRISE_JOBS_COMPUTE", job_id="750000000000050"
    )
    text = ("0123456789abcdef" * (LARGE // 16))[:LARGE]
    subject = Subject(subject.plan, subject.workspace_id, "JOBS", {"payload": text}, subject.metadata)
    record = writer.write(subject, parts.window.at(0, 23), "0.5", 0)
    job = planted_job(
        parts,
        "tag_of_64_kilobytes",
        [JobVersion(parts.window.at(-20, 7), "planted large tag", {"payload": text})],
        job_id="750000000000050",
    )
    return Planted(
        USAGE,
        [record.key],
        "a tag value of 65,536 characters, on a record and on its job",
        {"characters": LARGE, "repeats": "0123456789abcdef", "job_id": job.job_id},
    )


def _names_of_jobs(parts: Parts) -> Planted:
    keys, names = [], []
    for number, text in enumerate(TEXTS):
        case = f"hostile_names_of_jobs_{number}"
        version = JobVersion(parts.window.at(-20, 6, number), text, {"note": text, text: "as a key"})
        job = planted_job(parts, case, [version], daily=number < 3)
        keys.append(version_key(job, version))
        names.append({"job_id": job.job_id, "name": text})
    return Planted(
        JOBS, keys, "the name, a tag value and a tag key: unchanged in every layer", {"names": names}
    )


def _names_of_clusters(parts: Parts) -> Planted:
    keys, names = [], []
    for number, text in enumerate(TEXTS):
        columns: dict[str, object] = {"cluster_name": text, "tags": {"note": text}}
        case = f"hostile_names_of_clusters_{number}"
        cluster = planted_cluster(parts, case, [(parts.window.at(-20, 6), columns)])
        keys += cluster_keys(cluster)
        names.append({"cluster_id": cluster.cluster_id, "cluster_name": text})
    return Planted(CLUSTERS, keys, "the name and a tag value: unchanged in every layer", {"names": names})


def _name_of_workspace(parts: Parts) -> Planted:
    name = "".join(TEXTS[:8])
    number = parts.root.part("plant", "hostile_name_of_workspace").digits(16)
    workspace = Workspace(number, name, N_VIRGINIA, "ENTERPRISE", "dev", seconds_of(2025, 3, 4))
    parts.workspaces.append(workspace)
    writer = RecordWriter(parts, "hostile_name_of_workspace")
    record = writer.write(
        jobs_subject(parts, workspace, "ENTERPRISE_JOBS_COMPUTE"), parts.window.at(0, 5), "1", 0
    )
    return Planted(
        WORKSPACES,
        [{"account_id": parts.account_id, "workspace_id": number}],
        "the name is unchanged in every layer",
        {"workspace_name": name, "records": [record.money]},
    )


CASES = (
    Case("hostile_tags_on_usage", _tags_of_usage, days=1),
    Case("tag_of_64_kilobytes", _large_tag, days=2),
    Case("hostile_names_of_jobs", _names_of_jobs, days=1),
    Case("hostile_names_of_clusters", _names_of_clusters, days=1),
    Case("hostile_name_of_workspace", _name_of_workspace, days=1),
)
