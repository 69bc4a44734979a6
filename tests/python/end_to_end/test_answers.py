"""What the demo prints at its end: an answer from the reports to each of the five objectives."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal

import pytest

from end_to_end.project_run import CATALOG, ROOT, ProjectRun

pytestmark = pytest.mark.warehouse

GOLD = f"{CATALOG}.plt_gold"


@pytest.fixture(scope="module")
def printed(reported: ProjectRun) -> str:
    finished = subprocess.run(
        [sys.executable, ROOT / "scripts" / "answers.py", "--home", reported.home],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def table(printed: str, report: str) -> list[str]:
    """The rows below the heading that names a report."""
    _, _, below = printed.partition(f"[{report}]\n")
    rows = below.split("\n\n")[0].splitlines()
    assert len(rows) > 2, f"no table of {report} in:\n{printed}"
    return rows[2:]


def test_every_objective_has_an_answer_from_a_report(printed: str) -> None:
    assert re.findall(r"^(\d)\. .+\?$", printed, re.MULTILINE) == list("12345")
    for reports in re.findall(r"\[(rpt_[^]]+)]$", printed, re.MULTILINE):
        assert table(printed, reports)


def test_amounts_are_those_of_the_report(printed: str, reported: ProjectRun) -> None:
    wasted = reported.value(f"select sum(wasted_list_cost) from {GOLD}.rpt_failed_run_costs")
    *_, total = table(printed, "rpt_failed_run_costs")
    assert total.startswith("  all of them")
    assert total.endswith(f" {wasted:,.2f}")


def test_spend_by_product_is_that_of_usage(printed: str, reported: ProjectRun) -> None:
    dearest = reported.fetch(
        f"select billing_origin_product, sum(list_cost) as list_cost from {GOLD}.fct_usage"
        f" where date_key <= (select max(replace(string(period_start_date), '-', '')) from"
        f" {GOLD}.rpt_cost_trends where period = 'day')"
        " group by billing_origin_product order by list_cost desc limit 1"
    )[0]
    first, *_ = table(printed, "rpt_cost_trends")
    assert first.split()[:2] == [dearest["billing_origin_product"], f"{dearest['list_cost']:,.2f}"]


def test_the_readme_shows_what_the_demo_prints(printed: str) -> None:
    """The account of these tests is the demo's; that the demo gets it in two parts makes no difference."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, after = readme.partition("What `scripts/demo` ends with")
    shown = after.split("```")[1].strip()
    assert shown.startswith("1. Where does the money go")
    assert [line for line in shown.splitlines() if line not in printed.splitlines()] == []


def test_the_readme_shows_the_money_of_each_layer(reported: ProjectRun) -> None:
    found = reported.fetch(
        f"select layer, sum(record_count) as records, sum(list_cost) as cost from {GOLD}.fct_reconciliation"
        " group by layer"
    )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, after = readme.partition("[fct_reconciliation]\n")
    shown = [line.split() for line in after.split("```")[0].strip().splitlines()[2:]]
    assert {(layer, int(records), Decimal(cost)) for layer, records, cost in shown} == {
        (row["layer"], row["records"], row["cost"]) for row in found
    }


def test_a_regression_shows_each_change_before_it_in_full(printed: str) -> None:
    rows = "\n".join(table(printed, "rpt_task_latency_regressions"))
    assert "planted task latency regression / transform" in rows
    assert "dbr_version 15.4.x-scala2.12 -> 16.4.x-scala2.12\n" in rows
    assert "worker_node_type m5d.xlarge -> m5d.large" in rows
