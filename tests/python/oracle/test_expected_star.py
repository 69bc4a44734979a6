"""Each rule of Gold's dimensions and facts, on a day small enough to check by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oracle.account_state import AccountState, read_state
from oracle.compare import ExpectedRows
from oracle.expected_calendar import expected_dim_date
from oracle.expected_skus import expected_dim_sku
from oracle.expected_star import (
    CLUSTER,
    ENTITY,
    NODE_TYPE,
    RUN_STATUS,
    SKU,
    WORKSPACE,
    Star,
    expected_cost_daily,
    expected_job_runs,
    expected_run_costs,
    expected_runs_finished_daily,
    expected_task_runs,
    expected_usage_star,
    read_star,
)
from oracle.members import (
    NO_CLUSTER,
    SINCE_EVER,
    expected_dim_cluster,
    expected_dim_entity,
    expected_dim_node_type,
    expected_dim_run_status,
    expected_workspaces,
    newest_versions,
)
from oracle.run_causes import failure_cause
from oracle.tag_rules import SHIPPED_SEEDS
from oracle.tiny_account import Delivery, at, job, price, run_slice, usage, write_account


def clock(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC)


def hour_of_usage(record_id: str, hour: int, **metadata: str) -> dict[str, Any]:
    """One DBU at 0.15, of an hour of 1 March 2026."""
    return usage(
        record_id,
        usage_start_time=at(f"{hour:02}:00"),
        usage_end_time=at(f"{hour + 1:02}:00"),
        usage_metadata=metadata,
    )


def cluster(change_time: str, **columns: Any) -> dict[str, Any]:
    return {"workspace_id": "w1", "cluster_id": "c1", "change_time": at(change_time)} | columns


@pytest.fixture
def state(tmp_path: Path) -> AccountState:
    """Job j1, renamed at 11:00, runs r1 from 10:30 to 12:30 and r2 from 12:00 on, on cluster c1."""
    on_cluster = {"job_id": "j1", "job_run_id": "r1", "cluster_id": "c1", "node_type": "m5"}
    tables: Delivery = {
        "billing.list_prices": [price("0.15")],
        "lakeflow.jobs": [
            job("08:00", "before", run_as="1", creator_user_name="ann"),
            job("11:00", None, run_as="1", tags={"cc": "7"}),
            {**job("11:00", "without an id"), "job_id": None},
        ],
        "compute.clusters": [
            cluster("09:00", cluster_name="big", owned_by="bob", dbr_version="15.4.x-scala2.12")
        ],
        "lakeflow.job_run_timeline": [
            run_slice("10:30", "12:30", "FAILED", termination_code="DRIVER_ERROR"),
            run_slice("12:00", "13:00", run_id="r2"),
            run_slice("12:00", "12:00", "SKIPPED", run_id="r3", job_id="nobody knows"),
            run_slice("12:00", "12:30", "SUCCEEDED", run_id="r4"),
        ],
        "lakeflow.job_task_run_timeline": [
            run_slice("10:30", "10:50", "FAILED", run_id="t1", job_run_id="r1", task_key="load"),
            run_slice("11:00", "12:30", "TIMED_OUT", run_id="t2", job_run_id="r1", task_key="load"),
        ],
        "billing.usage": [
            hour_of_usage("u10", 10, **on_cluster),
            hour_of_usage("u11", 11, **on_cluster),
            hour_of_usage("u12", 12, **on_cluster),
            hour_of_usage("unseen", 14, job_id="j1", job_run_id="r9", cluster_id="c9"),
            hour_of_usage("early", 7, job_id="j1"),
            hour_of_usage("endpoint", 10, endpoint_id="e1", endpoint_name="old name"),
            hour_of_usage("renamed", 11, endpoint_id="e1", endpoint_name="new name"),
            hour_of_usage("unnamed", 12, endpoint_id="e1"),
            hour_of_usage("warehouse", 10, warehouse_id="h1"),
            usage("nothing", workspace_id=None, sku_name="FREE"),
            usage("bad", cloud=None, usage_metadata={"job_id": "never seen"}),
        ],
    }
    return read_state(write_account(tmp_path, {"2026-03-01": tables}), SHIPPED_SEEDS)


@pytest.fixture
def star(state: AccountState) -> Star:
    return read_star(state)


def only(rows: ExpectedRows, *key: Any) -> Mapping[str, Any]:
    (row,) = rows.rows[key]
    assert row is not None
    return row


def part(row: Mapping[str, Any], names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


@pytest.mark.parametrize(
    ("record_id", "entity", "match"),
    [
        ("u10", ("JOB", "w1", "j1", clock(8)), "as_of"),
        ("u11", ("JOB", "w1", "j1", clock(11)), "as_of"),
        ("early", ("JOB", "w1", "j1", clock(8)), "nearest"),
        ("endpoint", ("ENDPOINT", "w1", "e1", SINCE_EVER), "as_of"),
        ("warehouse", ("WAREHOUSE", "w1", "h1", SINCE_EVER), "as_of"),
        ("nothing", ("PRODUCT", None, "JOBS", SINCE_EVER), "as_of"),
    ],
)
def test_usage_points_to_the_version_that_held_when_it_began(
    star: Star, record_id: str, entity: tuple[Any, ...], match: str
) -> None:
    row = only(expected_usage_star(star), record_id, "ORIGINAL")
    assert (part(row, ENTITY), row["entity_match"]) == (entity, match)


def test_usage_points_to_its_cluster_node_type_sku_and_workspace(star: Star) -> None:
    rows = expected_usage_star(star)
    row = only(rows, "u10", "ORIGINAL")
    assert part(row, CLUSTER) == ("w1", "c1", clock(9))
    assert part(row, NODE_TYPE) == ("m5",)
    assert part(row, SKU) == ("JOBS", "AWS", "DBU")
    assert part(row, WORKSPACE) == ("a1", "w1")
    assert part(only(rows, "unseen", "ORIGINAL"), CLUSTER) == ("w1", "c9", SINCE_EVER)
    none = only(rows, "nothing", "ORIGINAL")
    assert (part(none, CLUSTER), part(none, NODE_TYPE), part(none, WORKSPACE)) == (
        NO_CLUSTER,
        (None,),
        ("a1", None),
    )


def test_usage_carries_the_tags_of_the_version(star: Star) -> None:
    rows = expected_usage_star(star)
    before, after = only(rows, "u10", "ORIGINAL"), only(rows, "u11", "ORIGINAL")
    assert (before["cost_center"], before["tags"]) == (None, {})
    assert (after["cost_center"], after["tag_sources"]) == ("7", {"cost_center": "job"})


def test_where_the_source_has_warehouses_they_are_matched_like_jobs(tmp_path: Path) -> None:
    tables: Delivery = {
        "compute.warehouses": [
            {"workspace_id": "w1", "warehouse_id": "h1", "change_time": at("10:30"), "created_by": "ann"}
        ],
        "billing.usage": [
            hour_of_usage("known", 11, warehouse_id="h1"),
            hour_of_usage("early", 9, warehouse_id="h1"),
            hour_of_usage("unknown", 11, warehouse_id="h2"),
        ],
    }
    state = read_state(write_account(tmp_path, {"2026-03-01": tables}), SHIPPED_SEEDS)
    rows = expected_usage_star(read_star(state))
    found = {key[0]: (row[ENTITY[3]], row["entity_match"]) for key, (row,) in rows.rows.items() if row}
    assert found == {
        "known": (clock(10, 30), "as_of"),
        "early": (clock(10, 30), "nearest"),
        "unknown": (SINCE_EVER, "unknown"),
    }
    owned = expected_dim_entity(state).rows["WAREHOUSE", "w1", "h1", clock(10, 30)][0]
    assert owned is not None
    assert (owned["entity_name"], owned["owner"]) == ("h1", "ann")


@pytest.mark.parametrize(
    ("key", "name", "owner", "valid_to"),
    [
        (("JOB", "w1", "j1", clock(8)), "before", "ann", clock(11)),
        (("JOB", "w1", "j1", clock(11)), "j1", "1", None),
        (("JOB", "w1", "nobody knows", SINCE_EVER), "nobody knows", None, None),
        (("CLUSTER", "w1", "c1", clock(9)), "big", "bob", None),
        (("ENDPOINT", "w1", "e1", SINCE_EVER), "new name", None, None),
        (("PRODUCT", None, "JOBS", SINCE_EVER), "JOBS", None, None),
    ],
)
def test_entities_have_a_name_and_an_owner(
    state: AccountState, key: tuple[Any, ...], name: str, owner: str | None, valid_to: datetime | None
) -> None:
    for row in expected_dim_entity(state).rows[key]:
        assert row is not None
        assert (row["entity_name"], row["owner"]) == (name, owner)
        assert (row["valid_to"], row["is_current"]) == (valid_to, valid_to is None)


def test_entities_are_those_that_facts_point_to(state: AccountState) -> None:
    rows = expected_dim_entity(state).rows
    assert {key[2] for key in rows} == {"j1", "nobody knows", "c1", "e1", "h1", "JOBS"}
    assert all(None not in candidates for candidates in rows.values())


def test_clusters_are_their_versions_those_only_usage_knows_and_none(state: AccountState) -> None:
    rows = expected_dim_cluster(state).rows
    assert set(rows) == {("w1", "c1", clock(9)), ("w1", "c9", SINCE_EVER), NO_CLUSTER}
    known, unknown = rows["w1", "c1", clock(9)][0], rows["w1", "c9", SINCE_EVER][0]
    assert known is not None
    assert unknown is not None
    assert (known["cluster_name"], known["dbr_major_version"], known["dbr_minor_version"]) == ("big", 15, 4)
    assert (unknown["cluster_name"], unknown["is_current"], unknown["dbr_major_version"]) == (
        "c9",
        True,
        None,
    )


def test_statuses_are_how_runs_ended_and_not_yet(state: AccountState) -> None:
    rows = expected_dim_run_status(state).rows
    assert {key: (row["status_group"], row["is_failure"]) for key, (row,) in rows.items() if row} == {
        ("FAILED", "DRIVER_ERROR"): ("failed", True),
        ("FAILED", None): ("failed", True),
        ("TIMED_OUT", None): ("failed", True),
        ("SKIPPED", None): ("skipped", False),
        ("SUCCEEDED", None): ("succeeded", False),
        (None, None): (None, False),
    }


def test_node_types_are_what_is_listed_and_what_usage_names(tmp_path: Path) -> None:
    def listed(name: str, cores: int) -> dict[str, Any]:
        return {"node_type": name, "core_count": cores, "memory_mb": 8192, "gpu_count": 0}

    state = read_state(
        write_account(
            tmp_path,
            {
                "2026-03-01": {"compute.node_types": [listed("old", 2), listed("m5", 2)]},
                "2026-03-02": {
                    "compute.node_types": [listed("m5", 4)],
                    "billing.usage": [hour_of_usage("a", 10, node_type="m9")],
                },
            },
        ),
        SHIPPED_SEEDS,
    )
    rows = expected_dim_node_type(state).rows
    cores = {key[0]: [row and row["core_count"] for row in ones] for key, ones in rows.items()}
    assert cores == {"m5": [4.0], "m9": [None], "old": [2.0, None], None: [None, None]}


def test_workspaces_are_current_while_they_are_listed(tmp_path: Path) -> None:
    def listed(workspace_id: str, name: str) -> dict[str, Any]:
        return {"account_id": "a1", "workspace_id": workspace_id, "workspace_name": name, "status": "RUNNING"}

    first = [listed("w1", "one"), listed("w2", "gone"), listed("w3", "unused")]
    state = read_state(
        write_account(
            tmp_path,
            {
                "2026-03-01": {"access.workspaces_latest": first},
                "2026-03-02": {
                    "access.workspaces_latest": [listed("w1", "renamed")],
                    "billing.usage": [
                        usage("a"),
                        usage("b", workspace_id="w2"),
                        usage("c", workspace_id="never"),
                        usage("d", workspace_id=None),
                    ],
                },
            },
        ),
        SHIPPED_SEEDS,
    )
    rows = expected_workspaces(state).rows
    names = {
        key[1]: [row and (row["workspace_name"], row["is_current"]) for row in ones]
        for key, ones in rows.items()
    }
    assert names == {
        "w1": [("renamed", True)],
        "w2": [("gone", False), ("w2", True)],
        "w3": [("unused", False), None],
        "never": [("never", True)],
        None: [(None, None)],
    }


def versions_of_a_workspace(*periods: tuple[int, int | None]) -> list[dict[str, Any]]:
    """Versions from one hour to another, the open one current."""
    return [
        {
            "account_id": "a1",
            "workspace_id": "w1",
            "workspace_name": f"from {begin}",
            "is_current": end is None,
            "valid_from": clock(begin),
            "valid_to": None if end is None else clock(end),
        }
        for begin, end in periods
    ]


def test_of_the_versions_of_a_workspace_the_newest_counts() -> None:
    account = {**versions_of_a_workspace((8, None))[0], "workspace_id": None}
    newest = newest_versions([*versions_of_a_workspace((10, None), (8, 9), (9, 10)), account])
    assert [(row["workspace_name"], row["begins"], row["is_in_line"]) for row in newest] == [
        ("from 10", clock(8), True),
        (None, None, None),
    ]


@pytest.mark.parametrize(
    "periods",
    [
        ((8, 10), (9, None)),
        ((8, None), (9, None)),
        ((8, 7),),
    ],
    ids=["overlap", "two open ones", "ends before it begins"],
)
def test_versions_of_a_workspace_that_are_out_of_line_are_told(periods: tuple[tuple[int, int], ...]) -> None:
    (newest,) = newest_versions(versions_of_a_workspace(*periods))
    assert newest["is_in_line"] is False


@pytest.mark.parametrize(
    ("name", "family", "tier", "region", "is_photon"),
    [
        ("PREMIUM_JOBS_COMPUTE_(PHOTON)", "JOBS_COMPUTE", "PREMIUM", None, True),
        ("PREMIUM_JOBS_COMPUTE_(PHOTON)_US_WEST", "JOBS_COMPUTE", "PREMIUM", "US_WEST", True),
        ("ENTERPRISE_SERVERLESS_SQL_EUROPE_IRELAND", "SERVERLESS_SQL", "ENTERPRISE", "EUROPE_IRELAND", False),
        ("GENIE_FREE_USAGE", "GENIE_FREE_USAGE", None, None, False),
        ("PREMIUM", "PREMIUM", None, None, False),
    ],
)
def test_what_the_name_of_a_sku_tells(
    tmp_path: Path, name: str, family: str, tier: str | None, region: str | None, is_photon: bool
) -> None:
    account = write_account(tmp_path, {"2026-03-01": {"billing.list_prices": [price(sku_name=name)]}})
    row = only(expected_dim_sku(read_state(account, SHIPPED_SEEDS)), name, "AWS", "DBU")
    told = (row["sku_family"], row["tier"], row["region"], row["is_photon"])
    assert told == (family, tier, region, is_photon)
    assert row["is_serverless"] == ("SERVERLESS" in name)


def test_skus_are_those_with_a_price_and_those_in_use(state: AccountState) -> None:
    assert {key[0] for key in expected_dim_sku(state).rows} == {"JOBS", "FREE"}


def test_days_are_those_of_the_calendar_and_of_facts_outside_it(tmp_path: Path) -> None:
    tables: Delivery = {
        "billing.usage": [
            usage("early", usage_date="2019-07-04"),
            usage("bad", usage_date="2018-01-01", cloud=None),
        ],
        "lakeflow.job_run_timeline": [
            run_slice("2035-12-31T23:00:00Z", "2036-01-01T01:00:00Z", "SUCCEEDED", run_id="r9")
        ],
    }
    state = read_state(write_account(tmp_path, {"2026-03-01": tables}), SHIPPED_SEEDS)
    rows = expected_dim_date(state)
    assert {key[0] for key in rows.rows if not 20230101 <= key[0] <= 20351231} == {
        20190704,
        20180101,
        20360101,
    }
    assert len(rows.rows) == 13 * 365 + 3 + 3
    sunday = only(rows, 20230101)
    assert (sunday["day_of_week"], sunday["iso_week"], sunday["is_weekend"], sunday["quarter"]) == (
        7,
        52,
        True,
        1,
    )


@pytest.mark.parametrize(
    ("result", "code", "cause"),
    [
        ("SUCCEEDED", "SUCCESS", None),
        ("FAILED", " run_execution_error ", "code"),
        ("FAILED", "NEW_CODE", "unknown"),
        ("TIMED_OUT", "RUN_EXECUTION_ERROR", "timeout"),
        (None, None, None),
    ],
)
def test_failures_have_a_cause(result: str | None, code: str | None, cause: str | None) -> None:
    assert failure_cause(result, code) == cause


@pytest.mark.parametrize(
    ("name", "cores", "gigabytes", "gpus", "category"),
    [
        ("g5.xlarge", 4, 16, 1, "GPU Accelerated"),
        ("i3.xlarge", 4, 30, 0, "Storage Optimized"),
        ("r5.xlarge", 4, 32, 0, "Memory Optimized"),
        ("c5.xlarge", 4, 8, 0, "Compute Optimized"),
        ("m5.xlarge", 4, 16, 0, "General Purpose"),
        ("new", 0, 16, 0, None),
    ],
)
def test_node_types_have_a_category(
    tmp_path: Path, name: str, cores: int, gigabytes: int, gpus: int, category: str | None
) -> None:
    listed = {"node_type": name, "core_count": cores, "memory_mb": gigabytes * 1024, "gpu_count": gpus}
    account = write_account(tmp_path, {"2026-03-01": {"compute.node_types": [listed]}})
    row = only(expected_dim_node_type(read_state(account, SHIPPED_SEEDS)), name)
    assert row["node_category"] == category


def test_cost_of_a_day_by_members_and_tags(star: Star) -> None:
    rows = [row for (row,) in expected_cost_daily(star).rows.values() if row]
    assert sum(row["record_count"] for row in rows) == 10
    (late,) = [row for row in rows if row["cost_center"] == "7" and row["cluster_member_id"] == "c1"]
    assert (late["date_key"], late["record_count"]) == (20260301, 2)
    assert (late["usage_quantity"], late["list_cost"], late["unpriced_quantity"]) == (2, Decimal("0.30"), 0)
    (free,) = [row for row in rows if row["sku_member_name"] == "FREE"]
    assert (free["usage_quantity"], free["list_cost"], free["unpriced_quantity"]) == (1, None, 1)


def test_a_run_costs_under_the_version_of_its_start(star: Star) -> None:
    rows = expected_run_costs(star)
    assert set(rows.rows) == {("w1", run, 20260301, "JOBS", "DBU") for run in ("r1", "r9")}
    seen, unseen = (only(rows, "w1", run, 20260301, "JOBS", "DBU") for run in ("r1", "r9"))
    assert (part(seen, ENTITY), seen["list_cost"]) == (("JOB", "w1", "j1", clock(8)), Decimal("0.45"))
    # The timeline lacks r9, whose first usage began at 14:00.
    assert (part(unseen, ENTITY), unseen["list_cost"]) == (
        ("JOB", "w1", "j1", clock(11)),
        Decimal("0.15"),
    )


def test_job_runs_by_hand(star: Star) -> None:
    rows = expected_job_runs(star)
    failed, running, skipped = (only(rows, "w1", run) for run in ("r1", "r2", "r3"))
    assert (part(failed, ENTITY), part(failed, RUN_STATUS)) == (
        ("JOB", "w1", "j1", clock(8)),
        ("FAILED", "DRIVER_ERROR"),
    )
    assert (failed["end_date_key"], failed["is_failure"], failed["task_retry_count"]) == (20260301, True, 1)
    assert (part(running, RUN_STATUS), running["end_date_key"]) == ((None, None), None)
    assert (running["is_success"], running["is_failure"], running["duration_seconds"]) == (False, False, None)
    assert (part(skipped, ENTITY)[3], skipped["duration_seconds"]) == (SINCE_EVER, 0)


def test_task_runs_point_to_the_version_of_their_own_start(star: Star) -> None:
    rows = expected_task_runs(star)
    first, second = only(rows, "w1", "t1"), only(rows, "w1", "t2")
    assert (part(first, ENTITY)[3], part(second, ENTITY)[3]) == (clock(8), clock(11))
    assert (second["attempt_number"], second["is_failure"], second["duration_seconds"]) == (2, True, 5400)


def test_finished_runs_are_counted_once_under_how_they_ended(star: Star) -> None:
    rows = {key[5:]: row for key, (row,) in expected_runs_finished_daily(star).rows.items() if row}
    assert {key: row["finished_runs"] for key, row in rows.items()} == {
        ("j1", clock(8)): 1,
        ("j1", clock(11)): 1,
        ("nobody knows", SINCE_EVER): 1,
    }
    counts = ("succeeded_runs", "failed_runs", "cancelled_runs", "skipped_runs", "other_runs")
    assert part(rows["j1", clock(8)], counts) == (0, 1, 0, 0, 0)
    assert part(rows["j1", clock(11)], counts) == (1, 0, 0, 0, 0)
    assert part(rows["nobody knows", SINCE_EVER], counts) == (0, 0, 0, 1, 0)
