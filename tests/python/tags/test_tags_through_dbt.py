"""The model through dbt: what a build reads of slv_usage_tags's inputs, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from end_to_end.project_run import CATALOG, ProjectRun
from oracle.account_folder import AccountFolder
from oracle.account_state import read_state
from oracle.silver_check import check_silver
from oracle.tiny_account import job, usage, write_account

pytestmark = [pytest.mark.warehouse, pytest.mark.long]

MODEL = "slv_usage_tags"
TABLE = f"{CATALOG}.plt_silver.{MODEL}"
EVERYTHING = ("build", "--select", f"+{MODEL}", "--exclude", "resource_type:test", "resource_type:unit_test")
MODEL_ALONE = ("run", "--select", MODEL)


def _pipeline(change_time: str, tags: dict[str, str]) -> dict[str, Any]:
    return {"workspace_id": "w1", "pipeline_id": "p1", "change_time": change_time, "tags": tags}


def _cluster(change_time: str, tags: dict[str, str]) -> dict[str, Any]:
    return {"workspace_id": "w1", "cluster_id": "c1", "change_time": change_time, "tags": tags}


def _usage(record_id: str, day: str, metadata: dict[str, str], **columns: Any) -> dict[str, Any]:
    return usage(record_id, usage_date=day, usage_metadata=metadata, **columns)


BEFORE = {
    "billing.usage": [
        _usage("job-first", "2026-03-01", {"job_id": "j1", "cluster_id": "c1"}, custom_tags={"Env": "PRD"}),
        _usage("job-second", "2026-03-02", {"job_id": "j1", "cluster_id": "c1"}),
        _usage("pipeline", "2026-03-02", {"dlt_pipeline_id": "p1"}),
        _usage("elsewhere", "2026-03-02", {}, workspace_id="w2", custom_tags={"team": " "}),
        _usage("leaving", "2026-03-01", {}, custom_tags={"team": "a"}),
        _usage("negative", "2026-02-27", {}, usage_quantity="-1"),
        _usage("purged", "2026-02-20", {}),
        _usage("moving", "2026-02-26", {}),
        _usage("moving", "2026-02-25", {}, usage_quantity="-1", record_type="RETRACTION"),
        _usage("refused", "2026-02-23", {}, usage_quantity="-1"),
        _usage("refused", "2026-02-22", {}, usage_quantity="-1", record_type="RETRACTION"),
    ],
    "lakeflow.jobs": [
        job("2026-02-20T00:00:00Z", tags={"dept": "old"}),
        job("2026-03-02T00:00:00Z", tags={"dept": "new"}),
    ],
    "lakeflow.pipelines": [_pipeline("2026-02-20T00:00:00Z", {"dept": "flow"})],
    "compute.clusters": [_cluster("2026-02-20T00:00:00Z", {"environment": "dev"})],
}

#: The job had other tags on the first of March and its cluster on the second, the pipeline was renamed, and a
#: record turns out wrong.
#: A record that is wrong is retracted on another day. One turns out wrong, on another day than before, and
#: not on that of its retraction. What a refused one was meant to be comes on the day of its retraction, which
#: stays refused with it.
AFTER = {
    "billing.usage": [
        _usage("leaving", "2026-03-01", {}, usage_quantity="-1", ingestion_date="2026-03-03"),
        _usage("coming", "2026-03-03", {"job_id": "unknown"}, custom_tags={"UseCase": "x"}),
        _usage("negative", "2026-03-03", {}, record_type="RETRACTION"),
        _usage("moving", "2026-02-24", {}, usage_quantity="-1", ingestion_date="2026-03-03"),
        _usage("refused", "2026-02-22", {}, record_type="RESTATEMENT", ingestion_date="2026-03-03"),
    ],
    "lakeflow.jobs": [job("2026-03-01T00:00:00Z", tags={"dept": "late"})],
    "lakeflow.pipelines": [
        {**_pipeline("2026-03-01T00:00:00Z", {"dept": "flow"}), "name": "renamed"},
    ],
    "compute.clusters": [_cluster("2026-03-02T00:00:00Z", {"environment": "qa"})],
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> AccountFolder:
    return write_account(
        tmp_path_factory.mktemp("tiny") / "account", {"2026-03-02": BEFORE, "2026-03-03": AFTER}
    )


def test_a_first_build_resolves_all_usage(project: ProjectRun, account: AccountFolder) -> None:
    project.deliver(account.path, account.delivery_dates()[0])
    project.dbt(*EVERYTHING)
    assert _tags(project) == {
        "job-first": {"environment": "prod", "department": "old"},
        "job-second": {"environment": "dev", "department": "new"},
        "pipeline": {"department": "flow"},
        "elsewhere": {},
        "leaving": {"team": "a"},
        "moving": {},
        "purged": {},
    }
    assert _recorded(project, "touches") == "all"
    assert _committed(project) == _recorded_versions(project)


def test_a_later_build_resolves_what_a_change_covers_and_no_more(
    project: ProjectRun, account: AccountFolder, tmp_path: Path
) -> None:
    before = _version(project)
    project.deliver(account.path)
    # An admin has taken a record out of Bronze that is too old to be read again.
    project.fetch(f"delete from {CATALOG}.plt_bronze.brz_billing_usage where record_id = 'purged'")
    project.dbt(*EVERYTHING)
    assert _tags(project) == {
        "job-first": {"environment": "prod", "department": "late"},
        "job-second": {"environment": "test", "department": "new"},
        "pipeline": {"department": "flow"},
        "elsewhere": {},
        "coming": {"use_case": "x"},
        "refused": {},
    }
    assert _changes_since(project, before) == {
        ("job-first", "update_preimage"),
        ("job-first", "update_postimage"),
        ("job-second", "update_preimage"),
        ("job-second", "update_postimage"),
        ("leaving", "delete"),
        ("moving", "delete"),
        ("purged", "delete"),
        ("coming", "insert"),
        ("refused", "insert"),
    }
    assert _recorded(project, "touches") == [
        20260220,
        20260222,
        20260225,
        20260226,
        20260301,
        20260302,
        20260303,
    ]
    assert _committed(project) == _recorded_versions(project)
    tables = ("slv_jobs", "slv_pipelines", "slv_clusters", MODEL)
    left = {
        **BEFORE,
        "billing.usage": [row for row in BEFORE["billing.usage"] if row["record_id"] != "purged"],
    }
    without_purged = write_account(tmp_path / "account", {"2026-03-02": left, "2026-03-03": AFTER})
    for table, comparison in check_silver(read_state(without_purged), project.fetch, tables=tables).items():
        assert comparison.is_equal, f"{table}:\n{comparison}"


def test_the_same_seeds_once_more_are_no_change(project: ProjectRun) -> None:
    before = _version(project)
    project.dbt(*EVERYTHING)
    assert _recorded(project, "touches") == []
    assert _recorded(project, "reads") == []
    assert _version(project) == before


def test_a_changed_seed_resolves_all_usage_and_writes_what_differs(project: ProjectRun) -> None:
    before = _version(project)
    project.fetch(f"insert into {CATALOG}.plt_silver.workspace_default_tags values ('w2', 'CostCentre', '7')")
    printed = project.dbt(*MODEL_ALONE)
    assert "workspace_default_tags has changed" in printed
    assert _tags(project)["elsewhere"] == {"cost_center": "7"}
    assert {record for record, _ in _changes_since(project, before)} == {"elsewhere"}
    project.dbt(*MODEL_ALONE)
    assert _recorded(project, "touches") == []


def test_a_full_refresh_gives_the_same_rows_and_keeps_the_change_feed(project: ProjectRun) -> None:
    rows = f"select to_json(struct(*)) as row from {TABLE} order by record_id, record_type"
    held, before = project.fetch(rows), _version(project)
    assert held
    project.dbt(*MODEL_ALONE, "--full-refresh")
    assert project.fetch(rows) == held
    # The version that replaced the table has a change feed itself, so that none is without.
    replaced = before + 1
    changes = project.value(f"select count(*) from table_changes('{TABLE}', {replaced}, {replaced})")
    assert changes >= len(held)


def _tags(project: ProjectRun) -> dict[str, dict[str, str]]:
    rows = project.fetch(f"select record_id, map_entries(tags) as tags from {TABLE}")
    return {row["record_id"]: {entry["key"]: entry["value"] for entry in row["tags"]} for row in rows}


def _version(project: ProjectRun) -> int:
    return int(project.fetch(f"describe history {TABLE} limit 1")[0]["version"])


def _changes_since(project: ProjectRun, version: int) -> set[tuple[str, str]]:
    rows = project.fetch(
        f"select record_id, _change_type from table_changes('{TABLE}', {version + 1}, {_version(project)})"
    )
    return {(row["record_id"], row["_change_type"]) for row in rows}


def _recorded(project: ProjectRun, name: str) -> Any:
    """What a comment line of the compiled model says."""
    (compiled,) = (project.target / "compiled").rglob(f"{MODEL}.py")
    mark = f"# -- {name}: "
    (line,) = [text for text in compiled.read_text(encoding="utf-8").splitlines() if text.startswith(mark)]
    return json.loads(line.removeprefix(mark))


def _recorded_versions(project: ProjectRun) -> dict[str, Any]:
    return {read["source"]: read["version"] for read in _recorded(project, "reads")}


def _committed(project: ProjectRun) -> dict[str, Any]:
    """What the newest build of the model committed."""
    rows = project.fetch(
        f"""
        select source, offset_version from {CATALOG}.plt_ops.processing_state where task = '{MODEL}'
        qualify dense_rank() over (order by committed_at desc) = 1
        """
    )
    return {row["source"]: row["offset_version"] for row in rows}
