"""Compares rows fetched from the warehouse with expected rows and says, readably, where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

RowKey = tuple[Any, ...]


class StructValue(dict[str, Any]):
    """An expected STRUCT: members it does not name are NULL; numbers compare by value, whatever their type.

    A plain dict is an expected MAP, which must have just its keys.
    """


@dataclass(frozen=True, slots=True)
class ExpectedRows:
    """Rows a table must hold.

    Attributes:
        key_columns: Columns that name a row.
        columns: Columns to compare, those of the key included; the table may have more.
        rows: Key to the allowed rows, any single one of which is right. None among them allows the row to
            be absent, so `(None,)` forbids the key.
    """

    key_columns: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Mapping[RowKey, Sequence[Mapping[str, Any] | None]]

    def count(self) -> int:
        """Number of keys that must be there."""
        return sum(None not in candidates for candidates in self.rows.values())


@dataclass(frozen=True, slots=True)
class Difference:
    """One value, or one row, that is not as expected."""

    key: RowKey
    column: str | None
    expected: Any
    got: Any

    def __str__(self) -> str:
        if self.column is None:
            return f"{self.key}: expected {self.expected}, got {self.got}"
        return f"{self.key}.{self.column}: expected {self.expected!r}, got {self.got!r}"


@dataclass(slots=True)
class Comparison:
    """Outcome of a comparison: counts of everything, and the first differences in full."""

    compared: int = 0
    missing: int = 0
    unexpected: int = 0
    duplicated: int = 0
    differing: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether the table holds just what it must."""
        return not (self.missing or self.unexpected or self.duplicated or self.differing)

    def __str__(self) -> str:
        counts = (
            f"{self.compared} rows compared: {self.missing} missing, {self.unexpected} unexpected, "
            f"{self.duplicated} duplicated, {self.differing} differing"
        )
        by_column = [f"  {column}: {count} rows" for column, count in sorted(self.columns.items())]
        return "\n".join([counts, *by_column, *(f"  {difference}" for difference in self.differences)])


def compare(expected: ExpectedRows, got: Iterable[Mapping[str, Any]], limit: int = 20) -> Comparison:
    """Compares fetched rows with expected ones.

    Args:
        expected: What the table must hold.
        got: Fetched rows as dicts, with the Python values that databricks-sql-connector returns.
        limit: How many differences to keep in full; all are counted.

    Returns:
        The comparison; print it to see what differs.

    Raises:
        KeyError: If a fetched row lacks a column to compare.
    """
    result = Comparison()
    seen: set[RowKey] = set()
    for row in got:
        result.compared += 1
        key = tuple(row[column] for column in expected.key_columns)
        if key in seen:
            result.duplicated += 1
            _keep(result, limit, Difference(key, None, "one row", "one more"))
            continue
        seen.add(key)
        allowed = [candidate for candidate in expected.rows.get(key, ()) if candidate is not None]
        if not allowed:
            result.unexpected += 1
            _keep(result, limit, Difference(key, None, "no row", _shown(row, expected.columns)))
            continue
        nearest = min((_unequal_columns(candidate, row, expected.columns) for candidate in allowed), key=len)
        if nearest:
            result.differing += 1
            wanted = min(allowed, key=lambda one: len(_unequal_columns(one, row, expected.columns)))
            for column in nearest:
                result.columns[column] = result.columns.get(column, 0) + 1
                _keep(result, limit, Difference(key, column, wanted[column], row[column]))
    for key, candidates in expected.rows.items():
        if key not in seen and None not in candidates:
            result.missing += 1
            wanted_row = candidates[0] or {}
            _keep(result, limit, Difference(key, None, _shown(wanted_row, expected.columns), "no row"))
    return result


def same_value(expected: Any, got: Any) -> bool:
    """Whether a fetched value is the expected one, exactly.

    Decimals and integers compare as numbers; a binary float is never right, since money and quantities are
    decimals. A time without a zone is UTC, as the warehouse returns it.

    Args:
        expected: None, bool, int, Decimal, str, date, datetime, a list of those, a dict of those for a MAP,
            or a `StructValue`.
        got: The fetched value; an array may be any sequence or a NumPy array, a map a dict or its pairs.

    Returns:
        Whether they are equal.
    """
    if expected is None or got is None:
        return expected is None and got is None
    if isinstance(expected, list):
        values = got.tolist() if hasattr(got, "tolist") else got
        if not isinstance(values, list | tuple) or len(values) != len(expected):
            return False
        return all(same_value(one, other) for one, other in zip(expected, values, strict=True))
    if isinstance(expected, StructValue):
        return isinstance(got, Mapping) and all(
            _same_member(expected.get(name), got.get(name)) for name in {*expected, *got}
        )
    if isinstance(expected, dict):
        entries = _entries(got)
        return (
            entries is not None
            and entries.keys() == expected.keys()
            and all(same_value(value, entries[key]) for key, value in expected.items())
        )
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | Decimal):
        return isinstance(got, int | Decimal) and expected == got
    if isinstance(expected, datetime):
        return isinstance(got, datetime) and _in_utc(expected) == _in_utc(got)
    return type(expected) is type(got) and bool(expected == got)


def _same_member(expected: Any, got: Any) -> bool:
    numbers = (int, float, Decimal)
    if isinstance(expected, numbers) and isinstance(got, numbers):
        return isinstance(expected, bool) is isinstance(got, bool) and float(expected) == float(got)
    return same_value(expected, got)


def _entries(got: Any) -> dict[Any, Any] | None:
    """A fetched map as a dict; None if it is none, or names a key twice."""
    if isinstance(got, Mapping):
        return dict(got)
    pairs = got.tolist() if hasattr(got, "tolist") else got
    if not isinstance(pairs, list | tuple) or not all(len(pair) == 2 for pair in pairs):
        return None
    entries = dict(pairs)
    return entries if len(entries) == len(pairs) else None


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _unequal_columns(wanted: Mapping[str, Any], row: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    return [column for column in columns if not same_value(wanted[column], row[column])]


def _shown(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    return ", ".join(f"{column}={row[column]!r}" for column in columns if row[column] is not None)


def _keep(result: Comparison, limit: int, difference: Difference) -> None:
    if len(result.differences) < limit:
        result.differences.append(difference)
