"""Lakeview files are up to date, and consistent in themselves."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
import yaml

from dashboards.conftest import Write
from dashboards_as_code import cli, lakeview
from dashboards_as_code.definition import ROOT, Dashboard, read, read_all

DASHBOARDS = read_all()


@pytest.fixture(params=DASHBOARDS, ids=[dashboard.name for dashboard in DASHBOARDS])
def document(request: pytest.FixtureRequest) -> Any:
    return json.loads(lakeview.path_of(request.param).read_text(encoding="utf-8"))


def widgets(document: Any) -> list[Any]:
    return [entry["widget"] for page in document["pages"] for entry in page["layout"]]


def encoded_names(encodings: Any) -> set[str]:
    """Every `fieldName` in the encodings of a widget."""
    if isinstance(encodings, list):
        return {name for each in encodings for name in encoded_names(each)}
    if isinstance(encodings, dict):
        own = {encodings["fieldName"]} if "fieldName" in encodings else set()
        return own.union(*(encoded_names(each) for each in encodings.values()))
    return set()


def test_the_files_are_up_to_date() -> None:
    assert cli.main(["generate", "--check"]) == 0


def test_a_stale_file_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(lakeview, "SPEC_VERSIONS", {**lakeview.SPEC_VERSIONS, "table": 3})
    assert cli.main(["generate", "--check"]) == 1
    assert "platform.lvdash.json is not up to date" in capsys.readouterr().out


def test_every_field_a_widget_shows_is_one_that_it_asks_for(document: Any) -> None:
    datasets = {dataset["name"] for dataset in document["datasets"]}
    for widget in widgets(document):
        asked = {field["name"] for query in widget.get("queries", []) for field in query["query"]["fields"]}
        assert encoded_names(widget.get("spec", {}).get("encodings")) == asked, widget["name"]
        assert {query["query"]["datasetName"] for query in widget.get("queries", [])} <= datasets


def test_filters_look_at_queries_that_they_name(document: Any) -> None:
    filters = [widget for widget in widgets(document) if widget["name"].startswith("filter_")]
    assert filters
    for widget in filters:
        names = {query["name"] for query in widget["queries"]}
        assert {field["queryName"] for field in widget["spec"]["encodings"]["fields"]} == names


def test_names_are_unique_and_tiles_stand_side_by_side(document: Any) -> None:
    names = [widget["name"] for widget in widgets(document)]
    assert len(names) == len(set(names))
    for page in document["pages"]:
        for one, other in combinations([entry["position"] for entry in page["layout"]], 2):
            apart = (
                one["x"] + one["width"] <= other["x"]
                or other["x"] + other["width"] <= one["x"]
                or one["y"] + one["height"] <= other["y"]
                or other["y"] + other["height"] <= one["y"]
            )
            assert apart, page["name"]
        assert all(entry["position"]["x"] + entry["position"]["width"] <= 12 for entry in page["layout"])


def test_tables_are_named_without_catalog_and_schema(document: Any) -> None:
    for dataset in document["datasets"]:
        text = "".join(dataset["queryLines"])
        assert "plt_" not in text
        assert "{" not in text


def test_aggregates_become_expressions_of_the_widget(small: Dashboard) -> None:
    document = json.loads(lakeview.text_of(small))
    counter = document["pages"][0]["layout"][1]["widget"]
    assert counter["queries"][0]["query"]["fields"] == [
        {"name": "sum(list_cost)", "expression": "SUM(`list_cost`)"}
    ]
    assert counter["spec"]["encodings"]["value"]["fieldName"] == "sum(list_cost)"
    assert counter["spec"]["encodings"]["value"]["format"]["currencyCode"] == "USD"
    assert document["datasets"][0]["queryLines"][-1] == "from fct_cost_daily as costs\n"
    assert document["pages"][1]["pageType"] == "PAGE_TYPE_GLOBAL_FILTERS"


def test_markup_in_a_title_is_text_in_the_heading(write: Write) -> None:
    dashboard = read(write(lambda value: value.update(title="<b> *all* [x](y)")), ROOT)
    heading = json.loads(lakeview.text_of(dashboard))["pages"][0]["layout"][0]["widget"]
    assert heading["multilineTextboxSpec"]["lines"][0] == "# \\<b\\> \\*all\\* \\[x\\](y)\n"


def test_the_bundle_deploys_every_file_over_gold() -> None:
    file = yaml.safe_load((ROOT / "resources" / "dashboards.yml").read_text(encoding="utf-8"))
    deployed = file["resources"]["dashboards"]
    assert {name: (ROOT / "resources" / each["file_path"]).resolve() for name, each in deployed.items()} == {
        dashboard.name: lakeview.path_of(dashboard) for dashboard in DASHBOARDS
    }
    for each in deployed.values():
        assert (each["dataset_catalog"], each["dataset_schema"]) == (
            "${var.catalog}",
            "${resources.schemas.gold.name}",
        )
        # Readers see what they are granted, not what the one who deployed it is.
        assert each["embed_credentials"] is False
