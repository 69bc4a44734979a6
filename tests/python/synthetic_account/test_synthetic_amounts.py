"""Whole numbers of 10^-18 stand for decimals without losing anything."""

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic_account.amounts import amount, amount_text, as_decimal, list_cost
from synthetic_account.usage import hourly_quantity, hours_between
from synthetic_account.window import Window, date_text, time_text

EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
AMOUNTS = st.integers(min_value=-(10**36), max_value=10**36)


@given(AMOUNTS)
def test_text_and_back(value: int) -> None:
    assert amount(amount_text(value)) == value
    assert "E" not in amount_text(value)


@given(AMOUNTS, st.integers(min_value=0, max_value=10**24))
def test_cost_is_the_product_rounded_half_up(quantity: int, price: int) -> None:
    product = EXACT.multiply(as_decimal(quantity), as_decimal(price))
    assert as_decimal(list_cost(quantity, price)) == product.quantize(Decimal("1e-18"), context=EXACT)


def test_halves_round_away_from_zero() -> None:
    half = amount("0.5")
    assert [list_cost(n, half) for n in (1, 3, -1, -3)] == [1, 2, -1, -2]


def test_more_than_eighteen_decimals_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 18 decimals"):
        amount("0.1234567890123456789")


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=1, max_value=200_000))
def test_hours_cover_a_stretch_of_time_exactly(start: int, length: int) -> None:
    hours = hours_between(start, start + length)
    assert sum(used for _, _, used in hours) == length
    assert hours[0][0] <= start < hours[0][1]
    assert all(low % 3600 == 0 and high - low == 3600 for low, high, _ in hours)


def test_a_full_hour_is_the_hourly_rate() -> None:
    assert hourly_quantity(2_500_000, 3600) == amount("2.5")
    assert amount_text(hourly_quantity(1_000_000, 1)) == "0.000277777777777777"


def test_days_and_times() -> None:
    window = Window(last=date(2026, 3, 1), days=3)
    assert [window.date_of(day) for day in range(3)] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert time_text(window.at(1, 23, 59, 59)) == "2026-02-28T23:59:59Z"
    assert date_text(window.at(-1)) == "2026-02-26"
    assert window.month_starts() == [2]
    assert [window.weekday(day) for day in range(3)] == [4, 5, 6]
    assert window.day_of(window.at(2) - 1) == 1
