"""Whom dbt grants what, by the variables that name groups; dbt_project.yml is merged by dbt's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from dbt.adapters.protocol import AdapterConfig
from dbt.artifacts.resources import NodeConfig
from dbt.clients.jinja import get_rendered

from project.rendering import ROOT

FOLDERS = ("bronze", "silver", "gold.core", "gold.reports", "gold.reports.finops", "gold.secured", "ops")


def grants(folder: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The grants of a model in a folder under models/, where some variables are given on the command line."""
    level = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["models"][
        "platform_observability"
    ]
    config = NodeConfig()
    for name in ["", *folder.split(".")]:
        level = level.get(name, {}) if name else level
        if "+grants" in level:
            rendered = get_rendered(level["+grants"], {"var": given.get}, native=True)
            config = config.update_from({"grants": rendered}, AdapterConfig)
    return dict(config.grants)


def test_where_no_group_is_named_no_grant_is_touched() -> None:
    """An empty list would make dbt revoke what the bundle or an administrator granted."""
    assert {folder: grants(folder, {}) for folder in FOLDERS} == {folder: {} for folder in FOLDERS}


@pytest.mark.parametrize("secured", [{}, {"secured_readers": "leads"}])
def test_readers_of_gold_read_nothing_else(secured: dict[str, str]) -> None:
    given = {"gold_readers": "analysts", **secured}
    assert {folder for folder in FOLDERS if grants(folder, given) == {"select": ["analysts"]}} == {
        "gold.core",
        "gold.reports",
        "gold.reports.finops",
    }


def test_readers_of_their_cost_centers_read_nothing_else() -> None:
    for given in ({"secured_readers": "leads"}, {"secured_readers": "leads", "gold_readers": "analysts"}):
        granted = [folder for folder in FOLDERS if "leads" in grants(folder, given).get("select", [])]
        assert granted == ["gold.secured"]
        assert grants("gold.secured", given) == {"select": ["leads"]}
