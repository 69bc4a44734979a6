"""Definitions are read as written, and a wrong one is refused with the file and the field."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from dashboards.conftest import Change, Write
from dashboards_as_code.definition import (
    FOLDER,
    ROOT,
    Dashboard,
    DefinitionError,
    placeholders,
    read,
    read_all,
)


def tile(value: dict[str, Any], at: int) -> dict[str, Any]:
    tiles: list[dict[str, Any]] = value["pages"][0]["tiles"]
    return tiles[at]


def test_a_definition_is_read_with_its_texts_filled_in(small: Dashboard) -> None:
    total, costs = small.tiles()
    assert small.description == "A definition small enough to read, in USD."
    assert (total.title, total.query.name) == ("List cost (USD)", "costs")
    assert total.places["value"][0].aggregate == "sum"
    assert (costs.x, costs.y, costs.width) == (4, 0, 8)
    assert small.models() == ["fct_cost_daily"]
    assert placeholders()["days"] == "30"


def test_a_tile_that_does_not_fit_its_row_starts_the_next(write: Write) -> None:
    _, costs = read(write(lambda value: tile(value, 1).update(width=9)), ROOT).tiles()
    assert (costs.x, costs.y) == (0, 3)


WRONG: list[tuple[str, Change, str]] = [
    ("unknown key", lambda value: value.update(colour="red"), "'colour' is not known here"),
    ("missing owner", lambda value: value.pop("owner"), "'owner' is missing"),
    ("chart", lambda value: tile(value, 0).update(chart="pie"), r"tiles\[0\].chart: 'pie' is none of"),
    (
        "no query",
        lambda value: tile(value, 0).update(query="sums"),
        r"tiles\[0\].query: there is no sums.sql",
    ),
    ("two of a name", lambda value: tile(value, 0).update(name="costs"), r"tiles\[1\]: a tile before has"),
    ("filter", lambda value: tile(value, 0).update(filters=["day"]), "'day' is no filter of the dashboard"),
    ("other filters", lambda value: tile(value, 0).pop("filters"), "must have the same filters"),
    (
        "plain counter",
        lambda value: tile(value, 0).update(value="list_cost"),
        "value: list_cost must be one of",
    ),
    ("two aggregates", lambda value: tile(value, 0)["value"].update(max="a"), "must have exactly one of"),
    (
        "ratio",
        lambda value: tile(value, 0).update(value={"ratio": ["a"]}),
        r"value.ratio: must be two columns",
    ),
    ("format", lambda value: tile(value, 0)["value"].update(format="euro"), "value.format: 'euro' is none"),
    ("text bar", lambda value: tile(value, 1)["x"].pop("format"), "list_cost needs the format of a number"),
    ("wide", lambda value: tile(value, 1).update(width=13), "width: must be a whole number from 1 to 12"),
    ("heights", lambda value: tile(value, 1).update(height=5), "height 5, while the tile to its left has 3"),
    ("no tiles", lambda value: value["pages"][0].update(tiles=[]), "tiles: must be a list with at least one"),
    (
        "line over text",
        lambda value: tile(value, 1).update(chart="line", x="a", y={"sum": "list_cost", "format": "money"}),
        "x: a line needs the format date or time",
    ),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_definition_is_refused_with_file_and_field(
    write: Write, change: Change, message: str
) -> None:
    with pytest.raises(DefinitionError, match=message) as error:
        read(write(change), ROOT)
    assert "small/dashboard.yml: " in str(error.value)


WRONG_SQL = [
    ("select 1 as list_cost", "reads no model"),
    ("select * from system.billing.usage, {{ ref('fct_usage') }}", "must be named by"),
    ("select * from plt_gold.fct_usage join {{ ref('fct_usage') }}", "must be named by"),
    ("select * from fct_usage join {{ ref('fct_usage') }}", "must be named by"),
    ("select * from {{ ref('slv_usage') }}", "slv_usage is no dimension, fact or report of Gold"),
    ("select * from {{ ref('int_runtime_use') }}", "int_runtime_use is no dimension, fact or report"),
    ("select * from {{ ref('fct_usage') }}; drop table x", "must be exactly one SELECT"),
    ("delete from {{ ref('fct_usage') }}", "must be exactly one SELECT"),
    ("select {{ env_var('TOKEN') }} from {{ ref('fct_usage') }}", "braces other than"),
    ("{% set x = 1 %} select 1 from {{ ref('fct_usage') }}", "braces other than"),
    ("select from where {{ ref('fct_usage') }} (", "does not parse"),
]


@pytest.mark.parametrize(("sql", "message"), WRONG_SQL, ids=[message for _, message in WRONG_SQL])
def test_a_query_over_anything_but_gold_is_refused_with_its_file(
    write: Write, sql: str, message: str
) -> None:
    with pytest.raises(DefinitionError, match=re.escape(message)) as error:
        read(write(sql=sql), ROOT)
    assert "small/costs.sql: " in str(error.value)


def test_a_query_that_no_tile_shows_is_refused(write: Write) -> None:
    folder = write()
    (folder / "forgotten.sql").write_text('select 1 from {{ ref("fct_usage") }}', encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"no tile shows forgotten\.sql"):
        read(folder, ROOT)


def test_every_report_of_gold_is_in_a_tile() -> None:
    reports = {path.stem for path in (ROOT / "models" / "gold" / "reports").rglob("rpt_*.sql")}
    shown = {model for dashboard in read_all() for model in dashboard.models()}
    assert reports - shown == set()
    assert reports


def test_exposures_say_what_the_dashboards_read() -> None:
    file = yaml.safe_load((ROOT / "models" / "exposures.yml").read_text(encoding="utf-8"))
    told = {
        exposure["name"]: (
            exposure["label"],
            exposure["owner"],
            sorted(exposure["depends_on"]),
        )
        for exposure in file["exposures"]
        if exposure["type"] == "dashboard"
    }
    assert told == {
        f"{dashboard.name}_dashboard": (
            dashboard.title,
            {"name": dashboard.owner_name, "email": dashboard.owner_email},
            [f"ref('{model}')" for model in dashboard.models()],
        )
        for dashboard in read_all()
    }


def test_tiles_with_money_name_the_currency() -> None:
    silent = [
        f"{dashboard.name}/{tile.name}"
        for dashboard in read_all()
        for tile in dashboard.tiles()
        if any(field.format == "money" for field in tile.fields()) and "USD" not in tile.title
    ]
    assert silent == []
    # The currency is not written out: it comes from dbt_project.yml.
    assert not [file for file in FOLDER.rglob("dashboard.yml") if "USD" in file.read_text(encoding="utf-8")]
