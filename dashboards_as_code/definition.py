"""What a dashboard is: title, owner, filters, pages of tiles, and the SQL of each tile.

A folder `dashboards/<name>/` holds one `dashboard.yml` and a SQL file a query. dashboards/README.md explains
the format by example; this module is what holds files to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dashboards_as_code import tile_query
from dashboards_as_code.tile_query import QueryError, TileQuery

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "dashboards"

#: Columns of the grid on which tiles stand.
GRID_WIDTH = 12

CHARTS = ("counter", "line", "area", "bar", "heatmap", "scatter", "table")

#: How values of a field are shown: what a format needs is in `check.FITTING_TYPES`.
FORMATS = ("text", "date", "time", "count", "number", "money", "percent", "duration")

#: What a field may do with the rows that fall together. `ratio` is one column's sum over another's.
AGGREGATES = ("sum", "average", "max", "count", "ratio")

FILTER_KINDS = ("values", "dates")

#: The places a chart's fields stand at: needed ones, optional ones.
_PLACES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "counter": (frozenset({"value"}), frozenset()),
    "line": (frozenset({"x", "y"}), frozenset({"color"})),
    "area": (frozenset({"x", "y"}), frozenset({"color"})),
    "bar": (frozenset({"x", "y"}), frozenset({"color"})),
    "heatmap": (frozenset({"x", "y", "color"}), frozenset()),
    "scatter": (frozenset({"x", "y", "label"}), frozenset({"color"})),
    "table": (frozenset({"columns"}), frozenset()),
}
_MANY = {("table", "columns"), ("line", "y")}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


class DefinitionError(ValueError):
    """A definition that does not hold. The message names the file and the field."""


@dataclass(frozen=True)
class Field:
    """A column of a query as a tile shows it.

    Attributes:
        column: The column; of a ratio, the one above the line.
        aggregate: What is done with rows that fall together; None: nothing, they are kept apart by it.
        over: Of a ratio, the column below the line.
        format: How values are shown, one of FORMATS.
        title: What it is called on axes and heads of columns.
    """

    column: str
    aggregate: str | None
    over: str | None
    format: str
    title: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The query's columns it needs."""
        return (self.column,) if self.over is None else (self.column, self.over)


@dataclass(frozen=True)
class Filter:
    """A filter of a dashboard.

    Attributes:
        column: The column it looks at, the same name in every query it applies to.
        title: What it is called.
        kind: `values` to choose among values, `dates` for a first and a last day.
    """

    column: str
    title: str
    kind: str


@dataclass(frozen=True)
class Tile:
    """One number, chart or table.

    Attributes:
        name: Unique in the dashboard.
        query: The query it shows.
        title: With the unit of what is shown.
        note: What a reader should know, such as days covered; may be empty.
        chart: One of CHARTS.
        places: Fields by the place they stand at, such as `x`.
        filters: Columns of the filters that apply to it.
        x: Its left end on the grid, from 0.
        y: Its upper end on its page, from 0.
        width: Columns of the grid.
        height: Rows of the grid.
    """

    name: str
    query: TileQuery
    title: str
    note: str
    chart: str
    places: dict[str, tuple[Field, ...]]
    filters: tuple[str, ...]
    x: int
    y: int
    width: int
    height: int

    def fields(self) -> Iterator[Field]:
        """All its fields, place by place."""
        for fields in self.places.values():
            yield from fields


@dataclass(frozen=True)
class Page:
    """Tiles that stand together.

    Attributes:
        name: Unique in the dashboard.
        title: Its heading.
        tiles: In reading order.
    """

    name: str
    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Dashboard:
    """One dashboard.

    Attributes:
        name: The folder's name.
        folder: The folder.
        title: What it is called.
        description: What it answers, and what its figures leave out.
        owner_name: Who answers for it.
        owner_email: How to reach them.
        filters: In the order in which they are shown.
        pages: In order.
    """

    name: str
    folder: Path
    title: str
    description: str
    owner_name: str
    owner_email: str
    filters: tuple[Filter, ...]
    pages: tuple[Page, ...]

    def tiles(self) -> Iterator[Tile]:
        """All tiles, page by page."""
        for page in self.pages:
            yield from page.tiles

    def queries(self) -> list[TileQuery]:
        """Its queries, each one once, in the order in which tiles need them."""
        return list({tile.query.name: tile.query for tile in self.tiles()}.values())

    def models(self) -> list[str]:
        """The models it reads, sorted."""
        return sorted({model for query in self.queries() for model in query.models})


class _Node:
    """A value of a YAML file that knows where it stands, for messages."""

    def __init__(self, value: Any, file: Path, path: str) -> None:
        self.value = value
        self.file = file
        self.path = path

    def error(self, what: str) -> DefinitionError:
        file = self.file.relative_to(ROOT) if self.file.is_relative_to(ROOT) else self.file
        return DefinitionError(f"{file}: {self.path + ': ' if self.path else ''}{what}")

    def mapping(self, needed: Sequence[str], optional: Sequence[str] = ()) -> dict[str, _Node]:
        if not isinstance(self.value, dict):
            raise self.error(f"must be a mapping, not {self.value!r}")
        known = [*needed, *optional]
        for key in self.value:
            if key not in known:
                raise self.error(f"{key!r} is not known here; known are {', '.join(known)}")
        for key in needed:
            if key not in self.value:
                raise self.error(f"{key!r} is missing")
        lead = f"{self.path}." if self.path else ""
        return {key: _Node(value, self.file, f"{lead}{key}") for key, value in self.value.items()}

    def items(self) -> list[_Node]:
        if not isinstance(self.value, list) or not self.value:
            raise self.error(f"must be a list with at least one entry, not {self.value!r}")
        return [_Node(value, self.file, f"{self.path}[{at}]") for at, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error(f"must be text, not {self.value!r}")
        return " ".join(self.value.split())

    def name(self) -> str:
        if not _NAME.fullmatch(self.text()):
            raise self.error(f"{self.value!r} must be lower case letters, digits and underscores, 60 at most")
        return self.text()

    def choice(self, choices: Sequence[str]) -> str:
        if self.value not in choices:
            raise self.error(f"{self.value!r} is none of {', '.join(choices)}")
        return str(self.value)

    def whole_number(self, most: int) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 1 <= self.value <= most:
            raise self.error(f"must be a whole number from 1 to {most}, not {self.value!r}")
        return self.value


def read_all(folder: Path = FOLDER, root: Path = ROOT) -> list[Dashboard]:
    """Reads every dashboard.

    Args:
        folder: Holds a folder a dashboard.
        root: The dbt project whose Gold they read.

    Returns:
        Dashboards in the order of their titles.

    Raises:
        DefinitionError: One does not hold, or there is none.
    """
    files = sorted(folder.glob("*/dashboard.yml"))
    if not files:
        raise DefinitionError(f"{folder}: no folder in it has a dashboard.yml")
    return sorted((read(file.parent, root) for file in files), key=lambda dashboard: dashboard.title)


def read(folder: Path, root: Path = ROOT) -> Dashboard:
    """Reads one dashboard.

    Args:
        folder: Holds `dashboard.yml` and the SQL of the tiles.
        root: The dbt project whose Gold it reads.

    Returns:
        The dashboard.

    Raises:
        DefinitionError: The definition or a query does not hold; the message names file and field.
    """
    file = folder / "dashboard.yml"
    try:
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise _Node(None, file, "").error(f"this is no YAML: {error}") from error
    value = _filled(value, placeholders(root))
    top = _Node(value, file, "").mapping(["title", "description", "owner", "pages"], ["filters"])
    owner = top["owner"].mapping(["name", "email"])
    filters = tuple(_read_filters(top["filters"])) if "filters" in top else ()
    queries = _read_queries(folder, root)
    pages: list[Page] = []
    tile_names: set[str] = set()
    for node in top["pages"].items():
        page = node.mapping(["name", "title", "tiles"])
        tiles = []
        for tile_node, position in zip(page["tiles"].items(), _positions(page["tiles"]), strict=True):
            tile = _read_tile(tile_node, position, queries, filters)
            if tile.name in tile_names:
                raise tile_node.error(f"a tile before has the name {tile.name!r} already")
            tile_names.add(tile.name)
            tiles.append(tile)
        pages.append(Page(page["name"].name(), page["title"].text(), tuple(tiles)))
        if len({other.name for other in pages}) < len(pages):
            raise page["name"].error("a page before has this name already")
    dashboard = Dashboard(
        name=folder.name,
        folder=folder,
        title=top["title"].text(),
        description=top["description"].text(),
        owner_name=owner["name"].text(),
        owner_email=owner["email"].text(),
        filters=filters,
        pages=tuple(pages),
    )
    filters_of: dict[str, tuple[str, ...]] = {}
    for tile in dashboard.tiles():
        if filters_of.setdefault(tile.query.name, tile.filters) != tile.filters:
            raise top["pages"].error(f"tiles of {tile.query.name}.sql must have the same filters")
    unused = set(queries) - {query.name for query in dashboard.queries()}
    if unused:
        raise top["pages"].error(f"no tile shows {', '.join(sorted(f'{name}.sql' for name in unused))}")
    for each in filters:
        if not any(each.column in tile.filters for tile in dashboard.tiles()):
            raise top["filters"].error(f"the filter {each.column!r} applies to no tile")
    return dashboard


def placeholders(root: Path = ROOT) -> dict[str, str]:
    """What texts of a definition may name in braces: variables of the dbt project that figures depend on.

    Args:
        root: The dbt project's root.

    Returns:
        `currency`, such as USD, and `days`, on which reports look back.
    """
    variables = yaml.safe_load((root / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return {"currency": str(variables["reporting_currency"]), "days": str(variables["report_window_days"])}


def _filled(value: Any, fillings: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, filling in fillings.items():
            value = value.replace(f"{{{name}}}", filling)
        return value
    if isinstance(value, list):
        return [_filled(each, fillings) for each in value]
    if isinstance(value, dict):
        return {key: _filled(each, fillings) for key, each in value.items()}
    return value


def _read_filters(node: _Node) -> Iterator[Filter]:
    seen = set()
    for each in node.items():
        parts = each.mapping(["column", "title"], ["kind"])
        column = parts["column"].name()
        if column in seen:
            raise each.error(f"there is a filter of {column!r} already")
        seen.add(column)
        kind = parts["kind"].choice(FILTER_KINDS) if "kind" in parts else "values"
        yield Filter(column, parts["title"].text(), kind)


def _read_queries(folder: Path, root: Path) -> dict[str, TileQuery]:
    models = tile_query.gold_models(root)
    queries = {}
    for file in sorted(folder.glob("*.sql")):
        place = _Node(None, file, "")
        try:
            query = tile_query.parse(file.stem, file.read_text(encoding="utf-8"))
        except QueryError as error:
            raise place.error(str(error)) from error
        for model in query.models:
            if model not in models:
                raise place.error(f"{model} is no dimension, fact or report of Gold")
        queries[query.name] = query
    return queries


def _positions(tiles: _Node) -> list[tuple[int, int]]:
    """Places tiles from left to right, and on a new row where one does not fit any more."""
    positions = []
    x = y = row_height = 0
    for node in tiles.items():
        sizes = node.value if isinstance(node.value, dict) else {}
        lead = f"{node.path}."
        if "width" not in sizes or "height" not in sizes:
            raise node.error("'width' or 'height' is missing")
        width = _Node(sizes["width"], node.file, f"{lead}width").whole_number(GRID_WIDTH)
        height = _Node(sizes["height"], node.file, f"{lead}height").whole_number(30)
        if x + width > GRID_WIDTH:
            x, y, row_height = 0, y + row_height, 0
        if row_height and height != row_height:
            raise node.error(f"height {height}, while the tile to its left has {row_height}")
        positions.append((x, y))
        x, row_height = x + width, height
    return positions


def _read_tile(
    node: _Node,
    position: tuple[int, int],
    queries: dict[str, TileQuery],
    filters: Sequence[Filter],
) -> Tile:
    if not isinstance(node.value, dict) or "chart" not in node.value:
        raise node.error("'chart' is missing")
    chart = _Node(node.value["chart"], node.file, f"{node.path}.chart").choice(CHARTS)
    needed, optional = _PLACES[chart]
    parts = node.mapping(
        ["name", "title", "chart", *sorted(needed), "width", "height"],
        ["query", "note", "filters", *sorted(optional)],
    )
    name = parts["name"].name()
    query_node = parts.get("query", parts["name"])
    if query_node.name() not in queries:
        raise query_node.error(f"there is no {query_node.value}.sql beside the file")
    places = {
        place: tuple(_read_field(each) for each in _fields_at(chart, place, parts[place]))
        for place in sorted(needed | optional, key=("value", "x", "y", "color", "label", "columns").index)
        if place in parts
    }
    _check_roles(node, chart, places)
    applying = [each.name() for each in parts["filters"].items()] if "filters" in parts else []
    known = [each.column for each in filters]
    for column in applying:
        if column not in known:
            raise parts["filters"].error(f"{column!r} is no filter of the dashboard: {', '.join(known)}")
    return Tile(
        name=name,
        query=queries[query_node.name()],
        title=parts["title"].text(),
        note=parts["note"].text() if "note" in parts else "",
        chart=chart,
        places=places,
        filters=tuple(column for column in known if column in applying),
        x=position[0],
        y=position[1],
        width=parts["width"].whole_number(GRID_WIDTH),
        height=parts["height"].whole_number(30),
    )


def _fields_at(chart: str, place: str, node: _Node) -> list[_Node]:
    if (chart, place) in _MANY and isinstance(node.value, list):
        return node.items()
    return [node]


def _read_field(node: _Node) -> Field:
    if isinstance(node.value, str):
        return Field(node.name(), None, None, "text", _title_of(node.name()))
    parts = node.mapping([], ["field", *AGGREGATES, "format", "title"])
    kinds = [key for key in ("field", *AGGREGATES) if key in parts]
    if len(kinds) != 1:
        raise node.error(f"must have exactly one of field, {', '.join(AGGREGATES)}")
    (kind,) = kinds
    over = None
    if kind == "ratio":
        both = parts[kind].items()
        if len(both) != 2:
            raise parts[kind].error("must be two columns: [above, below]")
        column, over = both[0].name(), both[1].name()
    else:
        column = parts[kind].name()
    title = parts["title"].text() if "title" in parts else _title_of(column)
    return Field(
        column=column,
        aggregate=None if kind == "field" else kind,
        over=over,
        format=parts["format"].choice(FORMATS) if "format" in parts else "text",
        title=title,
    )


def _title_of(column: str) -> str:
    words = column.replace("_", " ")
    return words[0].upper() + words[1:]


def _check_roles(node: _Node, chart: str, places: dict[str, tuple[Field, ...]]) -> None:
    """Says where a field is a measure that must not be one, or the other way round."""

    def need(place: str, *, measure: bool) -> None:
        for field in places.get(place, ()):
            if (field.aggregate is not None) != measure:
                want = f"one of {', '.join(AGGREGATES)}" if measure else "a plain field"
                raise node.error(f"{place}: {field.column} must be {want} in a {chart}")
            if measure and field.format in ("text", "date", "time") and chart != "counter":
                raise node.error(f"{place}: {field.column} needs the format of a number")

    if chart == "counter":
        need("value", measure=True)
    elif chart in ("line", "area"):
        need("x", measure=False)
        need("y", measure=True)
        need("color", measure=False)
        if places["x"][0].format not in ("date", "time"):
            raise node.error(f"x: a {chart} needs the format date or time")
        if len(places["y"]) > 1 and "color" in places:
            raise node.error("color: a line of several measures has no color of its own")
    elif chart == "bar":
        need("color", measure=False)
        if places["x"][0].aggregate is not None:
            need("y", measure=False)
            need("x", measure=True)
        else:
            need("y", measure=True)
    elif chart == "heatmap":
        need("x", measure=False)
        need("y", measure=False)
        need("color", measure=True)
    elif chart == "scatter":
        need("x", measure=True)
        need("y", measure=True)
        need("label", measure=False)
        need("color", measure=False)
    else:
        need("columns", measure=False)
