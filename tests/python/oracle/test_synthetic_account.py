"""The generator knows what it planted, the oracle works out what the rules make of it: both must agree."""

import re
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oracle.account_folder import AccountFolder
from oracle.expected_reconciliation import Totals, gold_totals, single_outcomes, totals
from oracle.expected_usage import UsageOutcome, UsageOutcomes, expected_fct_usage, usage_outcomes
from oracle.money import exact_sum
from oracle.usage_rules import rows_beyond_overlap

AMOUNT = re.compile(r"-?\d+(\.\d+)?")


@pytest.fixture(scope="module")
def truths(planted_truths: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = planted_truths["usage"]
    return known


@pytest.fixture(scope="module")
def planted_cases(planted_truths: dict[str, Any]) -> list[dict[str, Any]]:
    return [plant for plant in planted_truths["plants"] if plant["table"] == "billing.usage"]


@pytest.fixture(scope="module")
def outcomes(synthetic_folder: Path) -> UsageOutcomes:
    return usage_outcomes(AccountFolder(synthetic_folder))


Sums = dict[tuple[str | None, ...], tuple[int, Decimal, Decimal | None]]


def planted_sums(rows: list[dict[str, Any]], *columns: str) -> Sums:
    return {
        tuple(row[column] for column in columns): (
            row["record_count"],
            Decimal(row["usage_quantity"]),
            None if row["list_cost"] is None else Decimal(row["list_cost"]),
        )
        for row in rows
    }


def sums(totals: dict[tuple[Any, ...], Totals]) -> Sums:
    """As they are planted: values as text, and no quantity counts as 0."""
    return {
        tuple(None if part is None else str(part) for part in key): (
            total.record_count,
            total.usage_quantity or Decimal(0),
            total.list_cost,
        )
        for key, total in totals.items()
    }


def as_planted(value: Any) -> Any:
    """A value in the shape both sides share: amounts as numbers, times and days as text."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and AMOUNT.fullmatch(value):
        return Decimal(value)
    return value


def gold(outcomes: UsageOutcomes) -> list[UsageOutcome]:
    return [outcome for outcome in single_outcomes(outcomes) if not outcome.judged.is_quarantined]


def test_the_account_holds_what_it_was_made_with(outcomes: UsageOutcomes, truths: dict[str, Any]) -> None:
    accepted = gold(outcomes)
    assert (len(outcomes), len(accepted)) == (truths["keys"], truths["accepted_keys"])
    assert len(outcomes) - len(accepted) == truths["quarantined_keys"]
    assert sum(outcome.price.amount is None for outcome in accepted) == truths["unpriced_keys"]
    assert exact_sum(outcome.cost for outcome in accepted) == Decimal(truths["list_cost"])


@pytest.mark.parametrize(
    ("truth", "columns"),
    [
        ("quantity_by_unit", ("usage_unit",)),
        ("by_product", ("billing_origin_product", "usage_unit")),
        ("by_workspace", ("workspace_id", "usage_unit")),
        ("by_day", ("usage_date", "usage_unit")),
        ("by_day_and_sku", ("usage_date", "sku_name", "usage_unit")),
    ],
)
def test_totals_are_those_that_were_planted(
    outcomes: UsageOutcomes, truths: dict[str, Any], truth: str, columns: tuple[str, ...]
) -> None:
    assert sums(gold_totals(outcomes, *columns)) == planted_sums(truths[truth], *columns)


def test_what_is_quarantined_is_what_was_planted(outcomes: UsageOutcomes, truths: dict[str, Any]) -> None:
    columns = ("usage_date", "sku_name", "usage_unit")
    quarantined = [one for one in single_outcomes(outcomes) if one.judged.is_quarantined]
    planted = planted_sums(truths["quarantined_by_day_and_sku"], *columns)
    assert sums(totals(quarantined, *columns)) == planted


def test_every_unpriced_record_has_the_reason_it_was_planted_for(
    outcomes: UsageOutcomes, truths: dict[str, Any]
) -> None:
    unpriced = [one for one in gold(outcomes) if one.price.amount is None]
    columns = ("sku_name", "cloud", "usage_unit")
    planted = planted_sums(truths["unpriced"], *columns, "reason")
    assert sums(totals(unpriced, *columns, "unpriced_reason")) == planted


def test_every_record_of_a_planted_case_is_as_it_was_planted(
    planted_cases: list[dict[str, Any]], outcomes: UsageOutcomes
) -> None:
    usage = expected_fct_usage(outcomes).rows
    differences = []
    checked = 0
    for case in planted_cases:
        facts = case["facts"]
        for planted in [*facts.get("records", []), *facts.get("accepted", []), *facts.get("quarantined", [])]:
            (outcome,) = outcomes[planted["record_id"], planted["record_type"]]
            (row,) = usage[planted["record_id"], planted["record_type"]]
            found: dict[str, Any] = {
                **asdict(outcome.row),
                **(row or {}),
                "usage_date": outcome.row.usage_date,
                "broken_rules": list(outcome.judged.broken_rules),
                "unpriced_reason": outcome.price.unpriced_reason,
            }
            checked += 1
            differences += [
                f"{case['name']} {planted['record_id']} {column}: planted {wanted!r}, found {found[column]!r}"
                for column, wanted in planted.items()
                if as_planted(found[column]) != as_planted(wanted)
            ]
    assert differences == []
    assert checked > len(planted_cases) / 2


def test_a_daily_build_reads_every_row(synthetic_folder: Path) -> None:
    assert rows_beyond_overlap(AccountFolder(synthetic_folder)) == []
