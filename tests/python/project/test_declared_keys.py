"""Gold declares its keys and layout: what a table's rows are found by, in its constraints and on disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MODELS = {
    model["name"]: model
    for model in yaml.safe_load((ROOT / "models/gold/core/_core__models.yml").read_text(encoding="utf-8"))[
        "models"
    ]
}
STARS = [name for name in MODELS if name.startswith(("dim_", "fct_"))]
FACTS = [name for name in MODELS if name.startswith("fct_")]


def columns_of(model: str) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in MODELS[model]["columns"]}


def keys(model: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in MODELS[model]["constraints"] if one["type"] == kind]


def dimension_of(column: str) -> str | None:
    """The dimension that a column of a fact is the key of."""
    name = "dim_date" if column in ("date_key", "end_date_key") else f"dim_{column.removesuffix('_key')}"
    return name if column.endswith("_key") and name in MODELS else None


@pytest.mark.parametrize("model", STARS)
def test_it_has_a_primary_key_of_columns_that_are_never_null(model: str) -> None:
    (key,) = keys(model, "primary_key")
    for name in key["columns"]:
        column = columns_of(model)[name]
        assert {"type": "not_null"} in column["constraints"], name
        assert "not_null" in column["data_tests"], name


@pytest.mark.parametrize("fact", FACTS)
def test_each_key_of_a_dimension_is_a_foreign_key_and_tested(fact: str) -> None:
    leads = {name: dimension for name in columns_of(fact) if (dimension := dimension_of(name))}
    declared = {key["columns"][0]: key["to"] for key in keys(fact, "foreign_key")}
    assert declared == {name: f"ref('{dimension}')" for name, dimension in leads.items()}
    for name, dimension in leads.items():
        tests = [test for test in columns_of(fact)[name]["data_tests"] if isinstance(test, dict)]
        arguments = [test["relationships"]["arguments"] for test in tests if "relationships" in test]
        field = "date_key" if dimension == "dim_date" else name
        assert arguments == [{"to": f"ref('{dimension}')", "field": field}], name


@pytest.mark.parametrize("fact", FACTS)
def test_it_is_kept_by_day_and_names_the_columns_that_a_day_is_ordered_by(fact: str) -> None:
    sql = (ROOT / f"models/gold/core/{fact}.sql").read_text(encoding="utf-8")
    assert 'partition_by=["date_key"]' in sql
    named = re.search(r'"zorder": \[(.*?)\]', sql)
    assert named is not None
    ordered_by = re.findall(r'"(\w+)"', named.group(1))
    # Delta keeps statistics of the first 32 columns only.
    assert ordered_by and set(ordered_by) <= set(list(columns_of(fact))[:32])
