from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards_as_code.definition import ROOT, Dashboard, read

#: Changes the definition before it is written.
Change = Callable[[dict[str, Any]], None]
Write = Callable[..., Path]

SQL = """select
    costs.date_key,
    costs.department,
    costs.list_cost
from {{ ref("fct_cost_daily") }} as costs
"""

DEFINITION = """
title: Small
description: A definition small enough to read, in {currency}.
owner: {name: Someone, email: someone@example.com}
filters:
  - {column: department, title: Department}
pages:
  - name: first
    title: First page
    tiles:
      - name: total
        query: costs
        title: List cost ({currency})
        chart: counter
        value: {sum: list_cost, format: money}
        filters: [department]
        width: 4
        height: 3
      - name: costs
        title: List cost by department ({currency})
        chart: bar
        x: {sum: list_cost, format: money}
        y: department
        filters: [department]
        width: 8
        height: 3
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the small definition, changed, and gives back its folder."""

    def written(change: Change | None = None, sql: str = SQL) -> Path:
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        value = yaml.safe_load(DEFINITION)
        if change:
            change(value)
        (folder / "dashboard.yml").write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
        (folder / "costs.sql").write_text(sql, encoding="utf-8")
        return folder

    return written


@pytest.fixture
def small(write: Write) -> Dashboard:
    return read(write(), ROOT)
