"""Holds tiles to what their queries give: every field is there and has a type that fits its use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboards_as_code.definition import Dashboard, Field, Filter, Tile
from dashboards_as_code.tile_query import TileQuery
from dashboards_as_code.warehouse import CATALOG, SCHEMA, Answer, Warehouse, WarehouseError

_WHOLE = frozenset({"tinyint", "smallint", "int", "bigint"})
_NUMBERS = _WHOLE | {"float", "double", "decimal"}
_TEXT = frozenset({"string", "boolean"})
_DATES = frozenset({"date", "timestamp"})

#: SQL types that a format shows rightly.
FITTING_TYPES = {
    "text": _TEXT | _WHOLE,
    "date": _DATES,
    "time": frozenset({"timestamp"}),
    "count": _WHOLE,
    "number": _NUMBERS,
    "money": _NUMBERS,
    "percent": frozenset({"float", "double", "decimal"}),
    "duration": _NUMBERS,
}

_FITTING_FILTERS = {"dates": frozenset({"date"}), "values": _TEXT}


@dataclass(frozen=True)
class QueryCheck:
    """What a query gave and what is wrong with it.

    Attributes:
        dashboard: The dashboard's name.
        query: The query's name.
        row_count: Rows it gave; None where it failed.
        faults: A line each; none where all is well.
    """

    dashboard: str
    query: str
    row_count: int | None
    faults: tuple[str, ...]


def check_dashboard(
    dashboard: Dashboard, warehouse: Warehouse, catalog: str = CATALOG, schema: str = SCHEMA
) -> Iterable[QueryCheck]:
    """Runs every query of a dashboard and holds its columns to what tiles and filters use.

    Args:
        dashboard: The dashboard.
        warehouse: Where Gold is.
        catalog: Gold's catalog.
        schema: Gold's schema.

    Yields:
        A check a query.
    """
    for query in dashboard.queries():
        yield check_query(dashboard, query, warehouse, catalog, schema)


def check_query(
    dashboard: Dashboard, query: TileQuery, warehouse: Warehouse, catalog: str, schema: str
) -> QueryCheck:
    """Runs one query and holds its columns to what tiles and filters use.

    Args:
        dashboard: The dashboard it belongs to.
        query: The query.
        warehouse: Where Gold is.
        catalog: Gold's catalog.
        schema: Gold's schema.

    Returns:
        What it gave and what is wrong.
    """
    try:
        answer = warehouse.ask(query.in_schema(catalog, schema))
    except WarehouseError as error:
        return QueryCheck(dashboard.name, query.name, None, (f"the query fails: {error}",))
    faults = []
    for tile in dashboard.tiles():
        if tile.query.name == query.name:
            filters = [each for each in dashboard.filters if each.column in tile.filters]
            faults += faults_of(tile, filters, answer)
    return QueryCheck(dashboard.name, query.name, len(answer.rows), tuple(faults))


def faults_of(tile: Tile, filters: Iterable[Filter], answer: Answer) -> list[str]:
    """What a tile asks of an answer that the answer has not.

    Args:
        tile: The tile.
        filters: The filters that apply to it.
        answer: What its query gave.

    Returns:
        A line for each fault, with the tile's name and the column.
    """
    types = {column.name: column.type for column in answer.columns}
    faults = []
    if len(types) < len(answer.columns):
        faults.append(f"{tile.name}: the query has two columns of one name")
    for place, fields in tile.places.items():
        for field in fields:
            for column in field.columns:
                fault = _fault(field, column, types)
                if fault:
                    faults.append(f"{tile.name}: {place}: {fault}")
    for each in filters:
        if each.column not in types:
            faults.append(f"{tile.name}: filters: the query has no column {each.column}")
        elif types[each.column] not in _FITTING_FILTERS[each.kind]:
            faults.append(
                f"{tile.name}: filters: {each.column} is {types[each.column]}, no type for {each.kind}"
            )
    return faults


def _fault(field: Field, column: str, types: dict[str, str]) -> str | None:
    if column not in types:
        return f"the query has no column {column}; it has {', '.join(types)}"
    if field.aggregate == "count":
        return None
    fitting = _NUMBERS if field.aggregate in ("sum", "average", "ratio") else FITTING_TYPES[field.format]
    if types[column] not in fitting:
        return f"{column} is {types[column]}, which does not fit {field.aggregate or field.format}"
    return None
