"""Which reports are heavy, and made as materialized views where that is asked for."""

from __future__ import annotations

import pytest

from end_to_end.project_run import CATALOG, ROOT, ProjectRun

pytestmark = pytest.mark.warehouse

#: Some of those that are heavy.
REPORTS = {
    "rpt_sku_mix",
    "rpt_cost_trends",
    "rpt_top_cost_drivers",
    "rpt_node_type_efficiency",
    "rpt_policy_compliance",
}


def test_every_heavy_report_and_no_other_is_made_as_one(reported: ProjectRun) -> None:
    """The warehouse of all reports has them so, and its tests hold them to what was planted."""
    heavy = {
        path.stem
        for path in (ROOT / "models").rglob("*.sql")
        if "heavy_reports_materialized" in path.read_text(encoding="utf-8").split('"')
    }
    assert heavy > REPORTS
    made = reported.fetch(
        f"select table_name from {CATALOG}.information_schema.tables where table_type = 'MATERIALIZED_VIEW'"
    )
    assert {row["table_name"] for row in made} == heavy
