from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.account_folder import AccountFolder
from oracle.compare import compare
from oracle.expected_reconciliation import (
    LAYERS,
    drop_empty,
    expected_reconciliation,
    gold_totals,
    single_outcomes,
)
from oracle.expected_usage import (
    FCT_USAGE_COLUMNS,
    UsageOutcomes,
    expected_fct_usage,
    expected_quarantine,
    price_outcomes,
    settle,
    usage_outcomes,
)
from oracle.money import exact_sum
from oracle.price_rules import PriceBook
from oracle.tiny_account import price, usage, write_account
from oracle.usage_rules import judge, read_usage_row, winning_rows


def outcomes_of(rows: list[dict[str, Any]], prices: list[dict[str, Any]]) -> UsageOutcomes:
    return price_outcomes(judge(winning_rows(read_usage_row(row) for row in rows)), PriceBook(prices))


@pytest.fixture
def account(tmp_path: Path) -> AccountFolder:
    """Two days: 3 DBU at 0.15, 1 of them restated as 0.5; an unpriced SKU; a broken row."""
    return write_account(
        tmp_path,
        {
            "2026-03-01": {
                "billing.list_prices": [price("0.15")],
                "billing.usage": [
                    usage("a", usage_quantity="1"),
                    usage("b", usage_quantity="2"),
                    usage("free", sku_name="GENIE", usage_quantity="7", billing_origin_product="GENIE"),
                    usage("bad", usage_quantity="-4"),
                ],
            },
            "2026-03-02": {
                "billing.usage": [
                    usage("a", record_type="RETRACTION", usage_quantity="-1", ingestion_date="2026-03-02"),
                    usage("a2", record_type="RESTATEMENT", usage_quantity="0.5", ingestion_date="2026-03-02"),
                    usage("c", usage_date="2026-03-02", usage_quantity="10"),
                ],
            },
        },
    )


def test_a_row_of_fct_usage_by_hand(tmp_path: Path) -> None:
    account = write_account(
        tmp_path,
        {
            "2026-03-01": {
                "billing.list_prices": [price("0.15")],
                "billing.usage": [
                    usage(
                        "a",
                        usage_quantity="2.5",
                        usage_metadata={"job_id": "7", "job_run_id": "70", "cluster_id": "c1"},
                        identity_metadata={"run_as": "ann@example.com"},
                        product_features={"is_photon": True},
                    )
                ],
            }
        },
    )
    expected = expected_fct_usage(usage_outcomes(account))
    assert expected.rows == {
        ("a", "ORIGINAL"): (
            {
                "record_id": "a",
                "record_type": "ORIGINAL",
                "date_key": 20260301,
                "account_id": "a1",
                "workspace_id": "w1",
                "entity_type": "JOB",
                "entity_id": "7",
                "cloud": "AWS",
                "sku_name": "JOBS",
                "billing_origin_product": "JOBS",
                "usage_type": "COMPUTE_TIME",
                "usage_unit": "DBU",
                "usage_start_time": datetime(2026, 3, 1, 10, tzinfo=UTC),
                "usage_end_time": datetime(2026, 3, 1, 11, tzinfo=UTC),
                "ingestion_date": date(2026, 3, 1),
                "usage_quantity": Decimal("2.5"),
                "is_serverless": False,
                "is_photon": True,
                "job_id": "7",
                "job_run_id": "70",
                "pipeline_id": None,
                "pipeline_update_id": None,
                "cluster_id": "c1",
                "warehouse_id": None,
                "run_as": "ann@example.com",
                "currency_code": "USD",
                "list_price": Decimal("0.15"),
                "list_cost": Decimal("0.375"),
                "is_priced": True,
            },
        )
    }
    assert set(expected.columns) == set(FCT_USAGE_COLUMNS)


def test_an_unpriced_row_has_no_price_no_cost_and_the_reporting_currency(account: AccountFolder) -> None:
    (row,) = expected_fct_usage(usage_outcomes(account)).rows["free", "ORIGINAL"]
    assert row is not None
    assert (row["list_price"], row["list_cost"], row["is_priced"]) == (None, None, False)
    assert row["currency_code"] == "USD"


def test_quarantined_rows_are_not_in_gold_and_gold_rows_are_not_quarantined(account: AccountFolder) -> None:
    outcomes = usage_outcomes(account)
    assert expected_fct_usage(outcomes).rows["bad", "ORIGINAL"] == (None,)
    assert expected_fct_usage(outcomes).count() == 6
    quarantine = expected_quarantine(outcomes)
    assert quarantine.count() == 1
    (row,) = quarantine.rows["bad", "ORIGINAL"]
    assert row is not None
    assert row["broken_rules"] == ["negative_original"]


def test_totals_by_hand(account: AccountFolder) -> None:
    totals = gold_totals(usage_outcomes(account), "date_key", "sku_name")
    by_hand = {
        (20260301, "JOBS"): (4, Decimal("2.5"), Decimal("0.375")),
        (20260301, "GENIE"): (1, Decimal(7), None),
        (20260302, "JOBS"): (1, Decimal(10), Decimal("1.5")),
    }
    assert {
        key: (total.record_count, total.usage_quantity, total.list_cost) for key, total in totals.items()
    } == by_hand
    by_product = gold_totals(usage_outcomes(account), "billing_origin_product")
    assert by_product["GENIE",].list_cost is None
    assert gold_totals(usage_outcomes(account))[()].list_cost == Decimal("1.875")


def test_reconciliation_by_hand(account: AccountFolder) -> None:
    rows = expected_reconciliation(usage_outcomes(account)).rows
    jobs = {
        key[3]: (row["record_count"], row["usage_quantity"], row["list_cost"])
        for key, (row,) in rows.items()
        if row is not None and key[:3] == (20260301, "JOBS", "DBU")
    }
    assert jobs == {
        "source": (5, Decimal("-1.5"), Decimal("-0.225")),
        "bronze": (5, Decimal("-1.5"), Decimal("-0.225")),
        "quarantine": (1, Decimal(-4), Decimal("-0.6")),
        "silver": (4, Decimal("2.5"), Decimal("0.375")),
        "gold": (4, Decimal("2.5"), Decimal("0.375")),
    }


def test_a_layer_may_say_none_by_a_row_of_zeros() -> None:
    zero = {"record_count": 0, "usage_quantity": None, "list_cost": None}
    assert drop_empty([zero, zero | {"record_count": 1}]) == [zero | {"record_count": 1}]


def test_a_tie_allows_either_row_and_totals_follow_the_one_that_was_chosen() -> None:
    outcomes = outcomes_of([usage(usage_quantity="1"), usage(usage_quantity="2")], [price("0.5")])
    expected = expected_fct_usage(outcomes)
    for chosen in expected.rows["r1", "ORIGINAL"]:
        assert chosen is not None
        assert compare(expected, [chosen]).is_equal
        settled = settle(outcomes, [chosen])
        assert gold_totals(settled)[()].list_cost == chosen["list_cost"]
    with pytest.raises(ValueError, match="2 possible outcomes"):
        gold_totals(outcomes)


def test_a_tie_may_be_settled_by_the_quarantine() -> None:
    outcomes = outcomes_of([usage(usage_quantity="1"), usage(usage_quantity="-2")], [])
    settled = settle(
        outcomes, [], [{"record_id": "r1", "record_type": "ORIGINAL", "usage_quantity": Decimal(-2)}]
    )
    assert [outcome.row.usage_quantity for outcome in single_outcomes(settled)] == [-2]
    assert compare(expected_fct_usage(outcomes), []).is_equal


usage_rows = st.lists(
    st.builds(
        usage,
        st.sampled_from(["r1", "r2", "r3", "r4", None]),
        record_type=st.sampled_from(["ORIGINAL", "RETRACTION", "RESTATEMENT", "CREDIT"]),
        usage_quantity=st.sampled_from(["-1", "0.000000000000000001", "1", "999999999999.5", None]),
        ingestion_date=st.sampled_from(["2026-03-01", "2026-03-02", None]),
        usage_date=st.sampled_from(["2026-03-01", "2026-03-02"]),
        sku_name=st.sampled_from(["JOBS", "GENIE", None]),
    ),
    max_size=12,
)


@given(usage_rows)
def test_every_layer_is_conserved(rows: list[dict[str, Any]]) -> None:
    settled = settle(outcomes_of(rows, [price("0.333333333333333333")]), [])
    found = expected_reconciliation(settled).rows
    for group in {key[:3] for key in found}:
        sums = {layer: found[(*group, layer)][0] for layer in LAYERS if (*group, layer) in found}
        for column in ("record_count", "usage_quantity", "list_cost"):
            values = {layer: row[column] for layer, row in sums.items() if row is not None}
            assert values["source"] == values["bronze"]
            assert values["bronze"] == exact_sum([values.get("silver"), values.get("quarantine")])
            assert values.get("silver") == values.get("gold")


@given(usage_rows, st.data())
def test_deliveries_in_any_grouping_say_the_same(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """Which delivery brings a row is not part of any rule: only its watermark is."""
    shuffled = data.draw(st.permutations(rows))
    one_go = outcomes_of(rows, [price()])
    regrouped = outcomes_of(shuffled, [price()])
    assert {key: set(found) for key, found in one_go.items()} == {
        key: set(found) for key, found in regrouped.items()
    }
