"""Lakeview files (`.lvdash.json`) from definitions.

Tables are named without catalog and schema: the bundle's `dataset_catalog` and `dataset_schema` say where
they are, so that one file serves every target. Filters look at a column of each dataset that has it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dashboards_as_code.definition import GRID_WIDTH, Dashboard, Field, Filter, Tile, placeholders

Json = dict[str, Any]

#: The version of a widget's `spec`, by its type.
SPEC_VERSIONS = {
    "counter": 2,
    "table": 2,
    "filter-multi-select": 2,
    "filter-date-range-picker": 2,
    "line": 3,
    "area": 3,
    "bar": 3,
    "heatmap": 3,
    "scatter": 3,
}

_FUNCTIONS = {"sum": "SUM", "average": "AVG", "max": "MAX", "count": "COUNT"}
_HEADING_HEIGHT = 2
_FILTER_SIZE = (4, 2)


def path_of(dashboard: Dashboard) -> Path:
    """Where a dashboard's Lakeview file is kept.

    Args:
        dashboard: The dashboard.

    Returns:
        The path, in the dashboard's own folder.
    """
    return dashboard.folder / f"{dashboard.name}.lvdash.json"


def text_of(dashboard: Dashboard) -> str:
    """The Lakeview file of a dashboard.

    Args:
        dashboard: The dashboard.

    Returns:
        JSON, the same for the same definition.
    """
    return json.dumps(_document(dashboard), indent=2, ensure_ascii=False) + "\n"


def _document(dashboard: Dashboard) -> Json:
    currency = placeholders()["currency"]
    pages = []
    for at, page in enumerate(dashboard.pages):
        about = [f"# {_plain(dashboard.title)}", "", _plain(dashboard.description), ""] if at == 0 else []
        lines = [*about, f"## {_plain(page.title)}"]
        top = _HEADING_HEIGHT + (1 if about else 0)
        layout = [
            {
                "widget": {
                    "name": f"{page.name}_heading",
                    "multilineTextboxSpec": {"lines": [f"{line}\n" for line in lines]},
                },
                "position": {"x": 0, "y": 0, "width": GRID_WIDTH, "height": top},
            }
        ]
        layout += [_tile(tile, top, currency) for tile in page.tiles]
        pages.append(_page(page.name, page.title, "PAGE_TYPE_CANVAS", layout))
    if dashboard.filters:
        filters = [_filter(each, dashboard, at) for at, each in enumerate(dashboard.filters)]
        pages.append(_page("global_filters", "Filters", "PAGE_TYPE_GLOBAL_FILTERS", filters))
    return {
        "datasets": [
            {
                "name": query.name,
                "displayName": query.name.replace("_", " "),
                "queryLines": query.bare().splitlines(keepends=True),
            }
            for query in dashboard.queries()
        ],
        "pages": pages,
    }


def _page(name: str, title: str, kind: str, layout: list[Json]) -> Json:
    return {
        "name": name,
        "displayName": title,
        "pageType": kind,
        "layoutVersion": "GRID_V1",
        "layout": layout,
    }


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in text)


def name_of(field: Field) -> str:
    """The name under which a widget's query gives a field.

    Args:
        field: The field.

    Returns:
        The column's name, or that with the function around it.
    """
    if field.aggregate is None:
        return field.column
    return f"{field.aggregate}({', '.join(field.columns)})"


def _expression(field: Field) -> str:
    if field.aggregate is None:
        return f"`{field.column}`"
    if field.aggregate == "ratio":
        return f"SUM(`{field.column}`) / NULLIF(SUM(`{field.over}`), 0)"
    return f"{_FUNCTIONS[field.aggregate]}(`{field.column}`)"


def _format(field: Field, currency: str) -> Json:
    places: Json = {"type": "max", "places": 2}
    if field.format == "money":
        return {
            "format": {
                "type": "number-currency",
                "currencyCode": currency,
                "abbreviation": "none",
                "decimalPlaces": places,
            }
        }
    if field.format == "percent":
        return {"format": {"type": "number-percent", "decimalPlaces": {"type": "max", "places": 1}}}
    if field.format in ("count", "number", "duration"):
        places = {"type": "max", "places": 0} if field.format == "count" else places
        return {"format": {"type": "number-plain", "abbreviation": "none", "decimalPlaces": places}}
    return {}


def _scale(field: Field) -> str:
    if field.aggregate is not None:
        return "quantitative"
    return "temporal" if field.format in ("date", "time") else "categorical"


def _encodings(tile: Tile, currency: str) -> Json:
    def encoding(field: Field) -> Json:
        return {
            "fieldName": name_of(field),
            "displayName": _display_title(field),
            **_format(field, currency),
        }

    if tile.chart == "counter":
        return {"value": encoding(tile.places["value"][0])}
    if tile.chart == "table":
        return {"columns": [encoding(field) for field in tile.places["columns"]]}
    encodings: Json = {}
    for place, fields in tile.places.items():
        if place == "label":
            encodings["extra"] = [encoding(field) for field in fields]
        elif len(fields) == 1:
            encodings[place] = {**encoding(fields[0]), "scale": {"type": _scale(fields[0])}}
        else:
            each = [encoding(field) for field in fields]
            encodings[place] = {"scale": {"type": "quantitative"}, "fields": each}
    if tile.chart == "bar":
        # Bars of categories stand in the order of their length.
        along, across = ("x", "y") if tile.places["y"][0].aggregate is not None else ("y", "x")
        if encodings[along]["scale"]["type"] == "categorical":
            encodings[along]["scale"]["sort"] = {"by": f"{across}-reversed"}
    return encodings


def _display_title(field: Field) -> str:
    return f"{field.title} (s)" if field.format == "duration" else field.title


def _tile(tile: Tile, top: int, currency: str) -> Json:
    fields = {name_of(field): _expression(field) for field in tile.fields()}
    is_plain = all(field.aggregate is None for field in tile.fields())
    return {
        "widget": {
            "name": tile.name,
            "queries": [
                {
                    "name": "main_query",
                    "query": {
                        "datasetName": tile.query.name,
                        "fields": [{"name": name, "expression": text} for name, text in fields.items()],
                        "disaggregated": is_plain,
                    },
                }
            ],
            "spec": {
                "version": SPEC_VERSIONS[tile.chart],
                "widgetType": tile.chart,
                "encodings": _encodings(tile, currency),
                "frame": {
                    "showTitle": True,
                    "title": tile.title,
                    **({"showDescription": True, "description": tile.note} if tile.note else {}),
                },
            },
        },
        "position": {"x": tile.x, "y": tile.y + top, "width": tile.width, "height": tile.height},
    }


def _filter(each: Filter, dashboard: Dashboard, at: int) -> Json:
    queries = {tile.query.name: None for tile in dashboard.tiles() if each.column in tile.filters}
    kind = "filter-date-range-picker" if each.kind == "dates" else "filter-multi-select"
    width, height = _FILTER_SIZE
    in_a_row = GRID_WIDTH // width
    return {
        "widget": {
            "name": f"filter_{each.column}",
            "queries": [
                {
                    "name": f"{query}_{each.column}",
                    "query": {
                        "datasetName": query,
                        "fields": [{"name": each.column, "expression": f"`{each.column}`"}],
                        "disaggregated": False,
                    },
                }
                for query in queries
            ],
            "spec": {
                "version": SPEC_VERSIONS[kind],
                "widgetType": kind,
                "encodings": {
                    "fields": [
                        {
                            "fieldName": each.column,
                            "displayName": each.title,
                            "queryName": f"{query}_{each.column}",
                        }
                        for query in queries
                    ]
                },
                "frame": {"showTitle": True, "title": each.title},
            },
        },
        "position": {
            "x": at % in_a_row * width,
            "y": at // in_a_row * height,
            "width": width,
            "height": height,
        },
    }
