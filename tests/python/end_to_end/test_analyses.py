"""The worked questions of analyses/: each compiles, runs, and gives the figures that the reports give."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from oracle.money import exact_sum

from end_to_end.project_run import CATALOG, ROOT, ProjectRun

pytestmark = pytest.mark.warehouse

GOLD = f"{CATALOG}.plt_gold"
QUESTIONS = sorted(path.stem for path in (ROOT / "analyses").glob("*.sql"))

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def compiled(reported: ProjectRun) -> dict[str, str]:
    """The SQL of each question, as `dbt compile` writes it for an analyst."""
    reported.dbt("compile", "--select", "path:analyses")
    folder = reported.target / "compiled" / "platform_observability" / "analyses"
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.sql")}


@pytest.fixture(scope="module")
def answers(reported: ProjectRun, compiled: Mapping[str, str]) -> dict[str, Rows]:
    return {question: reported.fetch(compiled[question]) for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_an_answer(question: str, answers: Mapping[str, Rows]) -> None:
    assert answers[question]


def test_a_department_spent_what_showback_says(reported: ProjectRun, answers: Mapping[str, Rows]) -> None:
    rows = answers["what_did_a_department_spend_last_month"]
    (month,) = {row["month_start_date"] for row in rows}
    expected = reported.value(
        f"select sum(list_cost) from {GOLD}.rpt_showback where dimension = 'department'"
        f" and dimension_value = '{rows[0]['department']}' and month_start_date = '{month:%Y-%m-%d}'"
    )
    assert exact_sum(row["list_cost"] for row in rows) == expected == rows[0]["department_list_cost"]


def test_changes_of_cost_add_up_to_that_of_the_month_so_far(
    reported: ProjectRun, answers: Mapping[str, Rows]
) -> None:
    """Usage begins within last month: only the days since then, of both months, can be compared."""
    rows = answers["why_did_cost_change_since_last_month"]
    cost = {
        row["usage_date"]: row["list_cost"]
        for row in reported.fetch(
            f"select usage_date, sum(list_cost) as list_cost from {GOLD}.rpt_showback"
            " where dimension = 'workspace_id' group by usage_date"
        )
    }
    first, last = min(cost), max(cost)
    assert first.day > 1 and (last.month - first.month) % 12 == 1
    compared = {day: amount for day, amount in cost.items() if first.day <= day.day <= last.day}
    now, before = (
        exact_sum(amount for day, amount in compared.items() if (day.month == last.month) == is_now)
        for is_now in (True, False)
    )
    assert now is not None and before is not None
    assert exact_sum(row["cost_change"] for row in rows) == now - before
    for row in rows:
        parts = row["change_by_quantity"] + row["change_by_price"]
        assert parts == pytest.approx(float(row["cost_change"]), abs=1e-6)


def test_waste_adds_up_to_that_of_the_report(reported: ProjectRun, answers: Mapping[str, Rows]) -> None:
    rows = answers["who_can_stop_the_most_waste_of_failed_runs"]
    expected = reported.value(f"select sum(wasted_list_cost) from {GOLD}.rpt_failed_run_costs")
    assert exact_sum(row["wasted_list_cost"] for row in rows) == expected
    assert rows[-1]["cumulative_share"] == pytest.approx(1)


def test_serverless_breaks_even_where_its_price_says(
    answers: Mapping[str, Rows], planted: dict[str, dict[str, Any]]
) -> None:
    rows = answers["which_jobs_should_move_to_serverless"]
    for row in rows:
        average = Decimal(row["classic_list_cost"]) / Decimal(row["classic_dbus"])
        assert row["break_even_dbu_ratio"] == pytest.approx(float(average) / row["serverless_list_price"])
    assert planted["job_that_should_be_serverless"]["job_id"] in {row["job_id"] for row in rows}


def test_the_price_that_changed_is_found_and_costs_what_it_says(answers: Mapping[str, Rows]) -> None:
    for row in answers["what_did_a_price_change_cost"]:
        per_unit = row["list_price"] - row["previous_list_price"]
        assert row["cost_of_change"] == pytest.approx(float(per_unit * row["quantity_since"]), rel=1e-9)


def test_the_dearest_run_costs_what_its_parts_cost(reported: ProjectRun, answers: Mapping[str, Rows]) -> None:
    rows = answers["what_did_the_dearest_run_consist_of"]
    (run,) = {(row["workspace_id"], row["run_id"]) for row in rows}
    expected = reported.value(
        f"select sum(list_cost) from {GOLD}.fct_run_costs"
        f" where workspace_id = '{run[0]}' and run_id = '{run[1]}'"
    )
    assert exact_sum(row["list_cost"] for row in rows if row["part"] == "cost") == expected
    assert any(row["part"] == "task" for row in rows)


def test_the_slower_task_is_slower_since_the_day_of_the_change(answers: Mapping[str, Rows]) -> None:
    rows = answers["what_made_a_task_slower"]
    medians: dict[bool, list[float]] = {True: [], False: []}
    for row in rows:
        medians[row["is_since_change"]].append(row["p50_duration_seconds"])
    assert min(medians[True]) > max(medians[False]) / 2
    assert any(row["what_changed_just_before"] for row in rows)
