"""The platform reports find what is planted for them, and nothing of what is planted not to be found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from end_to_end.project_run import CATALOG, ProjectRun
from synthetic_account.plants.stable_ids import POLICY_WORKSPACE_ID, RUNS_WORKSPACE_ID

pytestmark = pytest.mark.warehouse

GOLD = f"{CATALOG}.plt_gold"
Planted = dict[str, dict[str, Any]]

#: The policies of the seed that each planted breach is about.
POLICIES = {
    "runtime_too_old": {"runtime-supported", "runtime-age"},
    "runtime_out_of_support": {"runtime-supported"},
    "auto_termination_off": {"auto-termination"},
    "autoscaling_off": {"autoscaling"},
    "node_type_not_allowed": {"node-types"},
    "required_tags_missing": {"required-tags"},
    "job_on_all_purpose": {"jobs-on-job-compute"},
    "run_too_long": {"run-duration"},
    "failure_rate_high": {"failure-rate"},
    "daily_cost_high": {"daily-cost"},
}


@pytest.fixture(scope="module")
def breaches(reported: ProjectRun) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Rows of the report for the workspace of policies, by subject and policy."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in reported.fetch(
        f"select * from {GOLD}.rpt_policy_compliance where workspace_id = '{POLICY_WORKSPACE_ID}'"
    ):
        found.setdefault((row["subject_type"], row["subject_id"]), {})[row["policy_id"]] = row
    return found


@pytest.fixture(scope="module")
def complete_dates(reported: ProjectRun) -> set[str]:
    """The days of the reports' window."""
    rows = reported.fetch(
        f"select explode(sequence(first_day, last_day)) as day from (select distinct first_day, last_day"
        f" from {GOLD}.rpt_policy_compliance)"
    )
    return {str(row["day"]) for row in rows}


def test_each_planted_breach_is_reported_under_its_policy_and_no_other(
    breaches: dict[tuple[str, str], dict[str, Any]], planted: Planted
) -> None:
    expected: dict[tuple[str, str], set[str]] = {}
    for facts in planted.values():
        if facts.get("must_be_reported") is not True or facts.get("breaks") not in POLICIES:
            continue
        subject = ("JOB", facts["job_id"]) if "job_id" in facts else ("CLUSTER", facts["cluster_id"])
        expected[subject] = POLICIES[facts["breaks"]]
    waivers = planted["policy_waivers"]
    for name in ("waived_cluster_id", "expired_waiver_cluster_id"):
        expected["CLUSTER", waivers[name]] = POLICIES[waivers["breaks"]]
    assert len(expected) == 12
    assert {subject: set(rows) for subject, rows in breaches.items()} == expected


def test_what_is_within_every_policy_is_not_reported(
    breaches: dict[tuple[str, str], dict[str, Any]], planted: Planted
) -> None:
    assert ("CLUSTER", planted["cluster_within_every_policy"]["cluster_id"]) not in breaches
    assert ("JOB", planted["job_within_every_policy"]["job_id"]) not in breaches


def test_money_at_stake_is_what_was_spent_on_complete_days(
    breaches: dict[tuple[str, str], dict[str, Any]], planted: Planted, complete_dates: set[str]
) -> None:
    def spent(by_date: dict[str, str]) -> Decimal:
        return sum((Decimal(cost) for day, cost in by_date.items() if day in complete_dates), Decimal(0))

    wrong = []
    checked = 0
    for case, facts in planted.items():
        if facts.get("must_be_reported") is not True or facts.get("breaks") not in POLICIES:
            continue
        by_date = facts.get("list_cost_by_date") or facts.get("expensive_days")
        if by_date is None:
            continue
        subject = ("JOB", facts["job_id"]) if "job_id" in facts else ("CLUSTER", facts["cluster_id"])
        for policy, row in breaches[subject].items():
            checked += 1
            # The one job of a cluster has all its cost, worked out by a share of time.
            if abs(row["money_at_stake"] - spent(by_date)) > Decimal("1e-9"):
                wrong.append(f"{case} {policy}: {row['money_at_stake']}, spent {spent(by_date)}")
    assert wrong == []
    assert checked == 9


def test_breaches_name_owner_and_evidence(
    breaches: dict[tuple[str, str], dict[str, Any]], planted: Planted
) -> None:
    for case in ("policy_runtime_too_old", "policy_run_too_long", "policy_failure_rate_high"):
        facts = planted[case]
        subject = ("JOB", facts["job_id"]) if "job_id" in facts else ("CLUSTER", facts["cluster_id"])
        assert {row["owner"] for row in breaches[subject].values()} == {facts["owner"]}
    old = breaches["CLUSTER", planted["policy_runtime_too_old"]["cluster_id"]]
    assert all("10.4.x" in row["evidence"] for row in old.values())
    long = planted["policy_run_too_long"]
    (row,) = breaches["JOB", long["job_id"]].values()
    assert long["long_run"]["run_id"] in row["evidence"]
    assert row["observed_value"] == pytest.approx(long["long_run_seconds"] / 3600)


def test_a_waiver_holds_until_it_expires(
    breaches: dict[tuple[str, str], dict[str, Any]], planted: Planted
) -> None:
    waivers = planted["policy_waivers"]
    states = {
        name: {row["compliance_status"] for row in breaches["CLUSTER", waivers[name]].values()}
        for name in ("waived_cluster_id", "expired_waiver_cluster_id")
    }
    assert states == {"waived_cluster_id": {"waived"}, "expired_waiver_cluster_id": {"waiver_expired"}}
    unwaived = breaches["CLUSTER", planted["policy_runtime_too_old"]["cluster_id"]]
    assert {row["compliance_status"] for row in unwaived.values()} == {"open"}


def test_runs_that_went_wrong_cost_what_was_planted(reported: ProjectRun, planted: Planted) -> None:
    facts = planted["failed_runs_with_known_costs"]
    rows = {
        row["run_id"]: row
        for row in reported.fetch(
            f"select * from {GOLD}.rpt_failed_run_costs where workspace_id = '{RUNS_WORKSPACE_ID}'"
        )
    }
    for run in facts["priced_runs"]:
        if run["kind"] == "succeeded":
            assert run["run_id"] not in rows
            continue
        row = rows[run["run_id"]]
        lost = Decimal(run["list_cost"]) * run["lost_seconds"] / run["busy_seconds"]
        assert (row["kind"], row["list_cost"], row["cost_status"], row["owner"]) == (
            run["kind"],
            Decimal(run["list_cost"]),
            "priced",
            facts["run_as"],
        )
        assert row["wasted_list_cost"] == pytest.approx(lost)
    causes = {
        run["kind"]: rows[run["run_id"]]["cause"] for run in facts["priced_runs"] if run["run_id"] in rows
    }
    assert causes == {
        "failed": "library",
        "timed_out": "timeout",
        "cancelled": "cancelled",
        "retried": "code",
        "repaired": "code",
    }


def health_of(reported: ProjectRun, facts: dict[str, Any]) -> dict[str, Any]:
    (row,) = reported.fetch(
        f"select * from {GOLD}.rpt_run_health"
        f" where workspace_id = '{facts['workspace_id']}' and job_id = '{facts['job_id']}'"
    )
    return row


def test_a_run_that_hangs_is_overdue_and_others_are_not(reported: ProjectRun, planted: Planted) -> None:
    facts = planted["run_that_is_overdue"]
    row = health_of(reported, facts)
    assert (row["running_runs"], row["overdue_runs"]) == (1, 1)
    assert row["longest_running_run_id"] == facts["run_id"]
    # As far as its newest slice tells: the hour in which the account ends has none yet.
    assert 0 <= facts["running_seconds_at_end"] - row["longest_running_seconds"] <= 3600
    assert row["p50_duration_seconds"] == pytest.approx(facts["usual_seconds"], rel=0.1)
    assert (
        reported.value(
            f"select count(*) from {GOLD}.rpt_policy_compliance where rule = 'overdue_run'"
            f" and subject_id = '{facts['job_id']}'"
        )
        == 1
    )
    assert health_of(reported, planted["job_that_always_succeeds"])["overdue_runs"] == 0


def test_health_tells_reliable_from_flaky_and_waiting_from_prompt(
    reported: ProjectRun, planted: Planted
) -> None:
    assert health_of(reported, planted["job_that_always_succeeds"])["success_rate"] == 1
    flaky = health_of(reported, planted["job_that_flakes"])
    assert flaky["success_rate"] == pytest.approx(0.75, abs=0.02)
    queues = planted["job_that_waits_in_the_queue"]
    waits, starts_at_once = (
        health_of(reported, queues[name])["p50_queue_seconds"] for name in ("waits", "starts_at_once")
    )
    assert waits == pytest.approx(queues["waits"]["median_queue_seconds"], abs=10)
    assert starts_at_once == pytest.approx(queues["starts_at_once"]["median_queue_seconds"], abs=10)


def test_a_runtime_out_of_support_comes_before_all_others(reported: ProjectRun, planted: Planted) -> None:
    rows = reported.fetch(f"select * from {GOLD}.rpt_runtime_versions order by upgrade_priority")
    by_version = {row["dbr_version"]: row for row in rows}
    old = by_version[planted["policy_runtime_too_old"]["evidence"]["dbr_version"]]
    assert (old["support_status"], old["upgrade_to"]) == ("ended", "18.0")
    # The planted one, and the two with a waiver.
    assert old["cluster_count"] >= 3
    assert planted["policy_runtime_too_old"]["owner"] in old["owners"]
    short = by_version[planted["policy_runtime_out_of_support"]["evidence"]["dbr_version"]]
    assert (short["support_status"], short["is_lts"], short["upgrade_to"]) == ("ended", False, "18.0")
    assert by_version["17.3.x-scala2.13"]["support_status"] == "supported"
    states = [row["support_status"] for row in rows]
    assert states == sorted(states, key=["ended", "not_listed", "ends_soon", "unknown", "supported"].index)


def test_node_types_of_one_cluster_cost_what_was_planted(
    reported: ProjectRun, planted: Planted, complete_dates: set[str]
) -> None:
    rows = {row["node_type"]: row for row in reported.fetch(f"select * from {GOLD}.rpt_node_type_efficiency")}
    for used in planted["node_types_of_one_cluster"]["used"]:
        row = rows[used["node_type"]]
        # One record a day, on each of the last days of the account.
        complete = used["record_count"] - (1 if max(complete_dates) < "2026-10-31" else 0)
        assert row["cluster_count"] == 1
        assert row["list_cost"] == Decimal(used["list_cost"]) * complete / used["record_count"]
        assert (row["gpu_list_cost_without_ml"] is not None) == (used["of"] == "gpu")


def test_a_cluster_costs_what_was_planted_for_it(
    reported: ProjectRun, planted: Planted, complete_dates: set[str]
) -> None:
    for case in ("cluster_within_every_policy", "policy_node_type_not_allowed"):
        facts = planted[case]
        (row,) = reported.fetch(
            f"select * from {GOLD}.rpt_cluster_costs where cluster_id = '{facts['cluster_id']}'"
        )
        days = [day for day in facts["list_cost_by_date"] if day in complete_dates]
        assert row["list_cost"] == sum(Decimal(facts["list_cost_by_date"][day]) for day in days)
        assert (row["active_days"], row["owner"]) == (len(days), facts["owner"])


def test_the_job_with_expensive_days_is_among_the_cost_drivers(
    reported: ProjectRun, planted: Planted
) -> None:
    facts = planted["policy_daily_cost_high"]
    (row,) = reported.fetch(
        f"select * from {GOLD}.rpt_top_cost_drivers"
        f" where workspace_id = '{facts['workspace_id']}' and entity_id = '{facts['job_id']}'"
    )
    assert row["list_cost"] >= sum(map(Decimal, facts["expensive_days"].values()))
    assert row["cost_rank"] <= 10
    assert row["owner"] == facts["owner"]


def test_what_costs_little_or_cost_it_before_is_no_driver(
    reported: ProjectRun, planted: Planted, complete_dates: set[str]
) -> None:
    rows = reported.fetch(f"select * from {GOLD}.rpt_top_cost_drivers order by cost_rank")
    by_entity = {(row["workspace_id"], row["entity_id"]): row for row in rows}
    expensive = planted["policy_daily_cost_high"]
    cheap = planted["cluster_within_every_policy"]
    tiny = planted["cost_too_small_to_matter"]
    (row,) = [row for row in rows if row["workspace_id"] == tiny["workspace_id"]]
    for facts, found in (
        (
            cheap | {"cost_by_date": cheap["list_cost_by_date"]},
            by_entity[POLICY_WORKSPACE_ID, cheap["cluster_id"]],
        ),
        (tiny, row),
    ):
        in_window = {day: cost for day, cost in facts["cost_by_date"].items() if day in complete_dates}
        assert 0 < len(in_window) < len(facts["cost_by_date"])
        assert found["list_cost"] == sum(map(Decimal, in_window.values()))
        assert found["cost_rank"] > by_entity[POLICY_WORKSPACE_ID, expensive["job_id"]]["cost_rank"]
        assert found["cost_rank"] > 10
    costs = [row["list_cost"] for row in rows if row["list_cost"] is not None]
    assert costs == sorted(costs, reverse=True)
    # The account does not reach back over the days before: nothing is new, and nothing has grown.
    assert {(row["previous_list_cost"], row["change_ratio"], row["trend"]) for row in rows} == {(None,) * 3}
