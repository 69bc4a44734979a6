"""Heavy reports made as materialized views hold what a view showed when a build refreshed them."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from end_to_end.project_run import CATALOG, WITHOUT_TESTS, ProjectRun

pytestmark = pytest.mark.warehouse

GOLD = f"{CATALOG}.plt_gold"
REPORTS = ("rpt_sku_mix", "rpt_cost_trends")
MATERIALIZED = {"heavy_reports_materialized": "materialized_view"}


@pytest.fixture(scope="module")
def billing(tmp_path_factory: pytest.TempPathFactory, account: Path) -> Path:
    """Four days of usage and prices, and nothing else, so that little is built."""
    folder = tmp_path_factory.mktemp("billing") / "account"
    for day in sorted((account / "deliveries").iterdir())[:4]:
        (folder / "deliveries" / day.name).mkdir(parents=True)
        for table in ("billing.usage", "billing.list_prices"):
            if (day / f"{table}.jsonl").exists():
                shutil.copy(day / f"{table}.jsonl", folder / "deliveries" / day.name)
    return folder


def types(project: ProjectRun) -> set[str]:
    """What kinds of relations the reports are."""
    return {
        row["table_type"]
        for row in project.fetch(
            f"select table_type from {CATALOG}.information_schema.tables where table_name in {REPORTS}"
        )
    }


def shown(project: ProjectRun) -> list[Decimal]:
    """The cost that each report shows."""
    return [
        project.value(f"select sum(list_cost) from {GOLD}.rpt_sku_mix"),
        project.value(f"select sum(list_cost) from {GOLD}.rpt_cost_trends where period = 'day'"),
    ]


def used(project: ProjectRun) -> Decimal:
    """The cost of all complete days, from the facts."""
    cost = project.value(
        f"select sum(list_cost) from {GOLD}.fct_usage inner join {GOLD}.dim_date using (date_key)"
        f" where date <= (select complete_through from {CATALOG}.plt_ops.source_progress"
        " where task = 'brz_billing_usage')"
    )
    assert isinstance(cost, Decimal)
    return cost


def test_a_build_refreshes_them_and_nothing_else_does(project: ProjectRun, billing: Path) -> None:
    days = sorted(date.fromisoformat(folder.name) for folder in (billing / "deliveries").iterdir())
    project.deliver(billing, days[1])
    with_parents = [f"+{report}" for report in REPORTS]
    project.dbt(*WITHOUT_TESTS, "--select", *with_parents, variables=MATERIALIZED)
    assert types(project) == {"MATERIALIZED_VIEW"}
    before = shown(project)
    assert before == [used(project)] * 2
    project.deliver(billing)
    project.dbt(*WITHOUT_TESTS, "--select", *with_parents, "--exclude", *REPORTS, variables=MATERIALIZED)
    assert used(project) > before[0]
    assert shown(project) == before
    project.dbt("run", "--select", *REPORTS, variables=MATERIALIZED)
    assert shown(project) == [used(project)] * 2


def test_they_become_views_again(project: ProjectRun) -> None:
    project.dbt("run", "--select", *REPORTS)
    assert types(project) == {"VIEW"}
    assert shown(project) == [used(project)] * 2
