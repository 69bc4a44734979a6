"""The check tells what a tile asks of its query that the query does not give."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dashboards.conftest import Write
from dashboards_as_code.check import check_dashboard, faults_of
from dashboards_as_code.definition import ROOT, Dashboard, Tile, read
from dashboards_as_code.warehouse import Answer, Column, WarehouseError

GIVEN = (Column("date_key", "int"), Column("department", "string"), Column("list_cost", "decimal"))


class Answering:
    """A warehouse that gives one answer and keeps what it was asked."""

    def __init__(self, answer: Answer | WarehouseError) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def ask(self, query: str) -> Answer:
        self.asked.append(query)
        if isinstance(self.answer, WarehouseError):
            raise self.answer
        return self.answer


def counter(dashboard: Dashboard) -> Tile:
    return next(dashboard.tiles())


def test_a_query_that_gives_what_tiles_use_has_no_fault(small: Dashboard) -> None:
    warehouse: Any = Answering(Answer(GIVEN, ((20260101, "a", 1), (20260102, "b", 2))))
    (checked,) = check_dashboard(small, warehouse)
    assert (checked.query, checked.row_count, checked.faults) == ("costs", 2, ())
    assert "from platform_observability.plt_gold.fct_cost_daily as costs" in warehouse.asked[0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (GIVEN[:2], "value: the query has no column list_cost; it has date_key, department"),
        ((*GIVEN[:2], Column("list_cost", "string")), "list_cost is string, which does not fit sum"),
        ((GIVEN[0], GIVEN[2]), "filters: the query has no column department"),
        ((Column("department", "array"), GIVEN[2]), "filters: department is array, no type for values"),
        ((*GIVEN, GIVEN[0]), "two columns of one name"),
    ],
)
def test_a_missing_or_unfit_column_is_a_fault(
    small: Dashboard, columns: tuple[Column, ...], message: str
) -> None:
    faults = faults_of(counter(small), small.filters, Answer(columns, ()))
    assert any(message in fault for fault in faults), faults
    assert all(fault.startswith("total: ") for fault in faults)


@pytest.mark.parametrize(
    ("shown_as", "kind", "fits"),
    [
        ("date", "date", True),
        ("date", "string", False),
        ("time", "date", False),
        ("percent", "int", False),
        ("count", "double", False),
        ("count", "bigint", True),
        ("text", "timestamp", False),
        ("text", "boolean", True),
        ("money", "double", True),
    ],
)
def test_each_format_has_types_that_fit(write: Write, shown_as: str, kind: str, fits: bool) -> None:
    columns = [{"field": "department", "format": shown_as}]
    tile = {"name": "costs", "title": "t", "chart": "table", "columns": columns, "width": 12, "height": 3}
    dashboard = read(
        write(
            lambda value: (
                value.update(pages=[{"name": "p", "title": "P", "tiles": [tile]}]),
                value.pop("filters"),
            )
        ),
        ROOT,
    )
    faults = faults_of(counter(dashboard), [], Answer((Column("department", kind),), ((date(2026, 1, 1),),)))
    assert (faults == []) == fits


def test_a_query_that_fails_is_a_fault_with_the_reason(small: Dashboard) -> None:
    warehouse: Any = Answering(WarehouseError("[TABLE_OR_VIEW_NOT_FOUND]"))
    (checked,) = check_dashboard(small, warehouse)
    assert checked.row_count is None
    assert checked.faults == ("the query fails: [TABLE_OR_VIEW_NOT_FOUND]",)
