"""What the daily job runs besides the build, in the order of a first day."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from end_to_end.project_run import CATALOG, ROOT, ProjectRun

from deployment.bundle import Bundle

pytestmark = pytest.mark.warehouse

RUNS = f"{CATALOG}.plt_ops.model_runs"
PRICES = f"{CATALOG}.plt_bronze.brz_billing_list_prices"
MODELS = ("processing_state", "model_runs", "brz_billing_list_prices", "slv_prices")
BUILD = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--select")


@pytest.fixture(scope="module", autouse=True)
def bytes_are_recorded(project: ProjectRun) -> None:
    """As in the job; for all calls, since dbt parses the project anew when a variable changes."""
    project.variables = {"record_written_bytes": True}


def test_preflight_tells_how_to_get_what_is_lacking(project: ProjectRun) -> None:
    """Nothing was delivered yet: no system table can be seen."""
    output = project.dbt_failing("run-operation", "preflight")
    assert "not there: system.billing.usage" in output
    assert "databricks system-schemas enable <metastore id> billing" in output
    assert "grant use schema, select on schema system.lakeflow to `" in output
    (empty,) = [line for line in output.splitlines() if "will leave these empty" in line]
    assert {"brz_billing_usage", "slv_usage", "fct_usage", "slv_jobs"} <= set(
        empty.split(": ")[1].split(", ")
    )
    assert "nothing can be built without system.billing.usage" in output
    (lacking,) = [line for line in output.splitlines() if "schemas: " in line]
    assert f"{CATALOG} lacks plt_bronze, plt_gold, plt_ops, plt_silver. " in lacking
    assert f"grant use catalog, create schema on catalog `{CATALOG}` to `" in output
    # It only looks: a schema that it made would be in the way of the bundle, which makes its own.
    there = [name for row in project.fetch(f"show schemas in {CATALOG}") for name in row.values()]
    assert [name for name in there if name.startswith("plt_")] == []


def test_preflight_names_only_what_lacks(project: ProjectRun, account: Path) -> None:
    project.deliver(account)
    project.fetch("drop table system.compute.warehouses")
    output = project.dbt("run-operation", "preflight")
    assert "readable: system.billing.usage" in output
    assert "not there: system.compute.warehouses" in output
    assert "grant use schema, select on schema system.compute to `" in output
    assert "system-schemas enable" not in output, "other tables of the schema can be read, so it is enabled"
    (empty,) = [line for line in output.splitlines() if "will leave these empty" in line]
    assert {"brz_compute_warehouses", "slv_warehouses"} == set(empty.split(": ")[1].split(", "))


def test_preflight_tells_when_all_schemas_are_there(project: ProjectRun) -> None:
    for schema in ("plt_bronze", "plt_silver", "plt_gold", "plt_ops"):
        project.fetch(f"create schema {CATALOG}.{schema}")
    assert f"schemas: all are there in {CATALOG}" in project.dbt("run-operation", "preflight")


def test_a_build_stops_where_days_are_not_those_of_utc(
    project: ProjectRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = yaml.safe_load((ROOT / "profiles.example.yml").read_text(encoding="utf-8"))
    local = profiles["platform_observability"]["outputs"]["local"]
    local["session_properties"] = {"timezone": "America/New_York"}
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
    monkeypatch.setattr(project, "profiles", tmp_path)
    output = project.dbt_failing("build", "--select", "dim_date")
    assert "the sessions of this warehouse are in time zone America/New_York" in output
    assert "session_properties: {timezone: UTC}" in output
    assert project.fetch(f"show tables in {CATALOG}.plt_gold") == []


def test_a_run_leaves_a_row_for_each_node(project: ProjectRun) -> None:
    project.dbt(*BUILD, *MODELS)
    rows = {row["node_name"]: row for row in project.fetch(f"select * from {RUNS}")}
    assert set(rows) == set(MODELS)
    assert {row["status"] for row in rows.values()} == {"success"}
    assert (
        len({(row["invocation_id"], row["run_started_at"], row["recorded_at"]) for row in rows.values()}) == 1
    )
    prices = rows["brz_billing_list_prices"]
    assert (prices["command"], prices["target_name"], prices["resource_type"]) == ("build", "local", "model")
    assert (prices["schema_name"], prices["materialized"]) == ("plt_bronze", "incremental")
    assert prices["run_started_at"] <= prices["started_at"] <= prices["recorded_at"]
    assert prices["seconds"] > 0
    assert prices["rows_written"] == project.value(f"select count(*) from {PRICES}") > 0
    assert prices["bytes_written"] == project.fetch(f"describe detail {PRICES}")[0]["sizeInBytes"]
    assert prices["message"] is None


def test_a_run_that_changes_nothing_wrote_nothing(project: ProjectRun) -> None:
    project.dbt(*BUILD, *MODELS)
    rows = project.fetch(f"select * from {RUNS} qualify recorded_at = max(recorded_at) over ()")
    assert {row["rows_written"] for row in rows} == {0}


def test_a_commit_of_runs_is_one(project: ProjectRun) -> None:
    written = [
        entry
        for entry in project.fetch(f"describe history {RUNS}")
        if entry["operation"] in ("WRITE", "MERGE")
    ]
    # The first build made the table and wrote its rows; the second appended none by the model, then its rows.
    assert [
        entry["operationMetrics"]
        for entry in written
        if dict(entry["operationMetrics"])["numOutputRows"] == "4"
    ]
    assert len(project.fetch(f"select distinct invocation_id from {RUNS}")) == 2


def test_maintenance_keeps_the_rows_and_the_change_feed(project: ProjectRun) -> None:
    before = project.value(f"select count(*) from {PRICES}")
    output = project.dbt("run-operation", "maintain", "--args", "{tables: [brz_billing_list_prices]}")
    assert "1 tables maintained" in output
    done = {entry["operation"] for entry in project.fetch(f"describe history {PRICES}")}
    assert {"OPTIMIZE", "VACUUM START", "VACUUM END"} & done >= {"VACUUM START", "VACUUM END"}
    assert project.value(f"select count(*) from {PRICES}") == before
    # A changed price after it: the change feed is still read from where the last build stopped.
    project.fetch(
        "update system.billing.list_prices set price_end_time = current_timestamp()"
        " where price_end_time is null"
    )
    output = project.dbt(*BUILD, *MODELS)
    assert "vacuumed" not in output
    open_prices = f"select count(*) from {CATALOG}.plt_silver.slv_prices where source_price_end_time is null"
    assert project.value(open_prices) == 0


def test_changes_that_a_vacuum_may_have_taken_are_not_read(project: ProjectRun) -> None:
    """A table that keeps nothing: what was not read before the vacuum is read from the whole table."""
    project.fetch("update system.billing.list_prices set price_end_time = null")
    project.dbt(*BUILD, "brz_billing_list_prices")
    project.fetch(
        f"alter table {PRICES} set tblproperties ('delta.deletedFileRetentionDuration' = 'interval 0 hours')"
    )
    project.fetch(f"vacuum {PRICES}")
    output = project.dbt(*BUILD, "slv_prices")
    assert "it was vacuumed at version" in output
    closed_prices = (
        f"select count(*) from {CATALOG}.plt_silver.slv_prices where source_price_end_time is not null"
    )
    assert project.value(closed_prices) == 0


def test_maintenance_refuses_a_short_retention(project: ProjectRun) -> None:
    output = project.dbt_failing("run-operation", "maintain", variables={"vacuum_retention_hours": 24})
    assert "must be 168 or more" in output


def test_the_health_check_tells_everything_that_is_wrong(project: ProjectRun) -> None:
    """One node's run failed, with a message that no one may run; the layers differ; an alert fires."""
    hostile = "it's {{ 1 / 0 }} \\ '; drop table x --"
    literal = hostile.replace("\\", "\\\\").replace("'", "\\'")
    project.fetch("drop table system.lakeflow.pipelines")
    project.fetch(
        "create view system.lakeflow.pipelines as"
        f" select cast(raise_error('{literal}') as string) as workspace_id, 'p' as pipeline_id"
    )
    output = project.dbt_failing(*BUILD, "brz_lakeflow_pipelines")
    failed = project.fetch(f"select * from {RUNS} where status = 'error'")
    assert [row["node_name"] for row in failed] == ["brz_lakeflow_pipelines"], output
    assert hostile in failed[0]["message"]

    project.fetch(
        f"create table {CATALOG}.plt_gold.fct_reconciliation"
        " (date_key int, layer string, list_cost decimal(38, 18))"
    )
    project.fetch(
        f"insert into {CATALOG}.plt_gold.fct_reconciliation values"
        " (20260101, 'source', 2.5), (20260101, 'bronze', 2.5), (20260101, 'silver', 2.5),"
        " (20260101, 'gold', 2.0), (20260102, 'source', 1.0), (20260102, 'bronze', 1.0),"
        " (20260102, 'silver', 0.5), (20260102, 'quarantine', 0.5), (20260102, 'gold', 0.5)"
    )
    project.fetch(
        f"create or replace table {CATALOG}.plt_gold.rpt_alerts as select * from values"
        " ('stale_source', 'error', 'system.billing.usage', 'old by 90 hours'),"
        " ('data_quality', 'warn', 'r', 'w'),"
        " ('cost_over_threshold', 'error', 'ACCOUNT', 'dear')"
        " as rows (alert_type, severity, subject_id, evidence)"
    )
    project.fetch(f"alter table {CATALOG}.plt_gold.rpt_alerts add column subject_name string")
    output = project.dbt_failing("run-operation", "check_health")
    assert "not healthy, 3 findings" in output
    assert "- brz_lakeflow_pipelines: error at " in output
    assert "- the layers of day 20260101 differ: source 2.5" in output
    assert "20260102 differ" not in output
    assert "- alert stale_source: " in output
    assert "old by 90 hours" in output


def test_the_health_check_is_quiet_when_all_is_well(project: ProjectRun) -> None:
    """What failed and left the project since is not wrong any more."""
    project.fetch(
        f"insert into {RUNS} (node, node_name, resource_type, status, recorded_at) values"
        " ('test.platform_observability.renamed', 'renamed', 'test', 'fail', current_timestamp())"
    )
    project.fetch("drop view system.lakeflow.pipelines")
    project.dbt(*BUILD, "brz_lakeflow_pipelines")
    project.fetch(
        f"update {CATALOG}.plt_gold.fct_reconciliation set list_cost = 2.5 where date_key = 20260101"
    )
    project.fetch(f"delete from {CATALOG}.plt_gold.rpt_alerts where alert_type = 'stale_source'")
    assert "healthy: runs, layers and alerts were looked at" in project.dbt("run-operation", "check_health")


def test_source_freshness_tells_fresh_from_stale_from_lacking(project: ProjectRun) -> None:
    """And it does not make the project unhealthy: how old the account's tables are is told by alerts."""
    project.fetch("update system.billing.usage set ingestion_date = current_date()")
    project.fetch(
        "update system.lakeflow.job_run_timeline"
        " set period_end_time = current_timestamp() - interval 97 hours"
    )
    project.fetch("drop table system.lakeflow.pipeline_update_timeline")
    project.dbt_failing(
        "source", "freshness", "--select", "source:billing.usage", "source:lakeflow.job_run_timeline",
        "source:lakeflow.pipeline_update_timeline",
    )  # fmt: skip
    # dbt's own file leaves out what could not be asked; the record of runs has it.
    found = json.loads((project.target / "sources.json").read_text(encoding="utf-8"))["results"]
    assert {result["unique_id"].split(".", 2)[2]: result["status"] for result in found} == {
        "billing.usage": "pass",
        "lakeflow.job_run_timeline": "error",
    }
    recorded = project.fetch(f"select node_name, status from {RUNS} where resource_type = 'source'")
    assert {row["node_name"]: row["status"] for row in recorded} == {
        "usage": "pass",
        "job_run_timeline": "error",
        "pipeline_update_timeline": "runtime error",
    }
    project.dbt("run-operation", "check_health")


def test_the_health_check_of_the_job_fails_where_this_run_built_nothing(project: ProjectRun) -> None:
    """The last build that ended well was that of the day before: by hand that would do."""
    project.fetch(f"update {RUNS} set recorded_at = recorded_at - interval 24 hours")
    (health,) = [
        task for task in Bundle("prod").resources["jobs"]["daily"]["tasks"] if task["task_key"] == "health"
    ]
    (command,) = health["dbt_task"]["commands"]
    words = shlex.split(command)[1:]
    # Of two --vars dbt takes the last, which is that of these tests.
    at = words.index("--vars")
    variables = yaml.safe_load(words[at + 1])
    output = project.dbt_failing(*words[:at], *words[at + 2 :], variables=variables)
    assert "not healthy, 1 findings" in output
    assert re.search(r"no model was built in the last \d+ hours; the newest: 20\d\d-", output)
    project.dbt("run-operation", "check_health")


def test_money_is_compared_to_the_last_decimal(project: ProjectRun) -> None:
    table = f"{CATALOG}.plt_gold.fct_reconciliation"
    last = "cast('0.500000000000000001' as decimal(38, 18))"
    project.fetch(
        f"update {table} set list_cost = {last} where layer in ('silver', 'gold') and date_key = 20260102"
    )
    output = project.dbt_failing("run-operation", "check_health")
    assert "the layers of day 20260102 differ" in output
