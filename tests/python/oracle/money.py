"""Exact decimal arithmetic: sums never round, a product rounds once, half up, to 18 decimals."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

SCALE = 18
"""Decimals of a quantity, a price and a cost (DECIMAL(38,18))."""

_UNIT = Decimal(1).scaleb(-SCALE)
_TRAPS = [Inexact, InvalidOperation, Overflow, DivisionByZero]

# Two factors of 38 digits give 76; a sum of 10**20 of those gives 96. Anything that would still round
# raises Inexact.
_EXACT = Context(prec=120, traps=_TRAPS)
_ROUNDING = Context(prec=120, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow, DivisionByZero])


def list_cost(quantity: Decimal | None, price: Decimal | None) -> Decimal | None:
    """Cost of one usage record in the reporting currency.

    Args:
        quantity: Units consumed, negative on a retraction.
        price: Price of one unit, or None where the record is unpriced.

    Returns:
        quantity * price, exact and then rounded half up (away from zero) to 18 decimals; None where a
        factor is None. The rule is the note on `fct_usage` in the Gold contract.
    """
    if quantity is None or price is None:
        return None
    return _ROUNDING.quantize(_EXACT.multiply(quantity, price), _UNIT)


def exact_sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """SQL's SUM without rounding.

    Args:
        values: Addends; None is skipped.

    Returns:
        The sum, or None where no addend has a value (so a sum over only unpriced rows is None, not 0).
    """
    total: Decimal | None = None
    for value in values:
        if value is not None:
            total = value if total is None else _EXACT.add(total, value)
    return total


def at_scale(value: Decimal) -> Decimal:
    """The value written with 18 decimals.

    Args:
        value: A number with at most 18 decimals.

    Returns:
        The same number at scale 18.

    Raises:
        decimal.Inexact: If the number has more than 18 decimals.
    """
    return _EXACT.quantize(value, _UNIT)
