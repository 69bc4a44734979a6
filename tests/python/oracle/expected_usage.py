"""The rows that `fct_usage` and `slv_usage_quarantine` must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from oracle.account_folder import AccountFolder
from oracle.compare import ExpectedRows, same_value
from oracle.money import list_cost
from oracle.price_rules import REPORTING_CURRENCY, Price, PriceBook, read_prices
from oracle.usage_rules import JudgedUsage, UsageKey, UsageRow, judge, read_usage_row, winning_rows

KEY_COLUMNS = ("record_id", "record_type")

_COPIED_COLUMNS = (
    "record_id",
    "record_type",
    "account_id",
    "workspace_id",
    "entity_type",
    "entity_id",
    "cloud",
    "sku_name",
    "billing_origin_product",
    "usage_type",
    "usage_unit",
    "usage_start_time",
    "usage_end_time",
    "ingestion_date",
    "usage_quantity",
    "is_serverless",
    "is_photon",
    "job_id",
    "job_run_id",
    "pipeline_id",
    "pipeline_update_id",
    "cluster_id",
    "warehouse_id",
    "run_as",
)

FCT_USAGE_COLUMNS = (*_COPIED_COLUMNS, "date_key", "currency_code", "list_price", "list_cost", "is_priced")
"""Columns of `fct_usage` that are computed here."""


@dataclass(frozen=True, slots=True)
class UsageOutcome:
    """What becomes of one key: its winning row, the rules that row breaks, and its price."""

    judged: JudgedUsage
    price: Price

    @property
    def row(self) -> UsageRow:
        """The winning row."""
        return self.judged.row

    @property
    def cost(self) -> Decimal | None:
        """List cost in the reporting currency; None where unpriced."""
        return list_cost(self.row.usage_quantity, self.price.amount)

    @property
    def date_key(self) -> int | None:
        """The usage day as YYYYMMDD."""
        return date_key(self.row.usage_date)


UsageOutcomes = dict[UsageKey, tuple[UsageOutcome, ...]]
"""One entry a key; more than one outcome only where the rules leave the choice to the row hash."""


def usage_outcomes(account: AccountFolder, currency: str = REPORTING_CURRENCY) -> UsageOutcomes:
    """What becomes of every usage key of an account.

    Args:
        account: The account.
        currency: The reporting currency.

    Returns:
        The outcomes, one entry a key.

    Raises:
        AccountFolderError: If the account is malformed.
    """
    winners = winning_rows(read_usage_row(row) for row in account.rows("billing.usage"))
    return price_outcomes(judge(winners), read_prices(account, currency))


def price_outcomes(judged: Mapping[UsageKey, tuple[JudgedUsage, ...]], prices: PriceBook) -> UsageOutcomes:
    """Prices judged rows, quarantined ones as well.

    Args:
        judged: What `usage_rules.judge` returns.
        prices: The price book.

    Returns:
        The outcomes, one entry a key.
    """
    return {
        key: tuple(
            UsageOutcome(candidate, price)
            for candidate in candidates
            for price in prices.price(
                candidate.row.sku_name,
                candidate.row.cloud,
                candidate.row.usage_unit,
                candidate.row.usage_start_time,
            )
        )
        for key, candidates in judged.items()
    }


def date_key(day: date | None) -> int | None:
    """The day as YYYYMMDD, or None."""
    return None if day is None else day.year * 10000 + day.month * 100 + day.day


def expected_fct_usage(outcomes: UsageOutcomes, currency: str = REPORTING_CURRENCY) -> ExpectedRows:
    """The rows of `fct_usage`: every key whose winner breaks no rule.

    Args:
        outcomes: What `usage_outcomes` returns.
        currency: The reporting currency.

    Returns:
        Rows with the columns `FCT_USAGE_COLUMNS`, keyed by record_id and record_type.
    """
    return ExpectedRows(
        KEY_COLUMNS,
        FCT_USAGE_COLUMNS,
        {
            key: tuple(
                None if outcome.judged.is_quarantined else _fct_usage_row(outcome, currency)
                for outcome in candidates
            )
            for key, candidates in outcomes.items()
        },
    )


def expected_quarantine(outcomes: UsageOutcomes) -> ExpectedRows:
    """The keys of `slv_usage_quarantine`, each with its sorted `broken_rules`.

    Args:
        outcomes: What `usage_outcomes` returns.

    Returns:
        Rows of record_id, record_type, usage_quantity and broken_rules.
    """
    columns = (*KEY_COLUMNS, "usage_quantity", "broken_rules")
    return ExpectedRows(
        KEY_COLUMNS,
        columns,
        {
            key: tuple(
                {
                    "record_id": outcome.row.record_id,
                    "record_type": outcome.row.record_type,
                    "usage_quantity": outcome.row.usage_quantity,
                    "broken_rules": list(outcome.judged.broken_rules),
                }
                if outcome.judged.is_quarantined
                else None
                for outcome in candidates
            )
            for key, candidates in outcomes.items()
        },
    )


def settle(
    outcomes: UsageOutcomes,
    fct_usage: Iterable[Mapping[str, Any]],
    quarantine: Iterable[Mapping[str, Any]] = (),
    more: Callable[[UsageOutcome], Mapping[str, Any]] | None = None,
) -> UsageOutcomes:
    """Narrows ties to the outcome that the warehouse chose, so that totals can be compared exactly.

    Args:
        outcomes: What `usage_outcomes` returns.
        fct_usage: The rows of `fct_usage` that the warehouse holds.
        quarantine: The rows of `slv_usage_quarantine` that it holds.
        more: Further columns of `fct_usage` that tell the outcomes of a record apart.

    Returns:
        One outcome a key. Where the warehouse holds none of the allowed ones, the first is kept; comparing
        the rows reports that.
    """
    tied = {key for key, candidates in outcomes.items() if len(candidates) > 1}
    in_gold = {key: row for row in fct_usage if (key := _key(row)) in tied}
    in_quarantine = {key: row for row in quarantine if (key := _key(row)) in tied}
    return {
        key: (_chosen(candidates, in_gold.get(key), in_quarantine.get(key), more),)
        if key in tied
        else candidates
        for key, candidates in outcomes.items()
    }


def _key(row: Mapping[str, Any]) -> UsageKey:
    return row["record_id"], row["record_type"]


def _chosen(
    candidates: tuple[UsageOutcome, ...],
    in_gold: Mapping[str, Any] | None,
    in_quarantine: Mapping[str, Any] | None,
    more: Callable[[UsageOutcome], Mapping[str, Any]] | None,
) -> UsageOutcome:
    for candidate in candidates:
        is_quarantined = candidate.judged.is_quarantined
        seen = in_quarantine if is_quarantined else in_gold
        extra = {} if is_quarantined or more is None else more(candidate)
        if seen is not None and _agrees(candidate, seen, extra):
            return candidate
    return candidates[0]


def _agrees(candidate: UsageOutcome, seen: Mapping[str, Any], more: Mapping[str, Any]) -> bool:
    # The quarantine keeps the raw columns, some of which (structs) have other names in Gold: what both have
    # decides.
    wanted = {**_fct_usage_row(candidate, REPORTING_CURRENCY), **more}
    shared = [column for column in wanted if column in seen and column != "currency_code"]
    return all(same_value(wanted[column], seen[column]) for column in shared)


def _fct_usage_row(outcome: UsageOutcome, currency: str) -> dict[str, Any]:
    row = outcome.row
    return {
        **{column: getattr(row, column) for column in _COPIED_COLUMNS},
        "date_key": date_key(row.usage_date),
        "currency_code": currency,
        "list_price": outcome.price.amount,
        "list_cost": outcome.cost,
        "is_priced": outcome.price.amount is not None,
    }
