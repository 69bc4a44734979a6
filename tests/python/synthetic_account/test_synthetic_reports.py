"""What reports must find, and must not, is in the files at the figures the truths give.

Everything is counted from the lines alone, with the plainest measure that tells the planted thing from its
neighbours; how a report finds it is the report's business.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from made_account import MadeAccount, Row, make

from synthetic_account.plants import stable_ids
from synthetic_account.plants.all_cases import ALL_CASES

RunKey = tuple[str, str]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> MadeAccount:
    return make(tmp_path_factory.mktemp("account") / "out")


@pytest.fixture(scope="module")
def usage(account: MadeAccount) -> list[Row]:
    return [row for _, row in account.rows("billing.usage")]


@pytest.fixture(scope="module")
def prices(account: MadeAccount) -> dict[tuple[str, str], Decimal]:
    """SKUs with one price in USD for the whole window; planted cases are billed on no other."""
    found = defaultdict(set)
    for row in account.newest_listing("billing.list_prices"):
        if row["currency_code"] == "USD":
            found[row["sku_name"], row["cloud"]].add(Decimal(row["pricing"]["default"]))
    return {sku: next(iter(known)) for sku, known in found.items() if len(known) == 1}


@pytest.fixture(scope="module")
def spent(usage: list[Row], prices: dict[tuple[str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    """What each record costs, by its key."""
    return {
        (row["record_id"], row["record_type"]): Decimal(row["usage_quantity"])
        * prices[row["sku_name"], row["cloud"]]
        for row in usage
        if {"record_id", "record_type", "usage_quantity"} <= row.keys()
        and (row.get("sku_name"), row.get("cloud")) in prices
    }


@pytest.fixture(scope="module")
def slices(account: MadeAccount) -> dict[RunKey, list[Row]]:
    return by_run(account, "lakeflow.job_run_timeline")


@pytest.fixture(scope="module")
def task_slices(account: MadeAccount) -> dict[RunKey, list[Row]]:
    return by_run(account, "lakeflow.job_task_run_timeline")


@pytest.fixture(scope="module")
def clusters(account: MadeAccount) -> dict[str, list[Row]]:
    """The versions of each cluster, oldest first."""
    found: dict[str, list[Row]] = defaultdict(list)
    for _, row in account.rows("compute.clusters"):
        found[row["cluster_id"]].append(row)
    return {
        cluster_id: sorted(rows, key=lambda r: str(r["change_time"])) for cluster_id, rows in found.items()
    }


def by_run(account: MadeAccount, table: str) -> dict[RunKey, list[Row]]:
    found: dict[RunKey, list[Row]] = defaultdict(list)
    for _, row in account.rows(table):
        if row not in found[row["workspace_id"], row["run_id"]]:
            found[row["workspace_id"], row["run_id"]].append(row)
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def span(rows: list[Row]) -> int:
    """Seconds from the first start to the last end."""
    begun, ended = min(r["period_start_time"] for r in rows), max(r["period_end_time"] for r in rows)
    return int((at(ended) - at(begun)).total_seconds())


def result(rows: list[Row]) -> str | None:
    state: str | None = max(rows, key=lambda row: str(row["period_end_time"])).get("result_state")
    return state


def of_job(slices: dict[RunKey, list[Row]], facts: Row) -> dict[str, list[Row]]:
    """The runs of the job that facts name, by run id, in the order they started."""
    found = {
        run_id: rows
        for (workspace_id, run_id), rows in slices.items()
        if workspace_id == facts["workspace_id"] and rows[0]["job_id"] == facts["job_id"]
    }
    return dict(sorted(found.items(), key=lambda item: min(str(r["period_start_time"]) for r in item[1])))


def planted_usage(account: MadeAccount, usage: list[Row], case: str) -> list[Row]:
    keys = {(key["record_id"], key["record_type"]) for key in account.plant(case)["keys"]}
    return [row for row in usage if (row.get("record_id"), row.get("record_type")) in keys]


def total(spent: dict[tuple[str, str], Decimal], rows: Iterable[Row]) -> Decimal:
    return sum((spent[row["record_id"], row["record_type"]] for row in rows), Decimal(0))


# Tasks and runs


LATENCY = [case.name for case in ALL_CASES if case.name.startswith("task_latency")]


@pytest.mark.parametrize("case", LATENCY)
def test_task_latency(account: MadeAccount, task_slices: dict[RunKey, list[Row]], case: str) -> None:
    facts = account.plant(case)["facts"]
    taken: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for rows in of_job(task_slices, facts).values():
        begun = min(row["period_start_time"] for row in rows)
        taken[rows[0]["task_key"], begun[:10] >= facts["change_date"]].append(span(rows))
    before, after = taken[facts["task_key"], False], taken[facts["task_key"], True]
    assert (len(before), len(after)) == (facts["runs_before"], facts["runs_after"])
    assert median(before) == facts["median_seconds_before"]
    assert median(after) == facts["median_seconds_after"]
    other = facts["steady_task_key"]
    assert 0.95 < median(taken[other, True]) / median(taken[other, False]) < 1.05
    change = median(after) / median(before)
    if facts["must_be_reported"]:
        assert min(after) > 1.8 * max(before)
        assert len(after) == 20
    elif case == "task_latency_with_too_few_runs":
        assert change == 2 and len(after) == 1
    elif case == "task_latency_that_got_better":
        assert max(after) < 0.6 * min(before)
    else:
        assert 0.95 < change < 1.05
    if case == "task_latency_noisy_but_stable":
        assert max(before) > 4 * min(before)


def test_a_week_of_noise_is_like_any_other(
    account: MadeAccount, task_slices: dict[RunKey, list[Row]]
) -> None:
    facts = account.plant("task_latency_noisy_but_stable")["facts"]
    taken = [span(rows) for rows in of_job(task_slices, facts).values() if rows[0]["task_key"] == "transform"]
    weeks = {tuple(sorted(taken[first : first + 14])) for first in range(len(taken) - 14)}
    assert len(weeks) == 1


def test_clusters_change_with_the_latency(
    account: MadeAccount, task_slices: dict[RunKey, list[Row]], clusters: dict[str, list[Row]]
) -> None:
    facts = account.plant("task_latency_regression")["facts"]
    found: dict[bool, set[tuple[str, str]]] = defaultdict(set)
    for rows in of_job(task_slices, facts).values():
        (version, *_) = clusters[rows[0]["compute"][0]["cluster_id"]]
        late = rows[0]["period_start_time"][:10] >= facts["change_date"]
        found[late].add((version["dbr_version"], version["worker_node_type"]))
    old, new = zip(*facts["changed_columns"].values(), strict=True)
    assert (found[False], found[True]) == ({old}, {new})

    shared = account.plant("task_latency_regression_on_shared_cluster")["facts"]
    first, second = clusters[shared["cluster_id"]]
    assert second["change_time"] == shared["cluster_change_time"]
    for column, (was, became) in shared["changed_columns"].items():
        assert (first[column], second[column]) == (was, became)
    used = {rows[0]["compute"][0]["cluster_id"] for rows in of_job(task_slices, shared).values()}
    assert used == {shared["cluster_id"]}
    slow = min(
        row["period_start_time"]
        for rows in of_job(task_slices, shared).values()
        for row in rows
        if row["period_start_time"][:10] >= shared["change_date"]
    )
    assert timedelta(0) < at(slow) - at(second["change_time"]) < timedelta(hours=1)


def test_failed_runs_cost_what_they_are_said_to(
    account: MadeAccount,
    usage: list[Row],
    spent: dict[tuple[str, str], Decimal],
    slices: dict[RunKey, list[Row]],
    task_slices: dict[RunKey, list[Row]],
) -> None:
    runs = {run["kind"]: run for run in account.plant("failed_runs_with_known_costs")["facts"]["priced_runs"]}
    assert set(runs) == {"failed", "timed_out", "cancelled", "retried", "repaired", "succeeded"}
    for run in runs.values():
        rows = slices[run["workspace_id"], run["run_id"]]
        assert result(rows) == run["result_state"]
        own = [row for row in usage if row["usage_metadata"].get("job_run_id") == run["run_id"]]
        assert total(spent, own) == Decimal(run["list_cost"]) == Decimal(run["busy_seconds"]) / 360
    retried, repaired = runs["retried"], runs["repaired"]
    attempts = [rows for rows in task_slices.values() if rows[0]["job_run_id"] == retried["run_id"]]
    failed = [span(rows) for rows in attempts if result(rows) == "FAILED"]
    assert (len(attempts), failed) == (2, [retried["lost_seconds"]])
    results = [row for row in slices[repaired["workspace_id"], repaired["run_id"]] if "result_state" in row]
    assert [row["result_state"] for row in results] == ["FAILED", "SUCCEEDED"]


def test_reliability(account: MadeAccount, slices: dict[RunKey, list[Row]]) -> None:
    flaky, reliable = (
        account.plant(case)["facts"] for case in ("job_that_flakes", "job_that_always_succeeds")
    )
    for facts in (flaky, reliable):
        states = [result(rows) for rows in of_job(slices, facts).values()]
        assert len(states) == facts["finished_runs"] == 90
        assert states.count("FAILED") == facts["failed_runs"]
    assert (flaky["failed_runs"], reliable["failed_runs"]) == (22, 0)
    failures = [
        min(row["period_start_time"] for row in rows)
        for rows in of_job(slices, flaky).values()
        if result(rows) == "FAILED"
    ]
    gaps = {at(later) - at(earlier) for earlier, later in pairwise(failures)}
    assert gaps == {timedelta(hours=flaky["hours_between_failures"])}


def test_a_run_is_overdue(account: MadeAccount, slices: dict[RunKey, list[Row]]) -> None:
    facts = account.plant("run_that_is_overdue")["facts"]
    runs = of_job(slices, facts)
    late = runs.pop(facts["run_id"])
    assert result(late) is None
    assert span(late) > 0.9 * facts["running_seconds_at_end"] > 100 * facts["usual_seconds"]
    assert median(span(rows) for rows in runs.values()) == facts["usual_seconds"]
    assert {result(rows) for rows in runs.values()} == {"SUCCEEDED"}


def test_one_job_waits(account: MadeAccount, slices: dict[RunKey, list[Row]]) -> None:
    for facts in account.plant("job_that_waits_in_the_queue")["facts"].values():
        waited = [rows[0]["queue_duration_seconds"] for rows in of_job(slices, facts).values()]
        assert len(waited) == facts["finished_runs"]
        assert median(waited) == facts["median_queue_seconds"]
    longest = max(
        row.get("queue_duration_seconds", 0)
        for rows in slices.values()
        for row in rows
        if row["workspace_id"] != stable_ids.RUNS_WORKSPACE_ID
    )
    assert longest < 100


# Cost


SERIES = ("cost_with_a_spike", "cost_with_busy_mondays", "cost_too_small_to_matter")


@pytest.mark.parametrize("case", SERIES)
def test_series_of_cost(
    account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal], case: str
) -> None:
    facts = account.plant(case)["facts"]
    named = {column: facts[column] for column in ("workspace_id", "billing_origin_product", "sku_name")}
    days: dict[str, Decimal] = defaultdict(Decimal)
    for row in usage:
        if named.items() <= row.items():
            days[row["usage_date"]] += spent[row["record_id"], row["record_type"]]
        else:
            assert row.get("sku_name") != facts["sku_name"]
            assert row.get("workspace_id") != facts["workspace_id"]
    assert {day: Decimal(cost) for day, cost in facts["cost_by_date"].items()} == days
    assert len(days) == account.truths["arguments"]["days"]
    of_weekday: dict[int, list[Decimal]] = defaultdict(list)
    for day, cost in days.items():
        of_weekday[date.fromisoformat(day).weekday()].append(cost)
    odd = [
        day
        for day, cost in days.items()
        if abs(cost / median(of_weekday[date.fromisoformat(day).weekday()]) - 1) > Decimal("0.2")
    ]
    assert all(len(costs) >= 5 for costs in of_weekday.values())
    if case == "cost_with_a_spike":
        assert odd == [facts["anomaly_date"]] and facts["must_be_reported"]
        assert days[facts["anomaly_date"]] == 200
    elif case == "cost_with_busy_mondays":
        assert odd == []
        assert median(of_weekday[0]) > 8 * median(of_weekday[1]) > 64 * median(of_weekday[6])
        assert max(days.values()) >= 200
    else:
        assert odd == [facts["spike_date"]] and not facts["must_be_reported"]
        assert max(days.values()) == 2


def test_budgets(account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal]) -> None:
    budgets = account.plant("departments_and_their_budgets")["facts"]["budgets"]
    states = {}
    for budget in budgets:
        months: dict[str, Decimal] = defaultdict(Decimal)
        for row in usage:
            if (row.get("custom_tags") or {}).get("department") == budget["department"]:
                months[row["usage_date"][:7]] += spent[row["record_id"], row["record_type"]]
        assert months == {m: Decimal(cost) for m, cost in budget["list_cost_by_month"].items()}
        share = months["2026-10"] / Decimal(budget["monthly_budget"])
        states[budget["a_full_month_of_31_days_is"]] = share
    assert states["over"] > Decimal("1.5")
    assert Decimal("0.9") <= states["near"] < 1
    assert states["under"] < Decimal("0.25")


def test_work_moves_to_serverless(
    account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal]
) -> None:
    facts = account.plant("work_that_moves_to_serverless")["facts"]
    found: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in usage:
        if row.get("workspace_id") == facts["workspace_id"]:
            found[row["usage_date"], row["product_features"]["is_serverless"]].append(row)
    for day in facts["days"]:
        for kind, serverless in (("serverless", True), ("classic", False)):
            rows = found[day["date"], serverless]
            assert len(rows) == day[f"{kind}_runs"]
            assert total(spent, rows) == Decimal(day[f"{kind}_cost"]) == 3 * len(rows)
    shares = [day["serverless_runs"] for day in facts["days"]]
    assert shares == sorted(shares) and set(shares) == {0, 1, 2, 3, 4}


def test_a_job_that_should_be_serverless(account: MadeAccount, slices: dict[RunKey, list[Row]]) -> None:
    facts = account.plant("job_that_should_be_serverless")["facts"]
    runs = of_job(slices, facts)
    assert len(runs) == facts["runs_a_day"] * account.truths["arguments"]["days"]
    assert median(span(rows) for rows in runs.values()) == facts["median_seconds"] < 300
    clusters = {cluster_id for rows in runs.values() for cluster_id in [rows[0]["compute"][0]["cluster_id"]]}
    assert len(clusters) == len(runs)


def test_node_types_of_one_cluster(
    account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal]
) -> None:
    listed = {row["node_type"]: row for row in account.newest_listing("compute.node_types")}
    for facts in account.plant("node_types_of_one_cluster")["facts"]["used"]:
        rows = [row for row in usage if row["usage_metadata"].get("node_type") == facts["node_type"]]
        assert {row["usage_metadata"]["cluster_id"] for row in rows} == {facts["cluster_id"]}
        assert (len(rows), total(spent, rows)) == (facts["record_count"], Decimal(facts["list_cost"]))
        node = listed[facts["node_type"]]
        assert (node["gpu_count"] > 0) == (facts["of"] == "gpu")
        assert facts["of"] == "gpu" or node["memory_mb"] / node["core_count"] > 30_000


# Tags


def test_workspaces_are_tagged_well_and_badly(
    account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal]
) -> None:
    well, badly = account.plant("workspaces_tagged_well_and_badly")["facts"]["workspaces"]
    for facts in (well, badly):
        rows = [row for row in usage if row.get("workspace_id") == facts["workspace_id"]]
        tagged = [row for row in rows if "department" in row["custom_tags"]]
        full = [row for row in rows if len(row["custom_tags"]) == 8]
        assert (len(rows), len(tagged)) == (facts["record_count"], facts["records_with_department"])
        assert total(spent, rows) == Decimal(facts["list_cost"])
        assert total(spent, tagged) == Decimal(facts["list_cost_with_department"])
        assert total(spent, full) == Decimal(facts["list_cost_with_all_eight"])
    assert well["list_cost_with_all_eight"] == well["list_cost"]
    assert Decimal(badly["list_cost_with_department"]) < Decimal(badly["list_cost"]) / 10


def test_values_of_tags(
    account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal]
) -> None:
    facts = account.plant("tag_values_that_nearly_agree")["facts"]
    rows = {row["record_id"]: row for row in planted_usage(account, usage, "tag_values_that_nearly_agree")}
    for told in [*facts["near_duplicates"], *facts["unknown_values"]]:
        row = rows[told["record_id"]]
        assert row["custom_tags"] == {told["tag_key"]: told["tag_value"]}
        assert total(spent, [row]) == Decimal(told["list_cost"])
    folded = {told["tag_value"].strip().lower() for told in facts["near_duplicates"]}
    assert folded == {"finance", "fin"} and len(facts["near_duplicates"]) == 4


def test_levels_of_tags_disagree_about_money(
    account: MadeAccount,
    usage: list[Row],
    spent: dict[tuple[str, str], Decimal],
    clusters: dict[str, list[Row]],
) -> None:
    facts = account.plant("tag_conflict_with_money")["facts"]
    rows = [row for row in usage if row["usage_metadata"].get("cluster_id") == facts["cluster_id"]]
    (cluster,) = clusters[facts["cluster_id"]]
    assert cluster["tags"][facts["tag_key"]] == facts["value_of_the_cluster"]
    assert {row["custom_tags"][facts["tag_key"]] for row in rows} == {facts["value_that_holds"]}
    assert {row["custom_tags"]["department"] for row in rows} == {cluster["tags"]["department"]}
    assert (len(rows), total(spent, rows)) == (facts["record_count"], Decimal(facts["list_cost"]))


def test_a_workflow_has_two_children(
    account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal]
) -> None:
    facts = account.plant("workflow_with_two_children")["facts"]
    names = {row["job_id"]: row["name"] for _, row in account.rows("lakeflow.jobs")}
    costs = {}
    for job in facts["jobs"]:
        rows = [row for row in usage if row["usage_metadata"].get("job_id") == job["job_id"]]
        costs[job["pipeline_name"]] = total(spent, rows)
        assert costs[job["pipeline_name"]] == Decimal(job["list_cost"])
        assert names[job["job_id"]] == job["pipeline_name"]
        for row in rows:
            assert row["custom_tags"].get("parent_workflow_name") == job["parent_workflow_name"]
            assert row["custom_tags"]["workflow_level"] == job["workflow_level"]
    assert sum(costs.values()) == Decimal(facts["list_cost"])
    assert sum(costs.values()) - costs[facts["workflow_name"]] == Decimal(facts["list_cost_of_children"])
    assert [job["parent_workflow_name"] for job in facts["jobs"]].count(facts["workflow_name"]) == 2


def test_cost_of_nobody(
    account: MadeAccount, usage: list[Row], spent: dict[tuple[str, str], Decimal]
) -> None:
    case = "cost_that_belongs_to_nobody"
    rows = planted_usage(account, usage, case)
    assert all(row["identity_metadata"] == {} == row["usage_metadata"] for row in rows)
    assert all("custom_tags" not in row for row in rows)
    assert total(spent, rows) == Decimal(account.plant(case)["facts"]["list_cost"])


# Policies


def broken_policies(cluster: Row) -> set[str]:
    """The policies a cluster breaks, as anybody would read them."""
    found = set()
    if int(cluster["dbr_version"].split(".")[0]) < 12:
        found.add("runtime_too_old")
    elif cluster["dbr_version"].startswith("15.3."):
        found.add("runtime_out_of_support")
    if cluster["auto_termination_minutes"] == 0:
        found.add("auto_termination_off")
    if "max_autoscale_workers" not in cluster:
        found.add("autoscaling_off")
    if not cluster["worker_node_type"].startswith("m5d."):
        found.add("node_type_not_allowed")
    if len(cluster["tags"]) < 8:
        found.add("required_tags_missing")
    return found


def test_each_cluster_breaks_the_policy_it_is_there_for(
    account: MadeAccount,
    usage: list[Row],
    spent: dict[tuple[str, str], Decimal],
    clusters: dict[str, list[Row]],
    task_slices: dict[RunKey, list[Row]],
) -> None:
    on_clusters = {
        row["compute"][0]["cluster_id"] for rows in task_slices.values() for row in rows if row["compute"]
    }
    for name, cluster_id in stable_ids.POLICY_CLUSTERS.items():
        (cluster,) = clusters[cluster_id]
        assert cluster["workspace_id"] == stable_ids.POLICY_WORKSPACE_ID
        assert cluster["cluster_source"] == "UI"
        broken = broken_policies(cluster)
        if cluster_id in on_clusters:
            broken.add("job_on_all_purpose")
        told = "runtime_too_old" if name.startswith("waive") else name
        assert broken == ({told} - {"within_policy"}), name
    cases = [
        plant["facts"]
        for plant in account.truths["plants"]
        if plant["table"] == "compute.clusters" and "breaks" in plant["facts"]
    ]
    assert len(cases) == 9
    for facts in cases:
        for cluster_id, cost in (
            (facts.get("cluster_id"), facts.get("list_cost")),
            (facts.get("waived_cluster_id"), facts.get("waived_list_cost")),
            (facts.get("expired_waiver_cluster_id"), facts.get("expired_waiver_list_cost")),
        ):
            if cluster_id is not None:
                rows = [row for row in usage if row["usage_metadata"].get("cluster_id") == cluster_id]
                assert total(spent, rows) == Decimal(cost)


def test_each_job_breaks_the_policy_it_is_there_for(
    account: MadeAccount,
    usage: list[Row],
    spent: dict[tuple[str, str], Decimal],
    slices: dict[RunKey, list[Row]],
) -> None:
    for name in ("within_policy", "run_too_long", "failure_rate_high", "daily_cost_high"):
        case = "job_within_every_policy" if name == "within_policy" else f"policy_{name}"
        facts = account.plant(case)["facts"]
        assert facts["job_id"] == stable_ids.POLICY_JOBS[name]
        runs = of_job(slices, facts)
        failed = [result(rows) for rows in runs.values()].count("FAILED")
        days: dict[str, Decimal] = defaultdict(Decimal)
        for row in usage:
            if row["usage_metadata"].get("job_id") == facts["job_id"]:
                days[row["usage_date"]] += spent[row["record_id"], row["record_type"]]
        assert len(runs) == facts["finished_runs"]
        assert sum(days.values()) == Decimal(facts["list_cost"])
        broken = {
            "run_too_long": max(span(rows) for rows in runs.values()) > 24 * 3600,
            "failure_rate_high": failed > len(runs) / 2,
            "daily_cost_high": max(days.values()) >= 400,
        }
        assert {rule for rule, breaks in broken.items() if breaks} == {name} - {"within_policy"}
    long = account.plant("policy_run_too_long")["facts"]
    assert span(slices[long["workspace_id"], long["long_run"]["run_id"]]) == long["long_run_seconds"]
    often = account.plant("policy_failure_rate_high")["facts"]
    assert often["failed_runs"] == Decimal("0.8") * often["finished_runs"]
    expensive = account.plant("policy_daily_cost_high")["facts"]["expensive_days"]
    assert {Decimal(cost) for cost in expensive.values()} == {Decimal(400)} and len(expensive) == 3


# All of it, in other accounts


def test_ids_that_seeds_name_do_not_depend_on_the_seed(tmp_path: Any) -> None:
    other = make(tmp_path / "out", days=40, seed=99)
    workspaces = {row["workspace_id"] for row in other.newest_listing("access.workspaces_latest")}
    fixed = {
        value
        for name, value in vars(stable_ids).items()
        if name.endswith("_WORKSPACE_ID") and isinstance(value, str)
    }
    assert len(fixed) == 10 and fixed <= workspaces
    clusters = {row["cluster_id"] for _, row in other.rows("compute.clusters")}
    assert set(stable_ids.POLICY_CLUSTERS.values()) <= clusters
    jobs = {row["job_id"] for _, row in other.rows("lakeflow.jobs")}
    assert set(stable_ids.POLICY_JOBS.values()) <= jobs


@pytest.mark.parametrize(
    ("days", "last"), [(40, date(2026, 3, 2)), (58, date(2024, 2, 29)), (47, date(2026, 1, 4))]
)
def test_other_windows_have_room_for_everything(tmp_path: Any, days: int, last: date) -> None:
    truths = make(tmp_path / "out", days=days, last=last).truths
    assert truths["not_planted"] == []
    spike = next(plant for plant in truths["plants"] if plant["name"] == "cost_with_a_spike")["facts"]
    assert spike["anomaly_date"] == (last - timedelta(days=3)).isoformat()
    assert list(spike["cost_by_date"]) == [
        (last - timedelta(days=days - 1 - day)).isoformat() for day in range(days)
    ]


def test_a_table_that_stops(tmp_path: Any) -> None:
    stale = make(tmp_path / "stale", days=10, stale={"compute.clusters": 4, "lakeflow.job_run_timeline": 2})
    whole = make(tmp_path / "whole", days=10)
    last = stale.truths["last_date"]
    for table, days in (("compute.clusters", 4), ("lakeflow.job_run_timeline", 2), ("lakeflow.jobs", 0)):
        newest = stale.files(table)[-1][0]
        gone = (date.fromisoformat(last) - timedelta(days=days)).isoformat()
        assert newest <= gone
        rows = [row for delivered, row in whole.rows(table) if delivered <= gone]
        assert [row for _, row in stale.rows(table)] == rows
    assert stale.truths["usage"] == whole.truths["usage"]
    assert stale.truths["arguments"]["stale"] == {"compute.clusters": 4, "lakeflow.job_run_timeline": 2}
    assert "--stale compute.clusters=4" in (stale.folder / "README.md").read_text(encoding="utf-8")
