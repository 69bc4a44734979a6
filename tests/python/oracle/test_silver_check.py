from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from oracle.account_folder import AccountFolder
from oracle.account_state import RUN_TABLES, AccountState, read_state
from oracle.entity_versions import ENTITY_TABLES, JOB
from oracle.silver_check import (
    SILVER_TABLES,
    Fetch,
    check_silver,
    expected_runs,
    expected_usage_tags,
    expected_versions,
)
from oracle.tag_rules import SHIPPED_SEEDS
from oracle.tiny_account import at, job, run_slice, usage, write_account


@pytest.fixture
def account(tmp_path: Path) -> AccountFolder:
    """A job that is retagged at 11:00 with a run and usage, on a cluster that is tagged as well."""
    cluster = {
        "workspace_id": "w1",
        "cluster_id": "c1",
        "change_time": at("09:00"),
        "tags": {"env": "dev"},
        "dbr_version": "15.4.x-photon-scala2.12",
        "azure_attributes": {"spot_bid_max_price": -1},
    }
    metadata = {"job_id": "j1", "job_run_id": "r1", "cluster_id": "c1"}
    return write_account(
        tmp_path,
        {
            "2026-03-01": {
                "lakeflow.jobs": [
                    job("08:00", tags={"dept": "risk"}),
                    job("11:00", tags={"dept": "legal", "env": "qa"}),
                    job("12:00", "tied"),
                    job("12:00", "or not"),
                ],
                "compute.clusters": [cluster],
                "lakeflow.job_run_timeline": [run_slice("10:00", "11:30", "SUCCEEDED")],
                "lakeflow.job_task_run_timeline": [
                    run_slice("10:00", "11:30", "SUCCEEDED", run_id="t1", task_key="load", job_run_id="r1")
                ],
                "billing.usage": [
                    usage("early", usage_metadata=metadata),
                    usage(
                        "late",
                        usage_start_time=at("11:00"),
                        usage_end_time=at("12:00"),
                        usage_metadata=metadata,
                    ),
                    usage("bad", cloud=None, usage_metadata=metadata),
                ],
            }
        },
    )


def settled(state: AccountState) -> AccountState:
    """Ties go to what is named last."""
    possible = state.histories[JOB.silver]
    for key, ways in possible.items():
        possible[key] = (ways[-1],)
    return state


def warehouse(account: AccountFolder, table: str = "", **changes: Any) -> Fetch:
    """A warehouse that holds what it must, but for `changes` to every row of a table."""
    state = settled(read_state(account, SHIPPED_SEEDS))
    tables = {
        **{one.silver: expected_versions(state, one) for one in ENTITY_TABLES},
        **{one.silver: expected_runs(state, one) for one in RUN_TABLES},
        "slv_usage_tags": expected_usage_tags(state),
    }

    def fetch(query: str) -> Iterable[Mapping[str, Any]]:
        name = query.rsplit(".", 1)[1]
        for candidates in tables[name].rows.values():
            for row in candidates:
                if row is not None:
                    yield {**row, **changes} if name == table else row

    return fetch


def test_tags_are_those_of_the_versions_that_held_when_usage_began(account: AccountFolder) -> None:
    rows = expected_usage_tags(settled(read_state(account, SHIPPED_SEEDS))).rows
    assert set(rows) == {("early", "ORIGINAL"), ("late", "ORIGINAL")}
    ((early,), (late,)) = rows["early", "ORIGINAL"], rows["late", "ORIGINAL"]
    assert early is not None
    assert late is not None
    assert early["tags"] == {"environment": "dev", "department": "risk"}
    assert late["tags"] == {"environment": "dev", "department": "legal"}
    assert late["tag_sources"] == {"environment": "cluster", "department": "job"}
    assert late["tag_conflicts"] == [{"key": "environment", "level": "job", "value": "test"}]


def test_workspace_defaults_are_the_farthest_level(account: AccountFolder) -> None:
    seeds = SHIPPED_SEEDS.__class__(
        SHIPPED_SEEDS.key_aliases, SHIPPED_SEEDS.value_aliases, {"w1": {"Env": "prod", "team": "core"}}
    )
    (row,) = expected_usage_tags(settled(read_state(account, seeds))).rows["early", "ORIGINAL"]
    assert row is not None
    assert row["tag_sources"] == {"environment": "cluster", "department": "job", "team": "workspace"}
    assert row["tag_conflicts"] == [{"key": "environment", "level": "workspace", "value": "prod"}]


def test_a_warehouse_that_holds_what_it_must_passes(account: AccountFolder) -> None:
    checked = check_silver(read_state(account, SHIPPED_SEEDS), warehouse(account))
    assert {table: (result.is_equal, result.compared) for table, result in checked.items()} == {
        "slv_jobs": (True, 3),
        "slv_pipelines": (True, 0),
        "slv_clusters": (True, 1),
        "slv_warehouses": (True, 0),
        "slv_job_runs": (True, 1),
        "slv_task_runs": (True, 1),
        "slv_pipeline_updates": (True, 0),
        "slv_usage_tags": (True, 2),
    }
    assert tuple(checked) == SILVER_TABLES


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("slv_clusters", "valid_to", read_state),
        ("slv_clusters", "azure_attributes", {"spot_bid_max_price": 0.5}),
        ("slv_clusters", "dbr_major_version", 14),
        ("slv_job_runs", "duration_seconds", 5399),
        ("slv_task_runs", "attempt_number", 2),
        ("slv_usage_tags", "tag_sources", {}),
    ],
)
def test_a_value_that_differs_is_found(account: AccountFolder, table: str, column: str, value: Any) -> None:
    checked = check_silver(read_state(account, SHIPPED_SEEDS), warehouse(account, table, **{column: value}))
    assert set(checked[table].columns) == {column}
    assert all(result.is_equal for name, result in checked.items() if name != table)


def test_a_history_that_no_tie_explains_is_found(account: AccountFolder) -> None:
    checked = check_silver(read_state(account, SHIPPED_SEEDS), warehouse(account, "slv_jobs", name="x"))
    assert checked["slv_jobs"].columns == {"name": 3}
