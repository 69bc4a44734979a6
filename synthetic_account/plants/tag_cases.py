"""Tags: spellings of keys and values, missing values, and levels that disagree."""

from __future__ import annotations

from synthetic_account.deliveries import USAGE
from synthetic_account.jobs import JobVersion
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.entities import planted_cluster, planted_job
from synthetic_account.plants.records import RecordWriter, Subject

_Tags = dict[str, str | None]


def _resolved(parts: Parts, case: str, expect: str, examples: list[tuple[_Tags, _Tags]]) -> Planted:
    """Write one record for each example: the tags it carries, and what they resolve to."""
    writer = RecordWriter(parts, case)
    plan = parts.book.plan("ENTERPRISE_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA", "AWS")
    workspace_id = parts.workspace("prod-us").workspace_id
    keys, facts = [], []
    for number, (carried, resolved) in enumerate(examples):
        subject = Subject(plan, workspace_id, "JOBS", carried, {"job_id": f"76000000000{number:04d}"})
        record = writer.write(subject, parts.window.at(0, number), "0.25", 0)
        keys.append(record.key)
        facts.append({**record.key, "custom_tags": carried, "tags": resolved})
    return Planted(USAGE, keys, expect, {"resolved": facts})


def _spellings(parts: Parts) -> Planted:
    spellings: dict[str, tuple[str, ...]] = {
        "cost_center": (
            "cost_center",
            "CostCenter",
            "cost-center",
            "Cost Center",
            "COST_CENTER",
            "cc",
            "CostCentre",
        ),
        "environment": ("environment", "Environment", "env", "ENV"),
        "department": ("department", "Dept", "DEPARTMENT"),
        "line_of_business": ("line_of_business", "LineOfBusiness", "lob", "Business Unit", "business-unit"),
        "use_case": ("use_case", "UseCase", "use-case", "usecase"),
    }
    examples: list[tuple[_Tags, _Tags]] = [
        ({spelled: "x1"}, {key: "x1"}) for key, spelled_keys in spellings.items() for spelled in spelled_keys
    ]
    return _resolved(parts, "spellings_of_tag_keys", "every spelling is the same key", examples)


def _values(parts: Parts) -> Planted:
    values: dict[str, tuple[str, ...]] = {
        "prod": ("prod", "PROD", "prd", "Production"),
        "dev": ("dev", "Development"),
        "staging": ("stg", "stage", "Staging"),
        "test": ("qa", "TEST"),
        "uat": ("UAT",),
        "Sandbox": ("Sandbox",),
    }
    examples: list[tuple[_Tags, _Tags]] = [
        ({"environment": spelled}, {"environment": value})
        for value, spelled_values in values.items()
        for spelled in spelled_values
    ]
    return _resolved(
        parts, "spellings_of_tag_values", "known spellings of an environment are unified", examples
    )


def _missing(parts: Parts) -> Planted:
    examples: list[tuple[_Tags, _Tags]] = [
        ({"cost_center": "", "environment": "prod"}, {"environment": "prod"}),
        ({"cost_center": "   ", "department": "\t\n"}, {}),
        ({"cost_center": None, "team": "risk"}, {"team": "risk"}),
        ({}, {}),
    ]
    return _resolved(
        parts, "empty_and_blank_tags", "NULL, empty and blank values are missing; none is made up", examples
    )


def _two_spellings(parts: Parts) -> Planted:
    examples: list[tuple[_Tags, _Tags]] = [
        ({"CostCenter": "b", "cost_center": "a"}, {"cost_center": "a"}),
        ({"cc": "one", "Cost Centre": "two"}, {"cost_center": "two"}),
    ]
    return _resolved(
        parts,
        "two_spellings_of_one_tag",
        "the canonical spelling wins, else the first raw key in alphabetical order",
        examples,
    )


def _levels(parts: Parts) -> Planted:
    case = "tag_levels_that_disagree"
    born = parts.window.at(-30, 8)
    cluster_tags: dict[str, str] = {"env": "dev", "department": "risk", "use_case": "scoring"}
    job_tags: dict[str, str] = {"department": "finance", "CostCenter": "CC-5555", "use_case": "scoring"}
    cluster = planted_cluster(parts, case, [(born, {"tags": cluster_tags})])
    job = planted_job(parts, case, [JobVersion(born, "planted levels", job_tags)])
    writer = RecordWriter(parts, case)
    subject = Subject(
        parts.book.plan("ENTERPRISE_JOBS_COMPUTE", "AWS"),
        parts.workspace("prod-us").workspace_id,
        "JOBS",
        {"environment": "prod"},
        {"job_id": job.job_id, "cluster_id": cluster.cluster_id},
    )
    record = writer.write(subject, parts.window.at(1, 6), "1", 1)
    facts: Facts = {
        "tags": {
            "environment": "prod",
            "department": "risk",
            "use_case": "scoring",
            "cost_center": "CC-5555",
        },
        "tag_sources": {
            "environment": "usage",
            "department": "cluster",
            "use_case": "cluster",
            "cost_center": "job",
        },
        "tag_conflicts": [
            {"key": "department", "level": "job", "value": "finance"},
            {"key": "environment", "level": "cluster", "value": "dev"},
        ],
    }
    return Planted(
        USAGE,
        [record.key],
        "per key the nearest level wins; a farther level that says otherwise is a conflict",
        {"record": record.money, **facts},
    )


CASES = (
    Case("spellings_of_tag_keys", _spellings, days=2),
    Case("spellings_of_tag_values", _values, days=2),
    Case("empty_and_blank_tags", _missing, days=1),
    Case("two_spellings_of_one_tag", _two_spellings, days=1),
    Case("tag_levels_that_disagree", _levels),
)
