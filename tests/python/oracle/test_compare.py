from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from oracle.compare import ExpectedRows, compare, same_value

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FetchedArray:
    """An array as NumPy hands it over: not a list, but it turns into one."""

    def tolist(self) -> list[str]:
        return ["a", "b"]


def expected(**rows: Any) -> ExpectedRows:
    return ExpectedRows(
        ("id",),
        ("id", "cost"),
        {(name,): tuple({"id": name, "cost": cost} for cost in costs) for name, costs in rows.items()},
    )


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (Decimal("0.10"), Decimal("0.1")),
        (1, Decimal(1)),
        (NOON, datetime(2026, 3, 1, 12)),
        (NOON, datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))),
        (date(2026, 3, 1), date(2026, 3, 1)),
        (["a", "b"], FetchedArray()),
        (["a"], ("a",)),
        (None, None),
        (True, True),
    ],
)
def test_equal_values(wanted: Any, got: Any) -> None:
    assert same_value(wanted, got)


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (Decimal("0.1"), 0.1),
        (Decimal("0.1"), Decimal("0.100000000000000001")),
        (Decimal(1), "1"),
        (0, None),
        (None, Decimal(0)),
        (True, 1),
        (0, False),
        (NOON, NOON + timedelta(microseconds=1)),
        (NOON, date(2026, 3, 1)),
        (date(2026, 3, 1), NOON),
        ("a", "A"),
        (["a", "b"], ["b", "a"]),
        (["a"], '["a"]'),
        ([], None),
    ],
)
def test_unequal_values(wanted: Any, got: Any) -> None:
    assert not same_value(wanted, got)


def test_the_same_rows_are_equal_in_any_order_and_may_have_more_columns() -> None:
    got = [{"id": "b", "cost": 2, "more": "x"}, {"id": "a", "cost": 1, "more": "y"}]
    assert compare(expected(a=[1], b=[2]), got).is_equal


def test_every_kind_of_difference_is_counted_and_named() -> None:
    got = [
        {"id": "a", "cost": Decimal("1.5")},
        {"id": "c", "cost": 3},
        {"id": "d", "cost": 4},
        {"id": "d", "cost": 4},
    ]
    result = compare(expected(a=[1], b=[2], d=[4]), got)
    assert (result.missing, result.unexpected, result.duplicated, result.differing) == (1, 1, 1, 1)
    assert result.columns == {"cost": 1}
    text = str(result)
    assert "('a',).cost: expected 1, got Decimal('1.5')" in text
    assert "('b',): expected id='b', cost=2, got no row" in text
    assert "('c',): expected no row, got id='c', cost=3" in text
    assert "('d',): expected one row, got one more" in text


def test_any_one_of_several_allowed_rows_is_right_and_no_mixture() -> None:
    either = ExpectedRows(
        ("id",), ("id", "x", "y"), {("a",): ({"id": "a", "x": 1, "y": 1}, {"id": "a", "x": 2, "y": 2})}
    )
    assert compare(either, [{"id": "a", "x": 2, "y": 2}]).is_equal
    mixture = compare(either, [{"id": "a", "x": 1, "y": 2}])
    assert (mixture.differing, len(mixture.differences)) == (1, 1)


@pytest.mark.parametrize(
    ("allowed", "absent_is_right", "present_is_right"),
    [
        ((None,), True, False),
        (({"id": "a"}, None), True, True),
        (({"id": "a"},), False, True),
    ],
)
def test_a_row_can_be_forbidden_optional_or_demanded(
    allowed: tuple[dict[str, str] | None, ...], absent_is_right: bool, present_is_right: bool
) -> None:
    rows = ExpectedRows(("id",), ("id",), {("a",): allowed})
    assert compare(rows, []).is_equal is absent_is_right
    assert compare(rows, [{"id": "a"}]).is_equal is present_is_right


def test_only_the_first_differences_are_kept_and_all_are_counted() -> None:
    result = compare(expected(), [{"id": str(number), "cost": 1} for number in range(50)], limit=3)
    assert (result.unexpected, len(result.differences)) == (50, 3)


def test_a_column_the_table_lacks_is_an_error_and_no_difference() -> None:
    with pytest.raises(KeyError, match="cost"):
        compare(expected(a=[1]), [{"id": "a"}])
