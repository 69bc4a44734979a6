"""The account looks like one: clouds, products, rhythm, long tail, late and corrected records."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from made_account import MadeAccount, Row, make


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> MadeAccount:
    return make(tmp_path_factory.mktemp("account") / "out")


@pytest.fixture(scope="module")
def usage(account: MadeAccount) -> list[tuple[str, Row]]:
    return list(account.rows("billing.usage"))


def test_small_is_small_enough_for_a_laptop(account: MadeAccount) -> None:
    assert 15_000 <= account.truths["usage"]["keys"] <= 25_000


def test_clouds_workspaces_and_products(usage: list[tuple[str, Row]]) -> None:
    assert {row.get("cloud") for _, row in usage} >= {"AWS", "AZURE", "GCP"}
    assert len({row.get("workspace_id") for _, row in usage}) >= 6
    products = {row["billing_origin_product"] for _, row in usage}
    assert products >= {
        "JOBS",
        "DLT",
        "SQL",
        "ALL_PURPOSE",
        "INTERACTIVE",
        "MODEL_SERVING",
        "APPS",
        "DEFAULT_STORAGE",
    }
    assert {row.get("usage_unit") for _, row in usage} >= {"DBU", "DSU"}


def test_jobs_have_a_long_tail(usage: list[tuple[str, Row]]) -> None:
    by_job: dict[str, Decimal] = defaultdict(Decimal)
    for _, row in usage:
        job_id = row["usage_metadata"].get("job_id")
        if job_id is not None and not row.get("sku_name", "").startswith("ENTERPRISE_STRESS"):
            by_job[job_id] += Decimal(row.get("usage_quantity", "0"))
    quantities = sorted(by_job.values(), reverse=True)
    assert len(quantities) > 150
    tenth = quantities[: len(quantities) // 10]
    assert sum(tenth) > sum(quantities) / 2


def test_weekends_are_quieter(account: MadeAccount) -> None:
    weekend: list[Decimal] = []
    weekday: list[Decimal] = []
    for row in account.truths["usage"]["by_day"]:
        if row["usage_unit"] == "DBU":
            is_weekend = date.fromisoformat(row["usage_date"]).weekday() >= 5
            (weekend if is_weekend else weekday).append(Decimal(row["list_cost"]))
    assert sum(weekend) / len(weekend) < sum(weekday) / len(weekday) / 2


def test_one_percent_is_corrected_and_some_is_late(usage: list[tuple[str, Row]]) -> None:
    types = Counter(row.get("record_type") for _, row in usage)
    assert 0.005 <= types["RESTATEMENT"] / types["ORIGINAL"] <= 0.01
    assert 0 <= types["RETRACTION"] - types["RESTATEMENT"] < 15
    ages = Counter(
        (date.fromisoformat(delivered) - date.fromisoformat(row["usage_date"])).days
        for delivered, row in usage
        if row.get("record_type") == "ORIGINAL" and "usage_date" in row
    )
    assert ages[0] + ages[1] > 0.95 * sum(ages.values())
    assert ages[2] > 0 and ages[3] > 0
    assert max(ages) <= 5


def test_usage_of_jobs_names_runs_of_the_timeline(account: MadeAccount, usage: list[tuple[str, Row]]) -> None:
    runs = {
        (r["workspace_id"], r["job_id"], r["run_id"]) for _, r in account.rows("lakeflow.job_run_timeline")
    }
    billed = {
        (row["workspace_id"], row["usage_metadata"]["job_id"], row["usage_metadata"]["job_run_id"])
        for _, row in usage
        if row["billing_origin_product"] == "JOBS" and "job_run_id" in row["usage_metadata"]
    }
    unseen = billed - runs
    assert len(billed) > 2000
    # Runs of the last hours are billed before their slices are delivered; a few are planted without any.
    assert len(unseen) < 0.02 * len(billed)


def test_runs_of_jobs_that_exist_have_a_job_row(account: MadeAccount) -> None:
    jobs = {(row["workspace_id"], row["job_id"]) for _, row in account.rows("lakeflow.jobs")}
    by_type: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for _, row in account.rows("lakeflow.job_run_timeline"):
        by_type[row["run_type"]].add((row["workspace_id"], row["job_id"]))
    assert by_type["JOB_RUN"] <= jobs
    assert not by_type["SUBMIT_RUN"] & jobs
    assert not by_type["WORKFLOW_RUN"] & jobs


def test_usage_names_what_the_other_tables_list(account: MadeAccount, usage: list[tuple[str, Row]]) -> None:
    """Clusters, node types, warehouses and updates; a few planted records name what nobody lists."""
    listed = {
        "cluster_id": {row["cluster_id"] for _, row in account.rows("compute.clusters")},
        "node_type": {row["node_type"] for _, row in account.rows("compute.node_types")},
        "warehouse_id": {row["warehouse_id"] for _, row in account.rows("compute.warehouses")},
        "dlt_update_id": {row["update_id"] for _, row in account.rows("lakeflow.pipeline_update_timeline")},
    }
    for column, known in listed.items():
        named = [row["usage_metadata"][column] for _, row in usage if column in row["usage_metadata"]]
        assert len(named) > 1000
        assert sum(name not in known for name in named) < 20, column


def test_updates_are_tried_again_under_one_request(account: MadeAccount) -> None:
    updates: dict[str, dict[str, Row]] = defaultdict(dict)
    for _, row in account.rows("lakeflow.pipeline_update_timeline"):
        newest = updates[row["request_id"]].get(row["update_id"], row)
        later = row["period_end_time"] >= newest["period_end_time"]
        updates[row["request_id"]][row["update_id"]] = row if later else newest
    retried = [one for one in updates.values() if len(one) > 1]
    assert len(retried) > 5
    for one in retried:
        ordered = sorted(one.values(), key=lambda row: str(row["period_start_time"]))
        assert {row["trigger_type"] for row in ordered[1:]} == {"RETRY_ON_FAILURE"}
        assert all(row["result_state"] == "FAILED" for row in ordered[:-1])
    states = Counter(row.get("result_state") for one in updates.values() for row in one.values())
    assert {"COMPLETED", "FAILED", "CANCELED", None} <= set(states)
    assert states["COMPLETED"] > 5 * states["FAILED"]


def test_slices_are_cut_at_clock_hours_and_only_the_last_has_a_state(account: MadeAccount) -> None:
    slices: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for _, row in account.rows("lakeflow.job_task_run_timeline"):
        slices[row["workspace_id"], row["run_id"]].append(row)
    several = 0
    for rows in slices.values():
        rows.sort(key=lambda row: (row["period_start_time"], row["period_end_time"]))
        distinct = [row for place, row in enumerate(rows) if place == 0 or row != rows[place - 1]]
        several += len(distinct) > 1
        for before, after in pairwise(distinct):
            assert before["period_end_time"] == after["period_start_time"]
            assert before["period_end_time"].endswith(":00:00Z")
            assert "result_state" not in before
    assert several > 100


def test_clusters_of_jobs_are_deleted_when_the_run_ends(account: MadeAccount) -> None:
    rows = [row for _, row in account.rows("compute.clusters") if row["cluster_source"] == "JOB"]
    deleted = [row for row in rows if "delete_time" in row]
    assert len(rows) > 1000
    assert len(deleted) > 0.45 * len(rows)
    assert all(row["delete_time"] == row["change_time"] for row in deleted)


def test_runs_and_attempts_are_counted_by_their_newest_slice(account: MadeAccount) -> None:
    tables = {
        "lakeflow.job_run_timeline": "job_runs_by_state",
        "lakeflow.job_task_run_timeline": "task_attempts_by_state",
        "lakeflow.pipeline_update_timeline": "pipeline_updates_by_state",
    }
    for table, truth in tables.items():
        newest: dict[tuple[str, str], tuple[str, str]] = {}
        for _, row in account.rows(table):
            key = (row["workspace_id"], row.get("run_id") or row["update_id"])
            state = (row["period_end_time"], row.get("result_state", "RUNNING"))
            newest[key] = max(newest.get(key, state), state, key=lambda pair: (pair[0], pair[1] != "RUNNING"))
        assert account.truths["runs"][truth] == dict(Counter(state for _, state in newest.values()))
