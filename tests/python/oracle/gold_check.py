"""One call that holds a built warehouse to what the rules make of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from oracle.account_folder import AccountFolder
from oracle.compare import Comparison, compare
from oracle.expected_reconciliation import COLUMNS, drop_empty, expected_reconciliation
from oracle.expected_usage import (
    FCT_USAGE_COLUMNS,
    UsageOutcomes,
    expected_fct_usage,
    expected_quarantine,
    settle,
    usage_outcomes,
)
from oracle.price_rules import REPORTING_CURRENCY

Fetch = Callable[[str], Iterable[Mapping[str, Any]]]
"""Runs a query and returns its rows by column name, as databricks-sql-connector types them."""

# What tells tied candidates apart in the quarantine, beside the columns that are compared there.
_QUARANTINE_COLUMNS = (
    "record_id",
    "record_type",
    "sku_name",
    "cloud",
    "usage_unit",
    "usage_quantity",
    "usage_start_time",
    "usage_end_time",
    "ingestion_date",
    "broken_rules",
)


def check_gold(
    account: AccountFolder,
    fetch: Fetch,
    catalog: str = "platform_observability",
    currency: str = REPORTING_CURRENCY,
    limit: int = 20,
) -> dict[str, Comparison]:
    """Compares every row of usage, quarantine and reconciliation with what the account's rules say.

    Args:
        account: The account that was delivered, up to the same date.
        fetch: Runs a query in the warehouse.
        catalog: The catalog that was built.
        currency: The reporting currency of the build.
        limit: How many differences of a table to keep in full.

    Returns:
        The comparison by table. The build is right when each `is_equal`; printing one says what differs.
    """
    return check_usage(usage_outcomes(account, currency), fetch, catalog, currency, limit)


def check_usage(
    outcomes: UsageOutcomes,
    fetch: Fetch,
    catalog: str = "platform_observability",
    currency: str = REPORTING_CURRENCY,
    limit: int = 20,
) -> dict[str, Comparison]:
    """As `check_gold`, for outcomes that are known already.

    Args:
        outcomes: What `usage_outcomes` returns.
        fetch: Runs a query in the warehouse.
        catalog: The catalog that was built.
        currency: The reporting currency of the build.
        limit: How many differences of a table to keep in full.

    Returns:
        The comparison by table.
    """
    usage = list(fetch(f"select {', '.join(FCT_USAGE_COLUMNS)} from {catalog}.plt_gold.fct_usage"))
    quarantine = fetch_quarantine(fetch, catalog)
    reconciliation = fetch(f"select {', '.join(COLUMNS)} from {catalog}.plt_gold.fct_reconciliation")
    settled = settle(outcomes, usage, quarantine)
    return {
        "fct_usage": compare(expected_fct_usage(outcomes, currency), usage, limit),
        "slv_usage_quarantine": compare(expected_quarantine(outcomes), quarantine, limit),
        "fct_reconciliation": compare(expected_reconciliation(settled), drop_empty(reconciliation), limit),
    }


def fetch_quarantine(fetch: Fetch, catalog: str) -> list[Mapping[str, Any]]:
    """The quarantined rows that a warehouse holds.

    Args:
        fetch: Runs a query in the warehouse.
        catalog: The catalog that was built.

    Returns:
        Its rows, with what tells tied candidates apart.
    """
    return list(
        fetch(f"select {', '.join(_QUARANTINE_COLUMNS)} from {catalog}.plt_silver.slv_usage_quarantine")
    )
