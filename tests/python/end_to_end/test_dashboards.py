"""The dashboards over a built Gold: each query fits its tiles, and the preview shows their figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from dashboards_as_code import browser, preview
from dashboards_as_code.check import check_dashboard
from dashboards_as_code.definition import Dashboard, read_all
from dashboards_as_code.warehouse import Answer, Warehouse, connect
from end_to_end.project_run import CATALOG, ProjectRun

pytestmark = pytest.mark.warehouse

DASHBOARDS = read_all()
NAMES = [dashboard.name for dashboard in DASHBOARDS]


class Remembering(Warehouse):
    """A session that asks each query once: the reports behind some take long."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._answers: dict[str, Answer] = {}

    def ask(self, query: str) -> Answer:
        if query not in self._answers:
            self._answers[query] = self._warehouse.ask(query)
        return self._answers[query]


@pytest.fixture(scope="module")
def warehouse(reported: ProjectRun) -> Iterator[Warehouse]:
    with connect(reported.environment) as connected:
        yield Remembering(connected)


@pytest.fixture(scope="module")
def address(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("preview")
    preview.write(DASHBOARDS, warehouse, folder)
    with preview.serving(folder) as started:
        yield started


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=NAMES)
def test_every_query_runs_and_gives_what_its_tiles_use(dashboard: Dashboard, warehouse: Warehouse) -> None:
    checks = list(check_dashboard(dashboard, warehouse))
    assert [fault for check in checks for fault in check.faults] == []
    # The account has something for every tile to show.
    assert [check.query for check in checks if not check.row_count] == []


@pytest.mark.parametrize("width", [1400, 420])
@pytest.mark.parametrize("name", NAMES)
def test_the_preview_is_drawn_without_a_complaint(
    page: browser.Page, address: str, name: str, width: int
) -> None:
    page.complaints.clear()
    page.open(f"{address}{name}.html", width, 1000)
    assert page.complaints == []
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run("document.querySelectorAll('.number').length") > 0


def shown(page: browser.Page, tile: str) -> Any:
    return page.run(f"document.querySelector('#tile-{tile} .number').textContent")


def test_a_number_of_the_preview_is_that_of_the_report(
    page: browser.Page, address: str, reported: ProjectRun
) -> None:
    rows = reported.fetch(
        "select workspace_name, sum(list_cost) as list_cost"
        f" from {CATALOG}.plt_gold.rpt_top_cost_drivers group by workspace_name order by list_cost desc"
    )
    total = sum((row["list_cost"] for row in rows if row["list_cost"]), Decimal())
    page.open(f"{address}platform.html", 1400, 1000)
    assert shown(page, "window_cost") == f"{total.quantize(Decimal(1), ROUND_HALF_UP):,}"
    one = rows[0]
    page.open(f'{address}platform.html#workspace_name="{one["workspace_name"]}"', 1400, 1000)
    assert shown(page, "window_cost") == f"{one['list_cost'].quantize(Decimal(1), ROUND_HALF_UP):,}"
