import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oracle.__main__ import main
from oracle.account_folder import AccountFolder
from oracle.account_state import RUN_TABLES, read_state
from oracle.entity_versions import ENTITY_TABLES
from oracle.expected_calendar import expected_dim_date
from oracle.expected_reconciliation import expected_reconciliation
from oracle.expected_skus import expected_dim_sku
from oracle.expected_star import (
    expected_cost_daily,
    expected_job_runs,
    expected_run_costs,
    expected_runs_finished_daily,
    expected_task_runs,
    expected_usage_star,
    read_star,
)
from oracle.expected_usage import expected_fct_usage, expected_quarantine
from oracle.gold_check import Fetch
from oracle.members import (
    expected_dim_cluster,
    expected_dim_entity,
    expected_dim_node_type,
    expected_dim_run_status,
    expected_workspaces,
)
from oracle.silver_check import expected_runs, expected_usage_tags, expected_versions
from oracle.star_check import ALL_TABLES, IS_JOINED, WORKSPACE_VERSION, check_all, fact_query
from oracle.tag_rules import SHIPPED_SEEDS
from oracle.tiny_account import job, price, run_slice, usage, write_account

OPENED = datetime(2020, 1, 1, tzinfo=UTC)
RENAMED = datetime(2026, 3, 2, tzinfo=UTC)

TABLE = re.compile(r"from \w+\.\w+\.(\w+)")


@pytest.fixture
def account(tmp_path: Path) -> AccountFolder:
    """A job with a run, a task and usage, some of which differs in its tags alone."""
    metadata = {"job_id": "j1", "job_run_id": "r1", "cluster_id": "c1", "node_type": "m5"}
    return write_account(
        tmp_path,
        {
            "2026-03-01": {
                "billing.list_prices": [price("0.15")],
                "lakeflow.jobs": [job("08:00")],
                "lakeflow.job_run_timeline": [run_slice("10:00", "11:30", "SUCCEEDED")],
                "lakeflow.job_task_run_timeline": [
                    run_slice("10:00", "11:30", "SUCCEEDED", run_id="t1", task_key="load", job_run_id="r1")
                ],
                "billing.usage": [
                    usage("a", usage_metadata=metadata),
                    usage("tied", usage_metadata=metadata, custom_tags={"env": "dev"}),
                    usage("tied", usage_metadata=metadata, custom_tags={"env": "prod"}),
                    usage("alone", sku_name="FREE"),
                ],
            }
        },
    )


def warehouse(account: AccountFolder, table: str = "", **changes: Any) -> Fetch:
    """A warehouse that holds what it must and breaks ties its own way, but for `changes` to a table."""
    state = read_state(account, SHIPPED_SEEDS)
    state.usage = {key: candidates[-1:] for key, candidates in state.usage.items()}
    star = read_star(state)
    usage_rows = expected_fct_usage(state.usage).rows
    wide = {
        key: tuple({**(one or {}), **two} for one, two in zip(usage_rows[key], rows, strict=True) if two)
        for key, rows in expected_usage_star(star).rows.items()
    }
    tables: dict[str, Mapping[Any, Any]] = {
        "slv_usage_quarantine": expected_quarantine(state.usage).rows,
        "fct_reconciliation": expected_reconciliation(state.usage).rows,
        **{one.silver: expected_versions(state, one).rows for one in ENTITY_TABLES},
        **{one.silver: expected_runs(state, one).rows for one in RUN_TABLES},
        "slv_usage_tags": expected_usage_tags(state).rows,
        "dim_entity": expected_dim_entity(state).rows,
        "dim_cluster": expected_dim_cluster(state).rows,
        "dim_workspace": expected_workspaces(state).rows,
        "dim_node_type": expected_dim_node_type(state).rows,
        "dim_run_status": expected_dim_run_status(state).rows,
        "dim_sku": expected_dim_sku(state).rows,
        "dim_date": expected_dim_date(state).rows,
        "fct_usage": wide,
        "fct_cost_daily": expected_cost_daily(star).rows,
        "fct_run_costs": expected_run_costs(star).rows,
        "fct_job_runs": expected_job_runs(star).rows,
        "fct_task_runs": expected_task_runs(star).rows,
        "fct_runs_finished_daily": expected_runs_finished_daily(star).rows,
    }

    def fetch(query: str) -> Iterable[Mapping[str, Any]]:
        found = TABLE.search(query)
        assert found is not None
        for row, *_ in tables[found[1]].values():
            if row is not None:
                period = {"valid_from": row.get("begins") or OPENED, "valid_to": None}
                joined = {**period, **row, IS_JOINED: True, WORKSPACE_VERSION: OPENED}
                yield {**joined, **changes} if found[1] == table else joined

    return fetch


def test_a_warehouse_that_holds_what_it_must_passes(account: AccountFolder) -> None:
    checked = check_all(account, warehouse(account), seeds=SHIPPED_SEEDS)
    assert {table: str(result) for table, result in checked.items() if not result.is_equal} == {}
    assert set(checked) == set(ALL_TABLES)
    assert {table for table, result in checked.items() if not result.compared} == {
        "slv_usage_quarantine",
        "slv_pipelines",
        "slv_clusters",
        "slv_warehouses",
        "slv_pipeline_updates",
    }


@pytest.mark.parametrize(
    ("table", "checked_as", "column", "value"),
    [
        ("fct_usage", "fct_usage_members", "member_valid_from", OPENED),
        ("fct_usage", "fct_usage_members", "node_type_member", "other"),
        ("fct_usage", "fct_usage_members", "environment", "test"),
        ("fct_usage", "fct_usage_members", IS_JOINED, False),
        ("fct_cost_daily", "fct_cost_daily", "list_cost", Decimal("0.150000000000000001")),
        ("fct_run_costs", "fct_run_costs", "usage_quantity", Decimal(7)),
        ("fct_job_runs", "fct_job_runs", "task_retry_count", 1),
        ("fct_task_runs", "fct_task_runs", "member_id", "j2"),
        ("fct_runs_finished_daily", "fct_runs_finished_daily", "other_runs", 1),
        ("dim_entity", "dim_entity", "entity_name", "x"),
        ("dim_cluster", "dim_cluster", "valid_to", OPENED),
        ("dim_workspace", "dim_workspace", "workspace_name", "x"),
        ("dim_node_type", "dim_node_type", "core_count", 4.0),
        ("dim_node_type", "dim_node_type", "node_category", "General Purpose"),
        ("dim_run_status", "dim_run_status", "is_failure", None),
        ("dim_run_status", "dim_run_status", "failure_cause", "code"),
        ("dim_sku", "dim_sku", "region", "US"),
        ("dim_date", "dim_date", "iso_week", 54),
        ("fct_cost_daily", "fct_cost_daily", "unpriced_quantity", None),
    ],
)
def test_a_value_that_differs_is_found(
    account: AccountFolder, table: str, checked_as: str, column: str, value: Any
) -> None:
    checked = check_all(account, warehouse(account, table, **{column: value}), seeds=SHIPPED_SEEDS)
    wrong = {name for name, result in checked.items() if not result.is_equal}
    # Without the row that the warehouse chose, a tie may be settled otherwise, and costs follow it.
    assert wrong - ({"fct_cost_daily"} if table == "fct_usage" else set()) == {checked_as}
    assert column in checked[checked_as].columns


@pytest.mark.parametrize(("column", "found"), [("valid_from", "begins"), ("valid_to", "is_in_line")])
def test_a_workspace_that_is_valid_at_other_times_is_found(
    account: AccountFolder, column: str, found: str
) -> None:
    checked = check_all(account, warehouse(account, "dim_workspace", **{column: OPENED}), seeds=SHIPPED_SEEDS)
    assert {name for name, result in checked.items() if not result.is_equal} == {"dim_workspace"}
    assert found in checked["dim_workspace"].columns


def finished(account: AccountFolder, *versions: datetime) -> Fetch:
    """A warehouse with one row of a finished run for each version of its workspace."""
    hold = warehouse(account)

    def fetch(query: str) -> Iterable[Mapping[str, Any]]:
        for row in hold(query):
            if "fct_runs_finished_daily" in query:
                yield from ({**row, WORKSPACE_VERSION: version} for version in versions)
            else:
                yield row

    return fetch


def test_rows_of_two_versions_of_a_workspace_are_summed(account: AccountFolder) -> None:
    checked = check_all(account, finished(account, OPENED, RENAMED), seeds=SHIPPED_SEEDS)
    result = checked["fct_runs_finished_daily"]
    assert (result.duplicated, result.columns) == (0, {"finished_runs": 1, "succeeded_runs": 1})


def test_a_row_twice_is_found(account: AccountFolder) -> None:
    checked = check_all(account, finished(account, OPENED, OPENED), seeds=SHIPPED_SEEDS)
    result = checked["fct_runs_finished_daily"]
    assert (result.duplicated, result.columns) == (1, {})


def test_the_query_of_a_fact_joins_each_dimension_its_columns_name() -> None:
    assert fact_query("fct_x", ("run_id", "status_member_state", "status_member_code"), "c") == (
        "select fact.run_id as run_id, dim_run_status.result_state as status_member_state, "
        "dim_run_status.termination_code as status_member_code, "
        "true and dim_run_status.run_status_key is not null as is_joined "
        "from c.plt_gold.fct_x as fact "
        "left join c.plt_gold.dim_run_status as dim_run_status "
        "on fact.run_status_key = dim_run_status.run_status_key"
    )


def test_a_table_can_be_compared_alone(account: AccountFolder) -> None:
    checked = check_all(account, warehouse(account), seeds=SHIPPED_SEEDS, tables=["slv_jobs", "fct_job_runs"])
    assert {table: result.is_equal for table, result in checked.items()} == {
        "slv_jobs": True,
        "fct_job_runs": True,
    }


def test_a_table_that_is_not_compared_is_refused(account: AccountFolder) -> None:
    with pytest.raises(ValueError, match="rpt_alerts"):
        check_all(account, warehouse(account), tables=["rpt_alerts"])


@pytest.mark.parametrize(
    ("table", "code", "line"), [("", 0, "ok   slv_jobs"), ("slv_jobs", 1, "FAIL slv_jobs")]
)
def test_the_command_says_which_tables_differ(
    account: AccountFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    table: str,
    code: int,
    line: str,
) -> None:
    monkeypatch.setattr("oracle.__main__.rows_of", warehouse(account, table, name="x"))
    assert main([str(account.path), "--tables", "slv_jobs", "slv_job_runs"]) == code
    printed = capsys.readouterr().out
    assert line in printed
    assert "ok   slv_job_runs" in printed
