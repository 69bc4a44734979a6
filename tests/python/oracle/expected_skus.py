"""The rows that `dim_sku` must hold, with what a SKU's name tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oracle.account_folder import member
from oracle.account_state import AccountState, accepted_usage
from oracle.compare import ExpectedRows, RowKey

SKU_KEY_COLUMNS = ("sku_name", "cloud", "usage_unit")
DIM_SKU_COLUMNS = (*SKU_KEY_COLUMNS, "sku_family", "is_serverless", "is_photon", "tier", "region")

PRICES = "billing.list_prices"
TIERS = ("STANDARD", "PREMIUM", "ENTERPRISE")
PHOTON = "(PHOTON)"

PLACES = frozenset(
    [
        "AFRICA",
        "AP",
        "ASIA",
        "AUSTRALIA",
        "BRAZIL",
        "CANADA",
        "CENTRAL",
        "CHINA",
        "EAST",
        "EU",
        "EUROPE",
        "FRANCE",
        "GERMANY",
        "INDIA",
        "ISRAEL",
        "ITALY",
        "JAPAN",
        "KOREA",
        "ME",
        "MEXICO",
        "NORTH",
        "NORWAY",
        "POLAND",
        "QATAR",
        "SOUTH",
        "SPAIN",
        "SWEDEN",
        "SWITZERLAND",
        "UAE",
        "UK",
        "US",
        "WEST",
    ]
)
"""The words that names of regions begin with."""


def expected_dim_sku(state: AccountState) -> ExpectedRows:
    """The rows of `dim_sku`: what the price list has now, and what usage that breaks no rule names.

    Args:
        state: The account; its usage may tie.

    Returns:
        Rows keyed by SKU, cloud and unit.

    Raises:
        AccountFolderError: If the account is malformed.
    """
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {}
    for price in state.account.rows(PRICES):
        key = tuple(member(price, name) for name in SKU_KEY_COLUMNS)
        if key[0] is not None:
            rows[key] = (_sku_row(key),)
    for record, candidates in accepted_usage(state.usage).items():
        # Where a tie may go to the quarantine instead, or name another SKU, neither has to be there.
        is_certain = len(candidates) == len(state.usage[record]) == 1
        for one in candidates:
            key = (one.row.sku_name, one.row.cloud, one.row.usage_unit)
            if is_certain:
                rows[key] = (_sku_row(key),)
            else:
                rows.setdefault(key, (_sku_row(key), None))
    return ExpectedRows(SKU_KEY_COLUMNS, DIM_SKU_COLUMNS, rows)


def _sku_row(key: RowKey) -> dict[str, Any]:
    name: str = key[0]
    words = name.split("_")
    tier = words[0] if words[0] in TIERS and len(words) > 1 else None
    starts = (at for at in range(1, len(words)) if words[at] in PLACES and PHOTON not in words[at:])
    region = "_".join(words[start:]) if (start := next(starts, None)) else None
    family = words[1 if tier else 0 : start]
    return {
        **dict(zip(SKU_KEY_COLUMNS, key, strict=True)),
        "sku_family": "_".join(word for word in family if word != PHOTON),
        "is_serverless": "SERVERLESS" in name,
        "is_photon": "PHOTON" in name,
        "tier": tier,
        "region": region,
    }
