"""What a unit of usage cost at a time, by list price."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from oracle.account_folder import AccountFolder, SourceRow, as_decimal, as_timestamp, member

NO_PRICE_ROW = "no_price_row"
BEFORE_FIRST_PRICE = "before_first_price"
GAP = "gap"
OTHER_CURRENCY_ONLY = "other_currency_only"

REPORTING_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a unit, or the reason why there is none. Exactly one of the two is None."""

    amount: Decimal | None
    unpriced_reason: str | None


@dataclass(frozen=True, slots=True)
class _Window:
    end: datetime | None
    amount: Decimal | None


_ProductKey = tuple[str, str, str]


class PriceBook:
    """List prices of one currency, as windows.

    A window is half-open and ends at the start of the next one of the same SKU, cloud, unit and currency
    where that is earlier than its own end. A window without an amount still ends the one before it, and
    leaves its time unpriced (`gap`). Price rows that share their whole key are a tie which the warehouse
    breaks by row hash.

    Args:
        rows: The price list, as the source holds it now.
        currency: The reporting currency; prices in others never apply.

    Raises:
        AccountFolderError: If a value does not fit its column's type.
    """

    def __init__(self, rows: Iterable[SourceRow], currency: str = REPORTING_CURRENCY) -> None:
        self.currency = currency
        windows: dict[_ProductKey, dict[datetime, dict[_Window, None]]] = {}
        self._in_other_currencies: set[_ProductKey] = set()
        for row in rows:
            key = (member(row, "sku_name"), member(row, "cloud"), member(row, "usage_unit"))
            start = as_timestamp(member(row, "price_start_time"))
            if member(row, "currency_code") != currency:
                self._in_other_currencies.add(key)
            elif start is not None:
                window = _Window(as_timestamp(member(row, "price_end_time")), _amount(row))
                windows.setdefault(key, {}).setdefault(start, {})[window] = None
        self._starts = {key: sorted(by_start) for key, by_start in windows.items()}
        self._windows = {
            key: [tuple(windows[key][start]) for start in starts] for key, starts in self._starts.items()
        }

    def price(
        self, sku_name: str | None, cloud: str | None, usage_unit: str | None, at: datetime | None
    ) -> tuple[Price, ...]:
        """The price at a time.

        Args:
            sku_name: SKU of the usage.
            cloud: Cloud of the usage.
            usage_unit: Unit of the usage.
            at: `usage_start_time`.

        Returns:
            One price; several where price rows tie, and then any of them is right. Without a SKU, cloud or
            unit there is no price row; without a time there is no window it falls in (`gap`).
        """
        if sku_name is None or cloud is None or usage_unit is None:
            return (Price(None, NO_PRICE_ROW),)
        key = (sku_name, cloud, usage_unit)
        starts = self._starts.get(key)
        if starts is None:
            return (Price(None, OTHER_CURRENCY_ONLY if key in self._in_other_currencies else NO_PRICE_ROW),)
        if at is None:
            return (Price(None, GAP),)
        # Every earlier window is capped at this start, so the last one to start is the only one that can
        # hold the time.
        position = bisect_right(starts, at) - 1
        if position < 0:
            return (Price(None, BEFORE_FIRST_PRICE),)
        prices = {
            Price(window.amount, None)
            if window.amount is not None and (window.end is None or at < window.end)
            else Price(None, GAP): None
            for window in self._windows[key][position]
        }
        return tuple(prices)


def read_prices(account: AccountFolder, currency: str = REPORTING_CURRENCY) -> PriceBook:
    """The price book of an account: the last list it delivered.

    Args:
        account: The account.
        currency: The reporting currency.

    Returns:
        The price book; an empty one where the account has no price list.
    """
    return PriceBook(account.rows("billing.list_prices"), currency)


def dropped_prices(account: AccountFolder) -> set[tuple[str | None, ...]]:
    """Keys of price rows that an earlier list had and the last one lacks.

    The source keeps prices for good, so a list should never drop one. Where it does, our own copy may
    rightly outlive the source, and the comparison with the last list is not fair.

    Args:
        account: The account.

    Returns:
        (sku_name, cloud, currency_code, usage_unit, price_start_time) of each.
    """
    ever = {_key(row) for _, row in account.delivered_rows("billing.list_prices")}
    return ever - {_key(row) for row in account.rows("billing.list_prices")}


def _key(row: SourceRow) -> tuple[str | None, ...]:
    names = ("sku_name", "cloud", "currency_code", "usage_unit", "price_start_time")
    return tuple(member(row, name) for name in names)


def _amount(row: SourceRow) -> Decimal | None:
    effective = as_decimal(member(row, "pricing", "effective_list", "default"))
    return effective if effective is not None else as_decimal(member(row, "pricing", "default"))
