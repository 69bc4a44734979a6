"""A first load that is given a date keeps to it, and what moves or comes late in between finds its place."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from end_to_end.project_run import CATALOG, WITHOUT_TESTS, ProjectRun

pytestmark = [pytest.mark.warehouse, pytest.mark.long]

BRONZE = f"{CATALOG}.plt_bronze.brz_billing_usage"
BUILD = (*WITHOUT_TESTS, "--select", "+fct_reconciliation")
CONSERVED = ("test", "--select", "assert_money_is_conserved_from_source_to_gold")
ENTITIES = {
    "lakeflow.jobs": "job_id",
    "lakeflow.pipelines": "pipeline_id",
    "compute.clusters": "cluster_id",
    "compute.warehouses": "warehouse_id",
}


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory, account: Path) -> Path:
    """An account of its own to add deliveries to."""
    folder = tmp_path_factory.mktemp("growing") / "account"
    shutil.copytree(account, folder)
    return folder


@pytest.fixture(scope="module")
def first_day(delivery_days: list[date]) -> date:
    """The date from which the first load loads."""
    return delivery_days[5]


def deliver_usage(project: ProjectRun, account: Path, after_days: int = 1, **changes: Any) -> dict[str, Any]:
    """Deliver one more record: the first there is, with changes. Gives back what was delivered."""
    days = sorted((account / "deliveries").iterdir())
    later = date.fromisoformat(days[-1].name) + timedelta(days=after_days)
    line = (days[0] / "billing.usage.jsonl").read_text(encoding="utf-8").splitlines()[0]
    record: dict[str, Any] = json.loads(line) | {"ingestion_date": later.isoformat()} | changes
    folder = account / "deliveries" / later.isoformat()
    folder.mkdir()
    (folder / "billing.usage.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    project.deliver(account)
    return record


def rows_of(project: ProjectRun, record_id: str) -> list[int]:
    """The days on which Bronze holds a record."""
    found = project.fetch(f"select date_key from {BRONZE} where record_id = '{record_id}' order by 1")
    return [int(row["date_key"]) for row in found]


def test_a_first_load_begins_at_its_date(project: ProjectRun, growing: Path, first_day: date) -> None:
    project.deliver(growing)
    project.dbt(*BUILD, variables={"first_load_from": first_day.isoformat()})
    before = project.value(f"select count(*) from system.billing.usage where ingestion_date < '{first_day}'")
    assert before > 0, "the account was meant to have older usage"
    assert project.value(f"select min(ingestion_date) from {BRONZE}") == first_day
    project.dbt(*CONSERVED)


@pytest.mark.parametrize("table", ENTITIES)
def test_what_has_not_changed_since_is_known_as_it_was(
    project: ProjectRun, first_day: date, table: str
) -> None:
    """Of each entity the last version before the date is there, and none older than that."""
    bronze = f"{CATALOG}.plt_bronze.brz_{table.replace('.', '_')}"
    key = f"workspace_id, {ENTITIES[table]}"
    versions = f"(select {key}, change_time from {{}} where change_time < timestamp'{first_day} 00:00:00')"
    last = f"(select {key}, max(change_time) as change_time from {versions} group by {key})"
    wanted = project.fetch(f"select * from {last.format(f'system.{table}')} order by 1, 2")
    assert wanted, "the account was meant to have entities that are older"
    assert project.fetch(f"select * from {versions.format(bronze)} order by 1, 2") == wanted


def test_usage_finds_jobs_that_have_not_changed_since(project: ProjectRun, first_day: date) -> None:
    unchanged = (
        "select workspace_id, job_id as entity_id from system.lakeflow.jobs"
        f" group by all having max(change_time) < timestamp'{first_day} 00:00:00'"
    )
    of_those = f"inner join ({unchanged}) using (workspace_id, entity_id) where entity_type = 'JOB'"
    found = project.fetch(f"select distinct entity_match from {CATALOG}.plt_gold.fct_usage {of_those}")
    matches = {row["entity_match"] for row in found}
    assert "as_of" in matches
    assert "unknown" not in matches


def test_later_builds_know_the_date(project: ProjectRun, growing: Path, first_day: date) -> None:
    """A late correction touches a day from which most records were never loaded."""
    record = deliver_usage(project, growing, record_id="late", usage_quantity="3")
    assert record["usage_date"] < first_day.isoformat()
    project.dbt(*BUILD)
    assert rows_of(project, "late") == [int(record["usage_date"].replace("-", ""))]
    assert project.value(f"select min(ingestion_date) from {BRONZE}") == first_day
    project.dbt(*CONSERVED)


def test_usage_that_came_after_bronze_read_waits_for_the_next_build(
    project: ProjectRun, growing: Path
) -> None:
    """Source and Bronze are compared by what Bronze could have seen."""
    record = deliver_usage(project, growing, record_id="after-bronze", sku_name="AFTER_BRONZE")
    counted = (
        f"select layer from {CATALOG}.plt_gold.fct_reconciliation where sku_name = 'AFTER_BRONZE' order by 1"
    )
    project.dbt("run", "--select", "fct_reconciliation")
    assert project.fetch(counted) == []
    project.dbt(*CONSERVED)
    project.dbt(*BUILD)
    assert rows_of(project, "after-bronze") == [int(record["usage_date"].replace("-", ""))]
    layers = [row["layer"] for row in project.fetch(counted)]
    assert layers == ["bronze", "gold", "silver", "source"]
    project.dbt(*CONSERVED)


def test_what_came_later_than_the_overlap_is_read_again_from_a_date(
    project: ProjectRun, growing: Path, first_day: date
) -> None:
    """And from a date before the first load's, all since then is loaded after all."""
    deliver_usage(project, growing, record_id="very-late", ingestion_date=first_day.isoformat())
    project.dbt("run", "--select", "brz_billing_usage")
    assert rows_of(project, "very-late") == []
    project.dbt("run", "--select", "brz_billing_usage", variables={"reread_from": first_day.isoformat()})
    assert len(rows_of(project, "very-late")) == 1
    assert project.value(f"select min(ingestion_date) from {BRONZE}") == first_day
    project.dbt("run", "--select", "brz_billing_usage", variables={"reread_from": "2020-01-01"})
    keys = "select count(*) from (select distinct record_id, record_type from system.billing.usage)"
    assert project.value(f"select count(*) from {BRONZE}") == project.value(keys)


def test_a_record_that_moves_while_the_build_reads_waits_for_the_next(
    project: ProjectRun, growing: Path
) -> None:
    """The days are found when the model is compiled, and its rows are read when they are merged."""
    another = deliver_usage(project, growing, record_id="another")
    project.dbt("compile", "--select", "brz_billing_usage")
    (compiled,) = (project.target / "compiled").rglob("brz_billing_usage.sql")
    days = project.touched_days("brz_billing_usage")
    moving = project.value(
        f"select min(record_id) from {BRONZE} where date_key not in ({', '.join(map(str, days))})"
        f" and record_type = '{another['record_type']}'"
    )
    day = str(max(days))
    usage_date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    deliver_usage(project, growing, record_id=moving, usage_date=usage_date)
    read = {row["record_id"] for row in project.fetch(compiled.read_text(encoding="utf-8"))}
    assert "another" in read
    assert moving not in read
    project.dbt("run", "--select", "brz_billing_usage")
    assert rows_of(project, moving) == [int(day)]
