"""The FinOps reports find what is planted for them, and nothing of what is planted not to be found."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from end_to_end.project_run import CATALOG, ProjectRun
from synthetic_account.plants.stable_ids import (
    BADLY_TAGGED_WORKSPACE_ID,
    BUDGET_WORKSPACE_ID,
    MONTHLY_BUDGET,
    MOVING_WORKSPACE_ID,
    RHYTHM_WORKSPACE_ID,
    RUNS_WORKSPACE_ID,
    SPIKE_WORKSPACE_ID,
    TINY_WORKSPACE_ID,
    WELL_TAGGED_WORKSPACE_ID,
)

pytestmark = pytest.mark.warehouse

GOLD = f"{CATALOG}.plt_gold"
Planted = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def last_day(reported: ProjectRun) -> date:
    """The last complete day."""
    day = reported.value(
        f"select complete_through from {CATALOG}.plt_ops.source_progress where task = 'brz_billing_usage'"
    )
    assert isinstance(day, date)
    return day


@pytest.fixture(scope="module")
def window(last_day: date) -> list[date]:
    """The days that most reports look back on."""
    return [last_day - timedelta(days=days) for days in range(30)]


def spent(by_date: dict[str, str], days: list[date]) -> Decimal:
    """What a series of planted costs comes to on some days."""
    return sum(
        (Decimal(cost) for day, cost in by_date.items() if date.fromisoformat(day) in days), Decimal(0)
    )


def share_of_window(amount: str, planted_days: int, days: int) -> Decimal:
    """Part of an amount that is the same on each planted day."""
    return Decimal(amount) / planted_days * days


@pytest.fixture(scope="module")
def anomalies(reported: ProjectRun) -> list[dict[str, Any]]:
    return reported.fetch(f"select * from {GOLD}.rpt_cost_anomalies")


def test_the_spike_is_an_anomaly_on_its_day_and_on_no_other(
    anomalies: list[dict[str, Any]], planted: Planted
) -> None:
    facts = planted["cost_with_a_spike"]
    for kind, named in (
        ("workspace", {"workspace_id": SPIKE_WORKSPACE_ID}),
        (
            "workspace_product",
            {"workspace_id": SPIKE_WORKSPACE_ID, "billing_origin_product": facts["billing_origin_product"]},
        ),
        ("sku", {"sku_name": facts["sku_name"]}),
    ):
        (row,) = [
            row
            for row in anomalies
            if row["series_type"] == kind and all(row[name] == value for name, value in named.items())
        ]
        assert str(row["usage_date"]) == facts["anomaly_date"]
        assert row["list_cost"] == Decimal(facts["cost_by_date"][facts["anomaly_date"]])
        assert abs(row["expected_list_cost"] - Decimal(facts["usual_cost"])) < 1
        assert row["expected_low"] < Decimal(facts["usual_cost"]) < row["expected_high"] < row["list_cost"]
        assert (row["direction"], row["days_in_a_row"]) == ("up", 1)


def test_busy_mondays_and_small_amounts_are_no_anomalies(
    anomalies: list[dict[str, Any]], planted: Planted
) -> None:
    quiet = {"cost_with_busy_mondays": RHYTHM_WORKSPACE_ID, "cost_too_small_to_matter": TINY_WORKSPACE_ID}
    for case, workspace_id in quiet.items():
        assert planted[case]["must_be_reported"] is False
        assert [
            row
            for row in anomalies
            if row["workspace_id"] == workspace_id or row["sku_name"] == planted[case]["sku_name"]
        ] == []


def test_a_workspace_that_costs_the_same_each_day_is_no_anomaly(anomalies: list[dict[str, Any]]) -> None:
    steady = {WELL_TAGGED_WORKSPACE_ID, BADLY_TAGGED_WORKSPACE_ID, BUDGET_WORKSPACE_ID}
    assert [row for row in anomalies if row["workspace_id"] in steady] == []


def test_trends_show_the_spike_by_day_and_the_month_so_far(
    reported: ProjectRun, planted: Planted, last_day: date
) -> None:
    rows = reported.fetch(
        f"select * from {GOLD}.rpt_cost_trends"
        f" where billing_origin_product = '{planted['cost_with_a_spike']['billing_origin_product']}'"
    )
    by_day = {row["period_start_date"]: row for row in rows if row["period"] == "day"}
    spike = date.fromisoformat(planted["cost_with_a_spike"]["anomaly_date"])
    assert (
        by_day[spike]["list_cost_change"] > 150
        and by_day[spike + timedelta(days=1)]["list_cost_change"] < -150
    )
    (month_so_far,) = [row for row in rows if row["period"] == "month_to_date"]
    this_month = last_day.replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    assert month_so_far["period_start_date"] == this_month
    assert month_so_far["list_cost"] == sum(
        row["list_cost"] for day, row in by_day.items() if day >= this_month
    )
    assert month_so_far["previous_list_cost"] == sum(
        row["list_cost"]
        for day, row in by_day.items()
        if last_month <= day < this_month and day.day <= last_day.day
    )
    # The account's first month is not whole.
    assert (month_so_far["is_comparable"], month_so_far["change_ratio"]) == (False, None)


def test_showback_and_budgets_hold_what_the_departments_spent(
    reported: ProjectRun, planted: Planted, last_day: date
) -> None:
    shown: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in reported.fetch(
        f"select month_start_date, dimension_value, sum(list_cost) as list_cost from {GOLD}.rpt_showback"
        f" where dimension = 'department' and workspace_id = '{BUDGET_WORKSPACE_ID}' group by all"
    ):
        shown[row["dimension_value"], str(row["month_start_date"])[:7]] = row["list_cost"]
    budgets = {
        (row["dimension_value"], str(row["month_start_date"])[:7]): row
        for row in reported.fetch(
            f"select * from {GOLD}.rpt_budget_status where dimension = 'department'"
            " and dimension_value like 'planted-%'"
        )
    }
    this_month = str(last_day)[:7]
    expected: dict[tuple[str, str], Decimal] = {}
    for facts in planted["departments_and_their_budgets"]["budgets"]:
        for month, cost in facts["list_cost_by_month"].items():
            # The newest month lacks its last day, which is not complete.
            part = Decimal(last_day.day) / 31 if month == this_month else Decimal(1)
            expected[facts["department"], month] = Decimal(cost) * part
        row = budgets[facts["department"], this_month]
        state = facts["a_full_month_of_31_days_is"]
        assert row["budget_status"] == ("within" if state == "under" else state)
        assert row["is_expected_over"] == (state == "over")
        assert row["monthly_amount"] == Decimal(MONTHLY_BUDGET)
        assert row["expected_list_cost"] == Decimal(facts["list_cost_by_month"][this_month])
    assert shown == expected
    assert {key: row["list_cost"] for key, row in budgets.items()} == expected


def test_the_account_has_a_budget_of_all_usage(reported: ProjectRun) -> None:
    assert (
        reported.fetch(
            f"select month_start_date, sum(list_cost) as list_cost from {GOLD}.rpt_budget_status"
            " where budget_name = 'account' group by 1 order by 1"
        )
        == reported.fetch(
            f"select month_start_date, sum(list_cost) as list_cost from {GOLD}.rpt_cost_trends"
            f" inner join {GOLD}.dim_date on period_start_date = date where period = 'day'"
            " group by 1 order by 1"
        )
        != []
    )


def test_a_workflow_has_the_cost_of_its_children(
    reported: ProjectRun, planted: Planted, window: list[date]
) -> None:
    facts = planted["workflow_with_two_children"]
    name = facts["workflow_name"]
    found = {
        row["workflow_name"]: row
        for row in reported.fetch(
            f"select * from {GOLD}.rpt_workflow_costs where root_workflow_name = '{name}'"
        )
    }
    assert set(found) == {job["pipeline_name"] for job in facts["jobs"]}
    for job in facts["jobs"]:
        row = found[job["pipeline_name"]]
        own = share_of_window(job["list_cost"], 45, len(window))
        is_top = job["pipeline_name"] == name
        assert row["own_list_cost"] == own
        assert row["total_list_cost"] == (share_of_window(facts["list_cost"], 45, 30) if is_top else own)
        assert row["parent_workflow_name"] == job["parent_workflow_name"]
        assert str(row["hierarchy_level"]) == row["workflow_level"] == job["workflow_level"]
        assert (row["child_count"], row["entity_count"]) == (2 if is_top else 0, 1)
        assert list(row["workspace_ids"]) == [job["workspace_id"]]


def test_a_workflow_that_names_itself_as_parent_is_a_top(reported: ProjectRun) -> None:
    (row,) = reported.fetch(
        f"select * from {GOLD}.rpt_workflow_costs where workflow_name = 'planted-platform'"
    )
    assert (row["parent_workflow_name"], row["hierarchy_level"], row["is_circular"]) == (None, 1, False)
    assert row["own_list_cost"] == row["total_list_cost"] == 30


def test_the_mix_has_the_sku_that_only_the_spike_is_on(
    reported: ProjectRun, planted: Planted, last_day: date
) -> None:
    facts = planted["cost_with_a_spike"]
    rows = reported.fetch(f"select * from {GOLD}.rpt_sku_mix where sku_name = '{facts['sku_name']}'")
    assert {str(row["month_start_date"])[:7]: row["list_cost"] for row in rows} == {
        month: sum(
            Decimal(cost)
            for day, cost in facts["cost_by_date"].items()
            if day.startswith(month) and date.fromisoformat(day) <= last_day
        )
        for month in {day[:7] for day in facts["cost_by_date"]}
    }
    for row in rows:
        assert (row["workspace_id"], row["region"], row["is_serverless"]) == (
            SPIKE_WORKSPACE_ID,
            "AP_TOKYO",
            True,
        )
        assert row["average_list_price"] == pytest.approx(0.1)


def test_adoption_follows_the_work_that_moves(reported: ProjectRun, planted: Planted, last_day: date) -> None:
    expected: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for day in planted["work_that_moves_to_serverless"]["days"]:
        at = date.fromisoformat(day["date"])
        if at <= last_day:
            week = at - timedelta(days=at.weekday())
            names = ("serverless_runs", "classic_runs", "serverless_cost", "classic_cost")
            expected[week] = [
                total + Decimal(day[name]) for total, name in zip(expected[week], names, strict=True)
            ]
    rows = reported.fetch(
        f"select * from {GOLD}.rpt_serverless_adoption where workspace_id = '{MOVING_WORKSPACE_ID}'"
        " and period = 'week' order by period_start_date"
    )
    assert {
        row["period_start_date"]: [
            row["serverless_runs"],
            row["classic_runs"],
            row["serverless_list_cost"] or 0,
            row["classic_list_cost"] or 0,
        ]
        for row in rows
    } == expected
    shares = [row["serverless_run_share"] for row in rows]
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0, 1)
    # Each run costs the same on either kind of compute.
    assert [row["serverless_cost_share"] for row in rows] == pytest.approx(shares)


def test_the_job_of_many_short_runs_is_a_candidate_and_the_one_of_long_runs_is_not(
    reported: ProjectRun, planted: Planted, window: list[date]
) -> None:
    facts = planted["job_that_should_be_serverless"]
    found = {
        (row["workspace_id"], row["job_id"]): row
        for row in reported.fetch(f"select * from {GOLD}.rpt_serverless_candidates")
    }
    row = found[facts["workspace_id"], facts["job_id"]]
    assert "short_runs" in row["rules"]
    assert row["runs_a_day"] == facts["runs_a_day"]
    assert row["p50_duration_seconds"] == facts["median_seconds"]
    assert str(int(facts["median_seconds"])) in row["reason"]
    assert abs(row["classic_list_cost"] - share_of_window(facts["list_cost"], 45, len(window))) < 1
    moving = planted["work_that_moves_to_serverless"]
    for job_id in (moving["classic_job_id"], moving["serverless_job_id"]):
        assert (MOVING_WORKSPACE_ID, job_id) not in found


def test_coverage_tells_the_well_tagged_workspace_from_the_badly_tagged_one(
    reported: ProjectRun, planted: Planted
) -> None:
    found = {
        (row["workspace_id"], row["tag_key"]): row
        for row in reported.fetch(
            "select workspace_id, tag_key, sum(list_cost) as list_cost,"
            " sum(tagged_list_cost) as tagged_list_cost, sum(record_count) as record_count,"
            " sum(tagged_record_count) as tagged_record_count"
            f" from {GOLD}.rpt_tag_coverage where period = 'day' and scope = 'workspace' group by all"
        )
    }
    for facts in planted["workspaces_tagged_well_and_badly"]["workspaces"]:
        # The last of the planted days is not complete: it has one record for 1 USD in each workspace, and
        # the tags of the well tagged one.
        is_well = facts["workspace_id"] == WELL_TAGGED_WORKSPACE_ID
        by_key = found[facts["workspace_id"], "department"]
        by_all = found[facts["workspace_id"], "all"]
        assert by_key["list_cost"] == Decimal(facts["list_cost"]) - 1
        assert by_key["record_count"] == facts["record_count"] - 1
        assert by_key["tagged_list_cost"] == Decimal(facts["list_cost_with_department"]) - is_well
        assert by_key["tagged_record_count"] == facts["records_with_department"] - is_well
        assert (by_all["tagged_list_cost"] or 0) == max(
            Decimal(facts["list_cost_with_all_eight"]) - is_well, 0
        )


def test_coverage_of_the_account_is_that_of_its_workspaces(reported: ProjectRun) -> None:
    sums = (
        "sum(list_cost), sum(tagged_list_cost), sum(record_count), sum(tagged_record_count)"
        f" from {GOLD}.rpt_tag_coverage where scope = "
    )
    columns = "select period, period_start_date, tag_key, "
    account = reported.fetch(f"{columns}{sums}'account' group by 1, 2, 3 order by 1, 2, 3")
    assert account == reported.fetch(f"{columns}{sums}'workspace' group by 1, 2, 3 order by 1, 2, 3")
    assert account != []


@pytest.fixture(scope="module")
def tag_findings(reported: ProjectRun) -> list[dict[str, Any]]:
    return reported.fetch(f"select * from {GOLD}.rpt_tag_quality")


def test_values_that_nearly_agree_are_found_and_others_are_not(
    tag_findings: list[dict[str, Any]], planted: Planted
) -> None:
    facts = planted["tag_values_that_nearly_agree"]
    near = {
        (row["tag_key"], row["tag_value"]): row
        for row in tag_findings
        if row["finding"] == "near_duplicate_value"
    }
    for value in facts["near_duplicates"]:
        row = near.pop((value["tag_key"], value["tag_value"]))
        assert row["suggested_value"] == "finance"
        assert row["list_cost"] == Decimal(value["list_cost"])
    assert near == {}


def test_values_that_no_list_knows_are_found_and_allowed_ones_are_not(
    tag_findings: list[dict[str, Any]], planted: Planted
) -> None:
    unknown = {
        (row["tag_key"], row["tag_value"]): row for row in tag_findings if row["finding"] == "unknown_value"
    }
    expected = planted["tag_values_that_nearly_agree"]["unknown_values"]
    assert set(unknown) == {(value["tag_key"], value["tag_value"]) for value in expected}
    for value in expected:
        assert unknown[value["tag_key"], value["tag_value"]]["list_cost"] == Decimal(value["list_cost"])
    assert unknown["environment", "prodd"]["suggested_value"] == "prod"
    assert unknown["environment", "live"]["suggested_value"] is None


def test_levels_that_disagree_are_found_with_their_money(
    tag_findings: list[dict[str, Any]], planted: Planted
) -> None:
    facts = planted["tag_conflict_with_money"]
    (row,) = [row for row in tag_findings if row["finding"] == "conflict"]
    assert (row["tag_key"], row["tag_level"], row["other_level"]) == (facts["tag_key"], "usage", "cluster")
    assert (row["tag_value"], row["other_value"]) == (
        facts["value_that_holds"],
        facts["value_of_the_cluster"],
    )
    # One of its days is not complete.
    assert row["record_count"] == facts["record_count"] - 1
    assert row["list_cost"] == share_of_window(facts["list_cost"], 10, 9)


def test_cost_of_nobody_is_found_and_tagged_cost_is_not(reported: ProjectRun, planted: Planted) -> None:
    facts = planted["cost_that_belongs_to_nobody"]
    rows = reported.fetch(f"select * from {GOLD}.rpt_unattributed_costs")
    (row,) = [
        row
        for row in rows
        if row["workspace_id"] == RUNS_WORKSPACE_ID
        and row["billing_origin_product"] == facts["billing_origin_product"]
    ]
    assert (row["reason"], row["contact"], row["is_nobodys"]) == ("no_entity", None, True)
    # One of its ten days is not complete.
    assert row["list_cost"] == share_of_window(facts["list_cost"], 10, 9)
    assert not [row for row in rows if row["workspace_id"] == WELL_TAGGED_WORKSPACE_ID]


def test_usage_without_a_price_is_reported_with_its_reason(reported: ProjectRun, planted: Planted) -> None:
    reasons: dict[str, str] = {}
    priced: set[str] = set()
    for case in (
        "sku_without_price",
        "priced_in_another_unit",
        "usage_before_first_price",
        "gap_in_price_windows",
        "priced_in_other_currency_only",
        "price_of_zero",
        "price_published_late",
    ):
        for record in planted[case]["records"]:
            if record["list_cost"] is None:
                reasons[record["record_id"]] = record["unpriced_reason"]
            else:
                priced.add(record["record_id"])
    found = {
        (row["sku_key"], row["reason"]) for row in reported.fetch(f"select * from {GOLD}.rpt_unpriced_usage")
    }
    record_ids = "', '".join([*reasons, *priced])
    skus = {
        row["record_id"]: row["sku_key"]
        for row in reported.fetch(
            f"select record_id, sku_key from {GOLD}.fct_usage where record_id in ('{record_ids}')"
        )
    }
    assert {(skus[record_id], reason) for record_id, reason in reasons.items()} <= found
    never_unpriced = {skus[record_id] for record_id in priced} - {skus[record_id] for record_id in reasons}
    assert len(never_unpriced) == 2
    assert not never_unpriced & {sku_key for sku_key, _ in found}
