from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oracle.money import exact_sum, list_cost

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=18, allow_nan=False)
prices = st.decimals(min_value=0, max_value=10**6, places=18, allow_nan=False)


@pytest.mark.parametrize(
    ("quantity", "price", "cost"),
    [
        ("2", "0.15", "0.30"),
        ("0.000000000000000001", "0.5", "0.000000000000000001"),
        ("0.000000000000000001", "0.499999999999999999", "0"),
        ("-0.000000000000000001", "0.5", "-0.000000000000000001"),
        ("999999999999.999999999999999999", "999999.999999999999999999", "999999999999999999.999998999999"),
        ("5", "0", "0"),
    ],
)
def test_a_cost_is_exact_and_rounds_half_away_from_zero(quantity: str, price: str, cost: str) -> None:
    assert list_cost(Decimal(quantity), Decimal(price)) == Decimal(cost)


def test_without_a_price_there_is_no_cost() -> None:
    assert list_cost(Decimal(1), None) is None
    assert list_cost(None, Decimal(1)) is None


def test_a_sum_of_nothing_is_nothing_and_a_sum_of_zeros_is_zero() -> None:
    assert exact_sum([]) is None
    assert exact_sum([None, None]) is None
    assert exact_sum([None, Decimal(0)]) == 0


@given(amounts, prices)
def test_a_cost_is_at_most_half_a_unit_in_the_last_decimal_away(quantity: Decimal, price: Decimal) -> None:
    cost = list_cost(quantity, price)
    assert cost is not None
    assert abs(Fraction(cost) - Fraction(quantity) * Fraction(price)) <= Fraction(1, 2 * 10**18)
    assert cost.as_tuple().exponent == -18


@example(Decimal("366174699885.393205661336764406"), Decimal("0.007906409688367104"))
@given(amounts, prices)
def test_a_retraction_takes_back_the_cost_of_its_original(quantity: Decimal, price: Decimal) -> None:
    # A minus sign of Python would round to 28 digits.
    taken_back = quantity.copy_negate()
    assert exact_sum([list_cost(quantity, price), list_cost(taken_back, price)]) == 0


@given(st.lists(amounts))
def test_a_sum_is_exact(values: list[Decimal]) -> None:
    assert Fraction(exact_sum(values) or 0) == sum((Fraction(value) for value in values), Fraction(0))
