from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.price_rules import Price, PriceBook, dropped_prices, read_prices
from oracle.tiny_account import price, write_account

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def price_at(at: datetime, *rows: dict[str, Any]) -> Decimal | str | None:
    """The amount, or the reason why there is none."""
    (found,) = PriceBook(rows).price("JOBS", "AWS", "DBU", at)
    return found.amount if found.unpriced_reason is None else found.unpriced_reason


def test_a_window_includes_its_start_and_excludes_its_end() -> None:
    row = price("0.5", price_start_time="2026-03-01T12:00:00Z", price_end_time="2026-03-01T13:00:00Z")
    assert price_at(NOON - MICROSECOND, row) == "before_first_price"
    assert price_at(NOON, row) == Decimal("0.5")
    assert price_at(NOON + timedelta(hours=1) - MICROSECOND, row) == Decimal("0.5")
    assert price_at(NOON + timedelta(hours=1), row) == "gap"


def test_a_price_changes_at_the_start_of_the_next_window() -> None:
    rows = [
        price("0.1", price_end_time="2026-03-01T12:00:00Z"),
        price("0.2", price_start_time="2026-03-01T12:00:00Z"),
    ]
    assert price_at(NOON - MICROSECOND, *rows) == Decimal("0.1")
    assert price_at(NOON, *rows) == Decimal("0.2")


@pytest.mark.parametrize("end", [None, "2026-03-01T18:00:00Z"])
def test_an_overlapping_window_is_capped_at_the_next_start(end: str | None) -> None:
    rows = [
        price("0.1", price_end_time=end),
        price("0.2", price_start_time="2026-03-01T12:00:00Z", price_end_time="2026-03-01T13:00:00Z"),
    ]
    assert price_at(NOON, *rows) == Decimal("0.2")
    # The capped window does not come back when the one that capped it ends.
    assert price_at(NOON + timedelta(hours=1), *rows) == "gap"


def test_the_effective_list_price_goes_before_the_default() -> None:
    both = {"default": "0.5", "effective_list": {"default": "0.4"}, "promotional": {"default": "0.1"}}
    assert price_at(NOON, price(pricing=both)) == Decimal("0.4")
    assert price_at(NOON, price(pricing=both | {"effective_list": {"default": None}})) == Decimal("0.5")
    assert price_at(NOON, price(pricing=both | {"effective_list": None})) == Decimal("0.5")


def test_a_price_of_zero_is_a_price() -> None:
    assert price_at(NOON, price("0")) == 0


@pytest.mark.parametrize("column", ["sku_name", "cloud", "usage_unit"])
def test_a_price_of_something_else_is_no_price(column: str) -> None:
    assert price_at(NOON, price() | {column: "other"}) == "no_price_row"


def test_other_currencies_never_price_nor_cap() -> None:
    euro = price("9", currency_code="EUR", price_start_time="2026-02-01T00:00:00Z")
    assert price_at(NOON, euro) == "other_currency_only"
    assert price_at(NOON, price("0.1"), euro) == Decimal("0.1")
    late = price("0.1", price_start_time="2026-04-01T00:00:00Z")
    assert price_at(NOON, late, euro) == "before_first_price"


def test_the_reporting_currency_can_be_another() -> None:
    book = PriceBook([price("0.1"), price("0.2", currency_code="EUR")], "EUR")
    assert book.price("JOBS", "AWS", "DBU", NOON) == (Price(Decimal("0.2"), None),)


def test_a_window_without_an_amount_leaves_a_gap() -> None:
    rows = [price("0.1"), price(None, price_start_time="2026-03-01T12:00:00Z")]
    assert price_at(NOON - MICROSECOND, *rows) == Decimal("0.1")
    assert price_at(NOON, *rows) == "gap"


def test_usage_that_names_no_product_or_no_time_is_unpriced() -> None:
    book = PriceBook([price()])
    assert book.price(None, "AWS", "DBU", NOON) == (Price(None, "no_price_row"),)
    assert book.price("JOBS", "AWS", "DBU", None) == (Price(None, "gap"),)


def test_price_rows_that_tie_are_all_candidates() -> None:
    found = PriceBook([price("0.1"), price("0.2"), price("0.1")]).price("JOBS", "AWS", "DBU", NOON)
    assert {candidate.amount for candidate in found} == {Decimal("0.1"), Decimal("0.2")}


def test_the_last_list_holds_and_what_it_dropped_is_named(tmp_path: Path) -> None:
    account = write_account(
        tmp_path,
        {
            "2026-03-01": {"billing.list_prices": [price("0.1"), price("0.9", sku_name="SQL")]},
            "2026-03-02": {"billing.list_prices": [price("0.2")]},
        },
    )
    book = read_prices(account)
    assert book.price("JOBS", "AWS", "DBU", NOON) == (Price(Decimal("0.2"), None),)
    assert book.price("SQL", "AWS", "DBU", NOON) == (Price(None, "no_price_row"),)
    assert dropped_prices(account) == {("SQL", "AWS", "USD", "DBU", "2026-01-01T00:00:00Z")}


hours = st.integers(min_value=0, max_value=8)
windows = st.dictionaries(hours, st.tuples(st.one_of(st.none(), hours), st.integers(1, 9)), max_size=5)


def at_hour(hour: int) -> datetime:
    return datetime(2026, 3, 1, hour, tzinfo=UTC)


@given(windows, hours)
def test_prices_agree_with_the_definition(drawn: dict[int, tuple[int | None, int]], hour: int) -> None:
    """The book searches; here every window is laid out hour by hour, each capped at the next start."""
    rows = [
        price(
            str(amount),
            price_start_time=at_hour(start).isoformat(),
            price_end_time=None if end is None else at_hour(end).isoformat(),
        )
        for start, (end, amount) in drawn.items()
    ]
    by_hour: dict[int, Decimal] = {}
    for start, (end, amount) in drawn.items():
        later = [other for other in drawn if other > start]
        last = min([24, *later, *([] if end is None else [end])])
        by_hour |= {covered: Decimal(amount) for covered in range(start, last)}
    found = price_at(at_hour(hour), *rows)
    assert (found if isinstance(found, Decimal) else None) == by_hour.get(hour)
