"""The operations reports tell what is wrong with the account and its data, and not of what is in order."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from end_to_end.project_run import CATALOG, ROOT, ProjectRun
from synthetic_account.plants.stable_ids import (
    NEAR_BUDGET_DEPARTMENT,
    OVER_BUDGET_DEPARTMENT,
    POLICY_WORKSPACE_ID,
    RHYTHM_WORKSPACE_ID,
    SPIKE_WORKSPACE_ID,
    TINY_WORKSPACE_ID,
    UNDER_BUDGET_DEPARTMENT,
)

pytestmark = pytest.mark.warehouse

GOLD = f"{CATALOG}.plt_gold"
OPS = f"{CATALOG}.plt_ops"
Planted = dict[str, dict[str, Any]]
Row = dict[str, Any]

#: The table that stops nine days before the others.
STALE = "system.lakeflow.pipeline_update_timeline"


@pytest.fixture(scope="module")
def alerts(reported: ProjectRun) -> list[Row]:
    return reported.fetch(f"select * from {GOLD}.rpt_alerts")


def of_type(alerts: list[Row], alert_type: str) -> dict[tuple[str | None, str], Row]:
    """The alerts of a type, by workspace and subject; of a kind that fires once for each."""
    found = [row for row in alerts if row["alert_type"] == alert_type]
    by_subject = {(row["workspace_id"], row["subject_id"]): row for row in found}
    assert len(by_subject) == len(found)
    return by_subject


def of_job(facts: dict[str, Any]) -> tuple[str, str]:
    return facts["workspace_id"], facts["job_id"]


def test_a_job_that_keeps_failing_fires_and_one_that_succeeds_is_quiet(
    alerts: list[Row], planted: Planted
) -> None:
    failing = planted["policy_failure_rate_high"]
    failed, often = of_type(alerts, "failed_run"), of_type(alerts, "failure_rate")
    row = failed[of_job(failing)]
    assert (row["subject_type"], row["subject_owner"]) == ("JOB", failing["owner"])
    assert row["observed_value"] >= row["limit_value"]
    assert row["first_seen_at"] <= row["last_seen_at"]
    # Four of five fail.
    assert often[of_job(failing)]["observed_value"] == pytest.approx(0.8, abs=0.08)
    for case in ("job_that_always_succeeds", "job_within_every_policy"):
        assert of_job(planted[case]) not in failed.keys() | often.keys()
    # One failure in four, made good by the next run.
    assert of_job(planted["job_that_flakes"]) in often


def test_budgets_fire_by_how_much_is_used_of_them(alerts: list[Row], planted: Planted) -> None:
    fired = {subject: row for (_, subject), row in of_type(alerts, "cost_over_budget").items()}
    assert fired[OVER_BUDGET_DEPARTMENT]["threshold_id"] == "budget-over"
    assert fired[NEAR_BUDGET_DEPARTMENT]["threshold_id"] == "budget-near"
    assert UNDER_BUDGET_DEPARTMENT not in fired
    (over,) = [
        facts
        for facts in planted["departments_and_their_budgets"]["budgets"]
        if facts["department"] == OVER_BUDGET_DEPARTMENT
    ]
    # The account ends with the month, whose last day is not complete.
    whole_month = Decimal(over["list_cost_by_month"]["2026-10"])
    assert fired[OVER_BUDGET_DEPARTMENT]["money_at_stake"] == whole_month * 30 / 31


def test_a_spike_of_cost_fires_and_busy_mondays_and_small_amounts_do_not(
    alerts: list[Row], planted: Planted
) -> None:
    fired = of_type(alerts, "cost_anomaly")
    spike = planted["cost_with_a_spike"]
    (of_the_workspace,) = [
        row
        for (workspace_id, subject), row in fired.items()
        if workspace_id == SPIKE_WORKSPACE_ID and subject.startswith("workspace: ")
    ]
    assert str(of_the_workspace["first_seen_at"].date()) == spike["anomaly_date"]
    assert of_the_workspace["observed_value"] == float(spike["cost_by_date"][spike["anomaly_date"]])
    assert of_the_workspace["limit_value"] < of_the_workspace["observed_value"]
    assert fired.keys() & {(None, f"sku: {spike['sku_name']}")}
    assert not {workspace_id for workspace_id, _ in fired} & {RHYTHM_WORKSPACE_ID, TINY_WORKSPACE_ID}
    for case in ("cost_with_busy_mondays", "cost_too_small_to_matter"):
        assert (None, f"sku: {planted[case]['sku_name']}") not in fired


def test_breaches_fire_unless_a_waiver_holds(
    reported: ProjectRun, alerts: list[Row], planted: Planted
) -> None:
    fired = {
        (row["threshold_id"], row["subject_type"], row["subject_id"]): row
        for row in alerts
        if row["alert_type"] == "policy_breach" and row["workspace_id"] == POLICY_WORKSPACE_ID
    }
    waivers = planted["policy_waivers"]
    old = planted["policy_runtime_too_old"]
    assert ("runtime-supported", "CLUSTER", old["cluster_id"]) in fired
    assert fired["runtime-supported", "CLUSTER", old["cluster_id"]]["severity"] == "warn"
    assert ("runtime-supported", "CLUSTER", waivers["expired_waiver_cluster_id"]) in fired
    assert ("failure-rate", "JOB", planted["policy_failure_rate_high"]["job_id"]) in fired
    quiet = {
        waivers["waived_cluster_id"],
        planted["cluster_within_every_policy"]["cluster_id"],
        planted["job_within_every_policy"]["job_id"],
    }
    assert not {subject for _, _, subject in fired} & quiet
    assert len(fired) == reported.value(
        f"select count(*) from {GOLD}.rpt_policy_compliance"
        f" where workspace_id = '{POLICY_WORKSPACE_ID}' and compliance_status <> 'waived'"
    )


def test_slower_tasks_fire_and_noisy_ones_do_not(alerts: list[Row], planted: Planted) -> None:
    fired = of_type(alerts, "latency_regression")

    def fires(facts: dict[str, Any]) -> bool:
        return (facts["workspace_id"], f"{facts['job_id']}/{facts['task_key']}") in fired

    cases = {case: facts for case, facts in planted.items() if case.startswith("task_latency_")}
    assert {case: fires(facts) for case, facts in cases.items()} == {
        case: facts["must_be_reported"] for case, facts in cases.items()
    }
    regression = planted["task_latency_regression"]
    row = fired[regression["workspace_id"], f"{regression['job_id']}/{regression['task_key']}"]
    assert str(row["first_seen_at"].date()) == regression["change_date"]


def test_every_alert_tells_whom_to_ask_and_what_was_seen(reported: ProjectRun, alerts: list[Row]) -> None:
    assert all(row["evidence"] and row["alert_owner"] and row["severity"] for row in alerts)
    names = {
        row["workspace_id"]: row["workspace_name"]
        for row in reported.fetch(
            f"select * from {GOLD}.dim_workspace where is_current and workspace_id is not null"
        )
    }
    wrong = [
        row
        for row in alerts
        if row["workspace_id"] in names and row["workspace_name"] != names[row["workspace_id"]]
    ]
    assert wrong == []
    assert all(row["workspace_name"] is None for row in alerts if row["workspace_id"] is None)


def test_a_source_is_as_fresh_as_its_newest_row(
    reported: ProjectRun, alerts: list[Row], reported_at: datetime
) -> None:
    with (ROOT / "seeds" / "source_expectations.csv").open(encoding="utf-8", newline="") as lines:
        expected = {row["source"]: row for row in csv.DictReader(lines)}
    rows = {row["source"]: row for row in reported.fetch(f"select * from {GOLD}.rpt_source_freshness")}
    assert rows.keys() == expected.keys()
    for source, row in rows.items():
        limits = [int(expected[source][name] or 0) for name in ("warn_after_hours", "error_after_hours")]
        assert row["looked_at"].replace(tzinfo=UTC) == reported_at
        if not any(limits):
            assert (row["freshness_status"], row["severity"]) == ("no_expectation", None), source
            continue
        newest = row["newest_watermark"].replace(tzinfo=UTC)
        assert row["age_hours"] == pytest.approx((reported_at - newest).total_seconds() / 3600), source
        assert row["complete_through"] == newest.date() - timedelta(days=1), source
        if source == STALE:
            assert (row["freshness_status"], row["severity"]) == ("stale", "warn")
        else:
            assert (row["freshness_status"], row["severity"]) == ("fresh", None), source
    assert rows["system.billing.usage"]["newest_watermark"].date() == reported.value(
        "select max(ingestion_date) from system.billing.usage"
    )
    assert rows[STALE]["newest_watermark"] == reported.value(f"select max(period_end_time) from {STALE}")
    fired = of_type(alerts, "stale_source")
    assert set(fired) == {(None, STALE)}
    assert fired[None, STALE]["first_seen_at"] == rows[STALE]["newest_watermark"] + timedelta(hours=168)


def test_findings_of_data_quality_are_those_that_were_planted(
    reported: ProjectRun, alerts: list[Row], planted: Planted
) -> None:
    rows = {row["rule_id"]: row for row in reported.fetch(f"select * from {GOLD}.rpt_data_quality_score")}
    for case in ("retraction_of_what_was_not_there", "negative_original_of_late"):
        facts, row = planted[case], rows[planted[case]["rule_id"]]
        day = int(facts["usage_date"].replace("-", ""))
        assert (row["failed_rows"], row["failed_money"]) == (1, abs(Decimal(facts["list_cost"]))), case
        assert (row["first_failed_date_key"], row["last_failed_date_key"], row["failed_days"]) == (
            day,
            day,
            1,
        )
        assert row["score"] == pytest.approx(float(1 - row["failed_money"] / row["checked_money"])), case
        # Less than a thousandth of the money.
        assert row["is_firing"] is False
    assert planted["retraction_of_what_was_there"]["usage_date"] >= str(rows["all"]["first_day"])
    for rule_id in ("layers-differ", "quarantined-unknown-record-type", "entity-without-name"):
        assert (rows[rule_id]["failed_rows"], rows[rule_id]["score"]) == (0, 1), rule_id

    rules = [row for row in rows.values() if row["scope"] == "rule"]
    assert sum(row["score_weight"] for row in rules) == pytest.approx(1)
    overall = rows["all"]["score"]
    assert overall == pytest.approx(sum(row["score"] * row["score_weight"] for row in rules))
    assert 0 < overall < 1
    firing = {row["rule_id"] for row in rules if row["is_firing"]}
    assert firing == {row["threshold_id"] for row in alerts if row["alert_type"] == "data_quality"}
    assert firing == {
        row["rule_id"]
        for row in rules
        if row["failed_rows"] > 0 and row["failed_share"] > row["maximum_share"]
    }


def test_each_day_keeps_the_findings_of_all_its_records(reported: ProjectRun, planted: Planted) -> None:
    """Also of days before the window of the score."""
    (orphan,) = planted["retraction_with_own_id_of_a_quarantined_record"]["accepted"]
    # Takes back more than was there.
    *_, too_much = planted["extreme_amounts"]["records"]
    assert {orphan["usage_date"], orphan["record_type"]} == {too_much["usage_date"], "RETRACTION"}
    found = reported.fetch(
        f"select * from {OPS}.dq_usage_daily where rule_kind = 'orphan_retraction'"
        f" and date_key = {orphan['usage_date'].replace('-', '')}"
    )
    assert [(row["failed_rows"], row["failed_money"]) for row in found] == [
        (2, abs(Decimal(orphan["list_cost"])) + abs(Decimal(too_much["list_cost"])))
    ]


def test_the_build_tells_how_long_each_of_its_tables_and_views_took(reported: ProjectRun) -> None:
    rows = reported.fetch(f"select * from {GOLD}.rpt_build_performance where is_last_run")
    built = {
        row["table_name"]
        for row in reported.fetch(
            f"select table_name from {CATALOG}.information_schema.tables where table_schema like 'plt\\_%'"
        )
    }
    assert len(built) > 100
    assert {row["node_name"] for row in rows} == built
    assert {row["status"] for row in rows} == {"success"}
    assert all(row["seconds"] > 0 for row in rows)
    first = reported.fetch(
        f"select * from {GOLD}.rpt_build_performance"
        " qualify run_started_at = min(run_started_at) over () and successful_runs_before = 0"
    )
    assert sum(row["run_share"] for row in first) == pytest.approx(1)
    assert all((row["median_seconds_before"], row["slowdown_ratio"]) == (None, None) for row in first)
