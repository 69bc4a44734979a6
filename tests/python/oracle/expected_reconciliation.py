"""The rows that `fct_reconciliation` must hold, and totals of Gold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oracle.compare import ExpectedRows
from oracle.expected_usage import UsageOutcome, UsageOutcomes, date_key
from oracle.money import exact_sum

KEY_COLUMNS = ("date_key", "sku_name", "usage_unit", "layer")
COLUMNS = (*KEY_COLUMNS, "record_count", "usage_quantity", "list_cost")
LAYERS = ("source", "bronze", "silver", "quarantine", "gold")


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over usage records: counts and quantities of all of them, cost of the priced ones."""

    record_count: int
    usage_quantity: Decimal | None
    list_cost: Decimal | None


def expected_reconciliation(outcomes: UsageOutcomes) -> ExpectedRows:
    """The rows of `fct_reconciliation`.

    `source` and `bronze` count the winning rows, one a key; `quarantine` those that break a rule; `silver`
    and `gold` the others. A quarantined record is priced like any other, so that cost is conserved too:
    source = silver + quarantine in each column. A quantity or cost is None where no record has one. A layer
    without a record has no row here; `drop_empty` takes such rows out of what the warehouse holds.

    Args:
        outcomes: One outcome a key: what `usage_outcomes` returns, after `settle` where there are ties.

    Returns:
        Rows keyed by date_key, sku_name, usage_unit and layer.

    Raises:
        ValueError: If a key still has several outcomes.
    """
    groups: dict[tuple[Any, ...], list[UsageOutcome]] = defaultdict(list)
    for outcome in single_outcomes(outcomes):
        row = outcome.row
        layers = ("quarantine",) if outcome.judged.is_quarantined else ("silver", "gold")
        for layer in ("source", "bronze", *layers):
            groups[date_key(row.usage_date), row.sku_name, row.usage_unit, layer].append(outcome)
    rows = {}
    for key, members in groups.items():
        sums = _totals(members)
        counted = (sums.record_count, sums.usage_quantity, sums.list_cost)
        rows[key] = (dict(zip(COLUMNS, (*key, *counted), strict=True)),)
    return ExpectedRows(KEY_COLUMNS, COLUMNS, rows)


def drop_empty(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Reconciliation rows that count a record: a layer may say "none" by a row of zeros or by no row."""
    return [row for row in rows if row["record_count"]]


def gold_totals(outcomes: UsageOutcomes, *by: str) -> dict[tuple[Any, ...], Totals]:
    """Totals of `fct_usage`.

    Args:
        outcomes: One outcome a key.
        by: Columns to group by, as in `totals`.

    Returns:
        Totals by the values of the columns.

    Raises:
        ValueError: If a key still has several outcomes.
    """
    accepted = (one for one in single_outcomes(outcomes) if not one.judged.is_quarantined)
    return totals(accepted, *by)


def totals(outcomes: Iterable[UsageOutcome], *by: str) -> dict[tuple[Any, ...], Totals]:
    """Totals of some records.

    Args:
        outcomes: The records.
        by: Columns to group by: `date_key`, `unpriced_reason` or columns of `UsageRow` (`sku_name`,
            `billing_origin_product`, ...); none gives the grand total under the key `()`.

    Returns:
        Totals by the values of the columns.
    """
    readers = [_reader(column) for column in by]
    groups: dict[tuple[Any, ...], list[UsageOutcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[tuple(read(outcome) for read in readers)].append(outcome)
    return {key: _totals(members) for key, members in groups.items()}


def single_outcomes(outcomes: UsageOutcomes) -> Iterable[UsageOutcome]:
    """The outcomes of an account without ties.

    Args:
        outcomes: One outcome a key.

    Yields:
        Each outcome.

    Raises:
        ValueError: If a key has several outcomes: `settle` them first.
    """
    for key, candidates in outcomes.items():
        if len(candidates) != 1:
            raise ValueError(f"{key} has {len(candidates)} possible outcomes: settle them first")
        yield candidates[0]


def _reader(column: str) -> Callable[[UsageOutcome], Any]:
    if column == "date_key":
        return lambda outcome: date_key(outcome.row.usage_date)
    if column == "unpriced_reason":
        return lambda outcome: outcome.price.unpriced_reason
    return lambda outcome: getattr(outcome.row, column)


def _totals(members: Iterable[UsageOutcome]) -> Totals:
    listed = list(members)
    return Totals(
        len(listed),
        exact_sum(outcome.row.usage_quantity for outcome in listed),
        exact_sum(outcome.cost for outcome in listed),
    )
