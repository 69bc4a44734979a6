"""Each kind of alert has a SQL alert, whose query gives the rows of its kind and no others."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from end_to_end.project_run import CATALOG, ProjectRun

from deployment.bundle import ROOT, Bundle

ALERTS: dict[str, dict[str, Any]] = Bundle("prod").resources["alerts"]
REPORTS = ROOT / "models" / "gold" / "reports" / "operations" / "_operations__models.yml"


def columns_of_alerts() -> dict[str, dict[str, Any]]:
    """What the YAML of rpt_alerts says of its columns, by name."""
    models = yaml.safe_load(REPORTS.read_text(encoding="utf-8"))["models"]
    (report,) = [model for model in models if model["name"] == "rpt_alerts"]
    return {column["name"]: column for column in report["columns"]}


def kind_of(alert: dict[str, Any]) -> str:
    """The alert_type that an alert's query asks for."""
    (kind,) = re.findall(r"alert_type = '(\w+)'", alert["query_text"])
    return str(kind)


def test_each_kind_of_alert_has_one_sql_alert() -> None:
    """The kinds are those that the SQL of the report unions."""
    text = (REPORTS.parent / "rpt_alerts.sql").read_text(encoding="utf-8")
    kinds = re.findall(r'"(\w+)": "int_\w+_alerts"', text)
    assert len(kinds) >= 5
    assert sorted(kind_of(alert) for alert in ALERTS.values()) == sorted(kinds)


def test_an_exposure_says_what_the_alerts_read() -> None:
    exposures = yaml.safe_load((ROOT / "models" / "exposures.yml").read_text(encoding="utf-8"))["exposures"]
    (told,) = [exposure for exposure in exposures if exposure["type"] == "application"]
    gold = f"`{Bundle('prod').source['variables']['prod_catalog']['default']}`.plt_gold."
    read = {
        table
        for alert in ALERTS.values()
        for table in re.findall(r"\b(?:from|join)\s+(\S+)", alert["query_text"])
    }
    assert told["depends_on"] == [f"ref('{table.removeprefix(gold)}')" for table in sorted(read)]


def test_an_alert_fires_where_there_is_a_row_and_looks_after_the_job() -> None:
    for alert in ALERTS.values():
        evaluation = alert["evaluation"]
        assert evaluation["source"] == {"name": "alert_key", "aggregation": "COUNT"}
        assert (evaluation["comparison_operator"], evaluation["threshold"]["value"]["double_value"]) == (
            "GREATER_THAN",
            0,
        )
        assert evaluation["empty_result_state"] == "OK"
        assert alert["schedule"]["timezone_id"] == "Asia/Kolkata"
        assert re.fullmatch(r"0 0 9 \* \* \?", alert["schedule"]["quartz_cron_schedule"])


@pytest.mark.warehouse
@pytest.mark.parametrize("first", [0, 1])
def test_an_alert_query_gives_the_rows_of_its_kind(project: ProjectRun, first: int) -> None:
    """Every other kind fires, and the rest keep quiet; then the other way round."""
    firing = [kind_of(alert) for alert in ALERTS.values()][first::2]
    columns = ", ".join(f"{name} {column['data_type']}" for name, column in columns_of_alerts().items())
    project.fetch(f"create schema if not exists {CATALOG}.plt_gold")
    project.fetch(f"create or replace table {CATALOG}.plt_gold.rpt_alerts ({columns})")
    rows = ", ".join(
        f"('{severity} of {kind}', '{kind}', '{severity}', 'for a test')"
        for kind in firing
        for severity in ("info", "warn", "error")
    )
    project.fetch(
        f"insert into {CATALOG}.plt_gold.rpt_alerts (alert_key, alert_type, severity, evidence) values {rows}"
    )
    for alert in ALERTS.values():
        found = [row["alert_key"] for row in project.fetch(alert["query_text"])]
        kind = kind_of(alert)
        # The query shows the first hundred: those that matter most are to be among them.
        in_order = [f"{severity} of {kind}" for severity in ("error", "warn", "info")]
        assert found == (in_order if kind in firing else []), kind
