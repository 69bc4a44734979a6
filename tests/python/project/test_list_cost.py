"""The SQL of the macro list_cost, on Spark, against Python's decimals: right to the last of 18 decimals."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from pyspark.sql import SparkSession

from project.rendering import render

pytestmark = pytest.mark.warehouse

#: Signs are set by copy_sign and copy_negate: a unary minus rounds to 28 digits.
EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
UNIT = Decimal(1).scaleb(-18)
Pair = tuple[Decimal | None, Decimal | None]


def expected(quantity: Decimal | None, price: Decimal | None) -> Decimal | None:
    """The product, rounded once, half away from zero."""
    if quantity is None or price is None:
        return None
    return EXACT.quantize(EXACT.multiply(quantity, price), UNIT)


def number(draw: random.Random, integer_digits: int) -> Decimal:
    """A number with up to so many integer digits and 18 decimals; often one that rounds hard."""
    whole = draw.randrange(10 ** draw.randint(0, integer_digits))
    fraction = draw.choice(
        [
            draw.randrange(10**18),
            5 * 10 ** draw.randint(0, 17),
            10**18 - draw.randint(1, 9),
            draw.randint(0, 9),
            draw.randrange(10**9) * 10**9 + 10**9 // 2,
        ]
    )
    return EXACT.multiply(Decimal(whole * 10**18 + fraction), UNIT)


@pytest.fixture(scope="module")
def expression(tmp_path_factory: pytest.TempPathFactory) -> str:
    text = "{{ list_cost('quantity', 'price') }}"
    return render({"list_cost": text}, tmp_path_factory.mktemp("rendered"))["list_cost"]


def costs(spark: SparkSession, expression: str, pairs: list[Pair]) -> list[Decimal | None]:
    """What the macro's SQL gives for each pair, in one query."""
    rows = [(position, *pair) for position, pair in enumerate(pairs)]
    frame = spark.createDataFrame(
        rows, "position int, quantity decimal(38, 18), price decimal(38, 18)"
    ).selectExpr("position", f"{expression} as list_cost")
    assert frame.schema["list_cost"].dataType.simpleString() == "decimal(38,18)"
    return [row["list_cost"] for row in sorted(frame.collect(), key=lambda row: row["position"])]


def test_products_are_right_to_the_last_decimal(spark: SparkSession, expression: str) -> None:
    draw = random.Random(20260101)
    pairs: list[Pair] = [
        (number(draw, 12).copy_sign(Decimal(draw.choice([1, -1]))), number(draw, 6)) for _ in range(4000)
    ]
    largest = EXACT.subtract(Decimal(10) ** 12, UNIT)
    highest = EXACT.subtract(Decimal(10) ** 6, UNIT)
    pairs += [
        (quantity.copy_sign(Decimal(sign)), price)
        for sign in (1, -1)
        for quantity in (largest, UNIT, Decimal("0.5"))
        for price in (highest, UNIT, Decimal("0.5"), Decimal(0))
    ]
    pairs += [(None, Decimal(1)), (Decimal(1), None), (None, None)]
    wrong = [
        (pair, cost)
        for pair, cost in zip(pairs, costs(spark, expression, pairs), strict=True)
        if cost != expected(*pair)
    ]
    assert wrong == []


def test_halves_are_rounded_away_from_zero(spark: SparkSession, expression: str) -> None:
    half: Decimal = Decimal("0.5")
    pairs: list[Pair] = [(n * UNIT, half) for n in (1, 3, -1, -3)]
    assert costs(spark, expression, pairs) == [UNIT, 2 * UNIT, -UNIT, -2 * UNIT]


def test_a_retraction_takes_back_what_its_original_cost(spark: SparkSession, expression: str) -> None:
    draw = random.Random(7)
    originals: list[Pair] = [(number(draw, 12), number(draw, 6)) for _ in range(500)]
    taken_back: list[Pair] = [
        (quantity.copy_negate(), price) for quantity, price in originals if quantity is not None
    ]
    there, back = costs(spark, expression, originals), costs(spark, expression, taken_back)
    assert all(
        cost is not None and other is not None and cost == other.copy_negate()
        for cost, other in zip(there, back, strict=True)
    )
