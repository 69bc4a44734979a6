from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oracle.account_folder import AccountFolder
from oracle.expected_reconciliation import expected_reconciliation
from oracle.expected_usage import expected_fct_usage, expected_quarantine, usage_outcomes
from oracle.gold_check import Fetch, check_gold
from oracle.tiny_account import price, usage, write_account


@pytest.fixture
def account(tmp_path: Path) -> AccountFolder:
    return write_account(
        tmp_path,
        {
            "2026-03-01": {
                "billing.list_prices": [price("0.15")],
                "billing.usage": [usage("a"), usage("b", usage_quantity="2"), usage("bad", cloud=None)],
            }
        },
    )


def warehouse(account: AccountFolder, **changes: Any) -> Fetch:
    """A warehouse that holds what it must, but for `changes` to record a."""
    outcomes = usage_outcomes(account)
    tables = {
        "fct_usage": expected_fct_usage(outcomes),
        "slv_usage_quarantine": expected_quarantine(outcomes),
        "fct_reconciliation": expected_reconciliation(outcomes),
    }

    def fetch(query: str) -> Iterable[Mapping[str, Any]]:
        table = query.rsplit(".", 1)[1]
        for candidates in tables[table].rows.values():
            for row in candidates:
                if row is not None:
                    is_changed = table == "fct_usage" and row["record_id"] == "a"
                    yield {**row, **changes} if is_changed else row

    return fetch


def test_a_warehouse_that_holds_what_it_must_passes(account: AccountFolder) -> None:
    checked = check_gold(account, warehouse(account))
    assert {table: (result.is_equal, result.compared) for table, result in checked.items()} == {
        "fct_usage": (True, 2),
        "slv_usage_quarantine": (True, 1),
        "fct_reconciliation": (True, 5),
    }


def test_one_unit_in_the_last_decimal_is_found(account: AccountFolder) -> None:
    checked = check_gold(account, warehouse(account, list_cost=Decimal("0.150000000000000001")))
    assert checked["fct_usage"].columns == {"list_cost": 1}
    assert "0.150000000000000001" in str(checked["fct_usage"])
