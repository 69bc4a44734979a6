"""Series of cost: a spike, rhythms that are none, budgets, and work that moves to serverless compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from synthetic_account.deliveries import CLUSTERS, JOB_RUNS, USAGE
from synthetic_account.jobs import CLASSIC, SERVERLESS
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Key, Planted
from synthetic_account.plants.entities import cluster_keys, planted_cluster
from synthetic_account.plants.latency_cases import REPORT_DAYS, runs_workspace
from synthetic_account.plants.records import Record, RecordWriter, Subject
from synthetic_account.plants.report_workspaces import (
    MUMBAI,
    SINGAPORE,
    TOKYO,
    planted_workspace,
    regional_sku,
)
from synthetic_account.plants.run_maker import SUCCESS, RunMaker, run_key
from synthetic_account.plants.spending import (
    bill_run,
    cost,
    cost_by_date,
    dbu,
    median,
    record_keys,
    series,
)
from synthetic_account.plants.stable_ids import (
    BUDGET_WORKSPACE_ID,
    MONTHLY_BUDGET,
    MOVING_WORKSPACE_ID,
    NEAR_BUDGET_DEPARTMENT,
    OVER_BUDGET_DEPARTMENT,
    RHYTHM_WORKSPACE_ID,
    SPIKE_WORKSPACE_ID,
    TINY_WORKSPACE_ID,
    UNDER_BUDGET_DEPARTMENT,
)
from synthetic_account.runs import SUCCEEDED, Run
from synthetic_account.window import HOUR
from synthetic_account.workspaces import Region

_SERVING = "MODEL_SERVING"
_QUICK = 600


def _wobble(day: int, cents: int) -> int:
    """Return an amount a few percent around the one given."""
    return cents * (98 + day * 3 % 5) // 100


def _series(
    parts: Parts, case: str, workspace_id: str, region: Region, cents_of: Callable[[int], int]
) -> tuple[list[Record], Facts]:
    """Write an endpoint's cost of every day, in two records, in a workspace and on a SKU of its own."""
    workspace = planted_workspace(parts, case.replace("_", "-"), workspace_id, region)
    plan = regional_sku(parts, "SERVERLESS_REAL_TIME_INFERENCE", "0.10", region)
    writer = RecordWriter(parts, case)
    subject = Subject(
        plan,
        workspace.workspace_id,
        _SERVING,
        {"environment": "prod", "cost_center": "CC-8800"},
        {"endpoint_id": f"planted-{case}", "endpoint_name": case},
        features={"serving_type": "MODEL", "is_serverless": True, "is_photon": False},
    )
    records = []
    for day in range(parts.window.days):
        cents = cents_of(day)
        for hour, share in ((6, cents // 2), (14, cents - cents // 2)):
            records.append(writer.write(subject, parts.window.at(day, hour), dbu(plan, share), day))
    return records, series(workspace.workspace_id, plan, _SERVING)


def _spike(parts: Parts) -> Planted:
    case = "cost_with_a_spike"
    spike = parts.window.days - 4
    records, named = _series(
        parts,
        case,
        SPIKE_WORKSPACE_ID,
        TOKYO,
        lambda day: 20_000 if day == spike else _wobble(day, 2_000),
    )
    return Planted(
        USAGE,
        record_keys(records),
        "200 USD on one day of a series that costs 20 USD on all others",
        {
            **named,
            "anomaly_date": parts.window.date_of(spike),
            "usual_cost": "20",
            "cost_by_date": cost_by_date(records),
            "must_be_reported": True,
        },
    )


def _rhythm(parts: Parts) -> Planted:
    case = "cost_with_busy_mondays"

    def cents_of(day: int) -> int:
        weekday = parts.window.weekday(day)
        return _wobble(day, 20_000 if weekday == 0 else 200 if weekday >= 5 else 2_000)

    records, named = _series(parts, case, RHYTHM_WORKSPACE_ID, SINGAPORE, cents_of)
    return Planted(
        USAGE,
        record_keys(records),
        "200 USD each Monday, 20 on other workdays, 2 at weekends: as high as the spike, and no anomaly",
        {**named, "cost_by_date": cost_by_date(records), "must_be_reported": False},
    )


def _tiny(parts: Parts) -> Planted:
    case = "cost_too_small_to_matter"
    spike = parts.window.days - 4
    records, named = _series(
        parts, case, TINY_WORKSPACE_ID, MUMBAI, lambda day: 200 if day == spike else 20 + day % 3
    )
    return Planted(
        USAGE,
        record_keys(records),
        "2 USD on one day of a series that costs 0.20 USD: ten times the usual, too little to matter",
        {
            **named,
            "spike_date": parts.window.date_of(spike),
            "spike_cost": "2",
            "cost_by_date": cost_by_date(records),
            "must_be_reported": False,
        },
    )


def _budgets(parts: Parts) -> Planted:
    case = "departments_and_their_budgets"
    workspace = planted_workspace(parts, "budget-lab", BUDGET_WORKSPACE_ID)
    plan = regional_sku(parts, "JOBS_SERVERLESS_COMPUTE", "0.50")
    writer = RecordWriter(parts, case)
    records: list[Record] = []
    facts = []
    for department, cents, state in (
        (OVER_BUDGET_DEPARTMENT, 1_500, "over"),
        (NEAR_BUDGET_DEPARTMENT, 900, "near"),
        (UNDER_BUDGET_DEPARTMENT, 200, "under"),
    ):
        job = RunMaker(
            parts, f"{case} {state}", workspace=workspace.name, tags={"department": department}
        ).job
        subject = Subject(
            plan,
            workspace.workspace_id,
            "JOBS",
            {"department": department},
            {"job_id": job.job_id},
            {"run_as": job.run_as},
            {"is_serverless": True, "is_photon": False},
        )
        own = [
            writer.write(subject, parts.window.at(day, 3), dbu(plan, cents), day)
            for day in range(parts.window.days)
        ]
        months: dict[str, list[Record]] = {}
        for record in own:
            months.setdefault(str(record.row["usage_date"])[:7], []).append(record)
        facts.append(
            {
                "department": department,
                "monthly_budget": MONTHLY_BUDGET,
                "list_cost_by_month": {month: cost(found) for month, found in months.items()},
                "a_full_month_of_31_days_is": state,
            }
        )
        records += own
    return Planted(
        USAGE,
        record_keys(records),
        "one department above a monthly budget of 300 USD, one at nine tenths of it, one far below",
        {"budgets": facts},
    )


def _moving(parts: Parts) -> Planted:
    case = "work_that_moves_to_serverless"
    workspace = planted_workspace(parts, "moving-to-serverless", MOVING_WORKSPACE_ID)
    plans = {
        CLASSIC: parts.book.plan("PREMIUM_JOBS_COMPUTE", "AWS"),
        SERVERLESS: regional_sku(parts, "JOBS_SERVERLESS_COMPUTE", "0.50"),
    }
    rates = {CLASSIC: 20, SERVERLESS: 6}
    makers = {
        compute: RunMaker(parts, f"{case} {compute}", compute=compute, workspace=workspace.name)
        for compute in plans
    }
    writer = RecordWriter(parts, case)
    runs: list[Run] = []
    days = []
    for day in range(parts.window.days):
        moved = day * 5 // parts.window.days
        spent: dict[str, list[Record]] = {CLASSIC: [], SERVERLESS: []}
        for number in range(4):
            compute = SERVERLESS if number < moved else CLASSIC
            maker = makers[compute]
            start = parts.window.at(day, 1 + 2 * number)
            leg = maker.leg(start, start + HOUR, SUCCEEDED, SUCCESS)
            run = maker.run((leg,), latency=_QUICK, is_metered=False)
            spent[compute] += bill_run(
                parts, writer, run, plans[compute], rates[compute], is_serverless=compute == SERVERLESS
            )
            runs.append(run)
        days.append(
            {
                "date": parts.window.date_of(day),
                "serverless_runs": moved,
                "classic_runs": 4 - moved,
                "serverless_cost": cost(spent[SERVERLESS]),
                "classic_cost": cost(spent[CLASSIC]),
            }
        )
    return Planted(
        JOB_RUNS,
        [run_key(run) for run in runs],
        "four runs a day, each for 3 USD: none is serverless at first, one more every nine days, all at last",
        {
            "workspace_id": workspace.workspace_id,
            "days": days,
            "classic_job_id": makers[CLASSIC].job.job_id,
            "serverless_job_id": makers[SERVERLESS].job.job_id,
        },
    )


def _candidate(parts: Parts) -> Planted:
    case = "job_that_should_be_serverless"
    maker = RunMaker(parts, case, compute=CLASSIC, workspace=runs_workspace(parts))
    writer = RecordWriter(parts, case)
    plan = parts.book.plan("PREMIUM_JOBS_COMPUTE", "AWS")
    runs, records = [], []
    for day in range(parts.window.days):
        for hour in range(0, 22, 3):
            start = parts.window.at(day, hour, 7)
            leg = maker.leg(start, start + 240 + 10 * (day % 3), SUCCEEDED, SUCCESS)
            run = maker.run((leg,), latency=_QUICK, is_metered=False)
            runs.append(run)
            records += bill_run(parts, writer, run, plan, 8)
    return Planted(
        JOB_RUNS,
        [run_key(run) for run in runs],
        "eight times a day a cluster is started for four minutes of work",
        {
            "workspace_id": maker.job.workspace.workspace_id,
            "job_id": maker.job.job_id,
            "runs_a_day": 8,
            "median_seconds": median([(run.legs[0].end or 0) - run.legs[0].start for run in runs]),
            "list_cost": cost(records),
        },
    )


def _node_types(parts: Parts) -> Planted:
    """Two clusters whose nodes nobody else uses: far too much memory, and GPUs."""
    case = "node_types_of_one_cluster"
    plan = parts.book.plan("PREMIUM_ALL_PURPOSE_COMPUTE", "AWS")
    born = parts.window.at(-30, 8)
    keys: list[Key] = []
    facts = []
    for node_type, category in (("x1e.16xlarge", "memory"), ("p3.16xlarge", "gpu")):
        own = f"{case} {category}"
        configured: Facts = {
            "worker_node_type": node_type,
            "driver_node_type": node_type,
            "worker_count": 1,
        }
        cluster = planted_cluster(parts, own, [(born, configured)], workspace=runs_workspace(parts))
        subject = Subject(
            plan,
            cluster.workspace.workspace_id,
            "ALL_PURPOSE",
            metadata={"cluster_id": cluster.cluster_id, "node_type": node_type},
            identity={"run_as": cluster.owner},
        )
        writer = RecordWriter(parts, own)
        records = [
            writer.write(subject, parts.window.at(day, 10), "10", day)
            for day in range(parts.window.days - 14, parts.window.days)
        ]
        keys += cluster_keys(cluster)
        facts.append(
            {
                "node_type": node_type,
                "of": category,
                "workspace_id": cluster.workspace.workspace_id,
                "cluster_id": cluster.cluster_id,
                "record_count": len(records),
                "list_cost": cost(records),
            }
        )
    return Planted(
        CLUSTERS, keys, "each of these node types is used by one cluster, at a known cost", {"used": facts}
    )


CASES = tuple(
    replace(case, days=REPORT_DAYS)
    for case in (
        Case("cost_with_a_spike", _spike),
        Case("cost_with_busy_mondays", _rhythm),
        Case("cost_too_small_to_matter", _tiny),
        Case("departments_and_their_budgets", _budgets),
        Case("work_that_moves_to_serverless", _moving),
        Case("job_that_should_be_serverless", _candidate),
        Case("node_types_of_one_cluster", _node_types),
    )
)
