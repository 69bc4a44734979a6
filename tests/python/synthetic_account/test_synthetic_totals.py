"""The totals in the truths are what a plain count of the files gives.

The generator adds up what it meant each record to cost; here the files are read and priced from scratch.
"""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pytest
from made_account import MadeAccount, Row, make

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
REQUIRED = [
    "record_id",
    "record_type",
    "account_id",
    "sku_name",
    "cloud",
    "usage_unit",
    "usage_quantity",
    "usage_start_time",
    "usage_end_time",
    "usage_date",
    "ingestion_date",
]
KeyOf = tuple[str | None, str | None]


def winners(account: MadeAccount) -> dict[KeyOf, Row]:
    """The row of each key with the newest ingestion date."""
    found: dict[KeyOf, Row] = {}
    for _, row in account.rows("billing.usage"):
        key = (row.get("record_id"), row.get("record_type"))
        date, held = row.get("ingestion_date", ""), found.get(key)
        if held is not None and date == held.get("ingestion_date", ""):
            assert row == held, (
                "two contents of one key with one ingestion date: no reader could tell which holds"
            )
        if held is None or date > held.get("ingestion_date", ""):
            found[key] = row
    return found


def broken_rules(rows: dict[KeyOf, Row]) -> dict[KeyOf, list[str]]:
    broken: dict[KeyOf, list[str]] = {}
    for key, row in rows.items():
        rules = [f"missing_{column}" for column in REQUIRED if column not in row]
        if key[1] == "ORIGINAL" and row.get("usage_quantity", "").startswith("-"):
            rules.append("negative_original")
        if row.get("usage_end_time", "9") < row.get("usage_start_time", "0"):
            rules.append("end_before_start")
        if key[1] not in (None, "ORIGINAL", "RETRACTION", "RESTATEMENT"):
            rules.append("unknown_record_type")
        if rules:
            broken[key] = rules
    for key in rows:
        if key[0] is not None and key[1] == "RETRACTION" and (key[0], "ORIGINAL") in broken:
            broken.setdefault(key, []).append("retracts_quarantined")
    return {key: sorted(rules) for key, rules in broken.items()}


class PriceList:
    """Prices in USD: half-open windows, each capped at the start of the next."""

    def __init__(self, rows: list[Row]) -> None:
        self.windows: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in rows:
            if row["currency_code"] == "USD":
                self.windows[row["sku_name"], row["cloud"], row["usage_unit"]].append(row)
        for windows in self.windows.values():
            windows.sort(key=lambda row: str(row["price_start_time"]))

    def price(self, usage: Row) -> Decimal | None:
        at = usage["usage_start_time"]
        windows = self.windows.get((usage["sku_name"], usage["cloud"], usage["usage_unit"]), [])
        begun = [row for row in windows if row["price_start_time"] <= at]
        if not begun or ("price_end_time" in begun[-1] and begun[-1]["price_end_time"] <= at):
            return None
        pricing = begun[-1]["pricing"]
        return Decimal(pricing.get("effective_list", pricing)["default"])


def cost(usage: Row, prices: PriceList) -> Decimal | None:
    price = prices.price(usage)
    if price is None:
        return None
    return EXACT.multiply(Decimal(usage["usage_quantity"]), price).quantize(Decimal("1e-18"), context=EXACT)


def added(values: list[Decimal | None]) -> Decimal | None:
    priced = [value for value in values if value is not None]
    total = Decimal(0)
    for value in priced:
        total = EXACT.add(total, value)
    return total if priced else None


# The shortest account, the shortest with gaps between deliveries, one without a month's end, and the demo's.
@pytest.fixture(
    scope="module", params=[(1, 3), (7, 11), (12, 5), (45, 7)], ids=lambda p: f"{p[0]} days, seed {p[1]}"
)
def account(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MadeAccount:
    days, seed = request.param
    return make(tmp_path_factory.mktemp("account") / "out", days=days, seed=seed)


def test_keys_are_counted_once(account: MadeAccount) -> None:
    usage = account.truths["usage"]
    rows = winners(account)
    assert usage["keys"] == len(rows)
    assert usage["accepted_keys"] + usage["quarantined_keys"] == len(rows)


def test_money_of_every_day_and_sku_is_exact(account: MadeAccount) -> None:
    rows, prices = winners(account), PriceList(account.newest_listing("billing.list_prices"))
    broken = broken_rules(rows)
    cells: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for key, row in rows.items():
        if key not in broken:
            cells[row["usage_date"], row["sku_name"], row["usage_unit"]].append(row)
    counted = {
        cell: (
            len(usage),
            added([Decimal(row["usage_quantity"]) for row in usage]),
            added([cost(row, prices) for row in usage]),
        )
        for cell, usage in cells.items()
    }
    told = {
        (row["usage_date"], row["sku_name"], row["usage_unit"]): (
            row["record_count"],
            Decimal(row["usage_quantity"]),
            None if row["list_cost"] is None else Decimal(row["list_cost"]),
        )
        for row in account.truths["usage"]["by_day_and_sku"]
    }
    assert counted == told


def test_every_grouping_adds_up_to_the_same_money(account: MadeAccount) -> None:
    usage = account.truths["usage"]
    for grouping in ("by_product", "by_workspace", "by_day", "by_day_and_sku", "quantity_by_unit"):
        costs = [None if row["list_cost"] is None else Decimal(row["list_cost"]) for row in usage[grouping]]
        assert added(costs) == Decimal(usage["list_cost"]), grouping
        assert sum(row["record_count"] for row in usage[grouping]) == usage["accepted_keys"], grouping


def test_unpriced_usage_is_listed_with_its_reason(account: MadeAccount) -> None:
    rows, prices = winners(account), PriceList(account.newest_listing("billing.list_prices"))
    broken = broken_rules(rows)
    counted: dict[tuple[str, str, str], int] = defaultdict(int)
    for key, row in rows.items():
        if key not in broken and prices.price(row) is None:
            counted[row["sku_name"], row["cloud"], row["usage_unit"]] += 1
    unpriced = account.truths["usage"]["unpriced"]
    assert counted == {(r["sku_name"], r["cloud"], r["usage_unit"]): r["record_count"] for r in unpriced}
    assert {row["reason"] for row in unpriced} <= {
        "no_price_row",
        "before_first_price",
        "gap",
        "other_currency_only",
    }


def test_quarantined_records_are_named_with_every_broken_rule(account: MadeAccount) -> None:
    told: dict[KeyOf, list[str]] = {
        (record["record_id"], record["record_type"]): record["broken_rules"]
        for plant in account.truths["plants"]
        for record in plant["facts"].get("quarantined", [])
    }
    assert told == broken_rules(winners(account))


def test_cost_of_each_planted_record_is_what_its_case_says(account: MadeAccount) -> None:
    rows, prices = winners(account), PriceList(account.newest_listing("billing.list_prices"))
    planted: list[dict[str, Any]] = [
        record for plant in account.truths["plants"] for record in plant["facts"].get("records", [])
    ]
    assert planted
    for record in planted:
        row = rows[record["record_id"], record["record_type"]]
        assert row["usage_quantity"] == record["usage_quantity"]
        assert row["usage_date"] == record["usage_date"]
        expected = None if record["list_cost"] is None else Decimal(record["list_cost"])
        assert cost(row, prices) == expected


def test_lines_and_keys_of_every_table(account: MadeAccount) -> None:
    keys_of = {
        "billing.usage": ("record_id", "record_type"),
        "billing.list_prices": ("sku_name", "cloud", "currency_code", "usage_unit", "price_start_time"),
        "lakeflow.jobs": ("workspace_id", "job_id", "change_time"),
        "lakeflow.pipelines": ("workspace_id", "pipeline_id", "change_time"),
        "lakeflow.job_run_timeline": (
            "workspace_id",
            "job_id",
            "run_id",
            "period_start_time",
            "period_end_time",
        ),
        "lakeflow.job_task_run_timeline": ("workspace_id", "run_id", "period_start_time", "period_end_time"),
        "access.workspaces_latest": ("account_id", "workspace_id"),
        "compute.clusters": ("workspace_id", "cluster_id", "change_time"),
        "compute.node_types": ("account_id", "node_type"),
        "compute.warehouses": ("workspace_id", "warehouse_id", "change_time"),
        "lakeflow.pipeline_update_timeline": ("workspace_id", "update_id", "period_start_time"),
    }
    truths = account.truths
    assert set(truths["tables"]) == set(keys_of)
    for table, columns in keys_of.items():
        replaced = table in ("billing.list_prices", "access.workspaces_latest", "compute.node_types")
        rows = [row for _, row in account.rows(table)]
        standing = account.newest_listing(table) if replaced else rows
        keys = {tuple(row.get(column) for column in columns) for row in standing}
        assert truths["tables"][table] == {"lines": len(rows), "keys": len(keys)}, table
        by_delivery = {
            d: tables[table] for d, tables in truths["lines_by_delivery"].items() if table in tables
        }
        assert by_delivery == {
            delivered: len(path.read_bytes().splitlines()) for delivered, path in account.files(table)
        }
