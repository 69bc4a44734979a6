"""Accounts that lack tables, rows or days build green, and what comes later finds its place."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from project.rendering import render

from end_to_end.project_run import CATALOG, WITHOUT_TESTS, ProjectRun

pytestmark = pytest.mark.warehouse

USAGE = f"{CATALOG}.plt_gold.fct_usage"


@pytest.fixture(scope="module")
def usage_only(tmp_path_factory: pytest.TempPathFactory, account: Path) -> Path:
    """The account with no system schema but billing enabled, and no price list yet."""
    folder = tmp_path_factory.mktemp("usage_only") / "account"
    for day in sorted((account / "deliveries").iterdir())[:3]:
        (folder / "deliveries" / day.name).mkdir(parents=True)
        shutil.copy(day / "billing.usage.jsonl", folder / "deliveries" / day.name)
    return folder


def test_an_empty_account_builds_green(project: ProjectRun) -> None:
    project.dbt("build", "--exclude-resource-type", "unit_test")
    assert project.value(f"select count(*) from {USAGE}") == 0
    # Without any source there is a Bronze table all the same, empty and typed.
    columns = {
        row["col_name"]: row["data_type"]
        for row in project.fetch(f"describe table {CATALOG}.plt_bronze.brz_billing_usage")
    }
    assert columns["usage_quantity"] == "decimal(38,18)"
    assert columns["custom_tags"] == "map<string,string>"


def test_a_first_day_of_usage_alone_builds_green_and_unpriced(project: ProjectRun, usage_only: Path) -> None:
    first = min(date.fromisoformat(day.name) for day in (usage_only / "deliveries").iterdir())
    project.deliver(usage_only, first)
    project.dbt(*WITHOUT_TESTS)
    assert project.value(f"select count(*) from {USAGE}") > 0
    assert project.value(f"select count(*) from {USAGE} where is_priced or list_cost is not null") == 0
    project.assert_as_expected(usage_only, first)


def test_prices_that_come_later_price_the_days_they_explain(
    project: ProjectRun, usage_only: Path, account: Path
) -> None:
    days = sorted((usage_only / "deliveries").iterdir())
    source = next((account / "deliveries").glob("*/billing.list_prices.jsonl"))
    shutil.copy(source, days[1])
    project.deliver(usage_only)
    project.dbt(*WITHOUT_TESTS)
    assert project.value(f"select count(*) from {USAGE} where is_priced") > 0
    project.assert_as_expected(usage_only)


def test_a_new_column_and_a_new_struct_member_are_warnings_and_no_failure(
    project: ProjectRun, usage_only: Path
) -> None:
    newest = max((usage_only / "deliveries").iterdir())
    later = (
        usage_only
        / "deliveries"
        / date.fromordinal(date.fromisoformat(newest.name).toordinal() + 1).isoformat()
    )
    later.mkdir()
    row = json.loads((newest / "billing.usage.jsonl").read_text(encoding="utf-8").splitlines()[0])
    row |= {
        "record_id": "a-grown-row",
        "carbon_grams": 12,
        "usage_date": newest.name,
        "ingestion_date": later.name,
    }
    row["identity_metadata"] = {"run_as": "someone", "acting_for": "someone else"}
    (later / "billing.usage.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert "carbon_grams" in project.deliver(usage_only)
    project.dbt(*WITHOUT_TESTS)
    found = {
        (row["column_path"], row["change"], row["severity"])
        for row in project.fetch(
            f"select * from {CATALOG}.plt_ops.source_schema_changes where change = 'new_column'"
        )
    }
    assert found == {
        ("carbon_grams", "new_column", "warn"),
        ("identity_metadata.acting_for", "new_column", "warn"),
    }
    assert project.value(f"select run_as from {USAGE} where record_id = 'a-grown-row'") == "someone"


CONFORMED = {
    # Members in another order, of another type, missing, or beyond what is declared; at two depths.
    "structs": (
        "array(named_struct('value', 1, 'unit', 'a', 'more', array(named_struct('x', 2))), null)",
        "array<struct<unit:string,kind:string,value:bigint,more:array<struct<y:int,x:string>>>>",
        "array<struct<value:int,unit:string,more:array<struct<x:int>>>>",
        '[{"unit":"a","kind":null,"value":1,"more":[{"y":null,"x":"2"}]},null]',
    ),
    "parameters": (
        "map('flat', '1', 'empty', cast(null as string))",
        "map<string,map<string,string>>",
        "map<string,string>",
        '{"flat":{"value":"1"},"empty":{"value":null}}',
    ),
    "quoted": (
        "named_struct('a<b:c', 1, 'd', 2)",
        "struct<d:string>",
        "struct<`a<b:c`:int,d:int>",
        '{"d":"2"}',
    ),
}


def test_other_shapes_of_a_column_become_the_declared_one(project: ProjectRun) -> None:
    rendered = render(
        {
            name: f'{{{{ conform("{value}", "{declared}", "{actual}") }}}}'
            for name, (value, declared, actual, _) in CONFORMED.items()
        },
        project.target,
    )
    columns = [
        f"to_json({sql}, map('ignoreNullFields', 'false')) as {name}" for name, sql in rendered.items()
    ]
    (found,) = project.fetch(f"select {', '.join(columns)}")
    assert found == {name: expected for name, (*_, expected) in CONFORMED.items()}


def test_a_type_that_cannot_be_read_is_named(project: ProjectRun) -> None:
    with pytest.raises(AssertionError, match="struct<a<b:int,c:string> cannot be read"):
        render({"fields": '{{ struct_fields("struct<a<b:int,c:string>") }}'}, project.target)


HOSTILE = (
    'it\'s "quoted" with `ticks`; drop table x; -- and a comment',
    "{{ 1 / 0 }} {% raise %} {# nothing #}",
    "back\\slash \\' \\n ${var} %s ?",
    "line one\nline two\tand a tab",
    "\u202eright to left\u202c \u00e9 \U0001f4b8 \u4e2d\u6587 \u0000end",
    "<script>alert(1)</script>",
    "x" * 65536,
)


def test_hostile_names_and_tags_pass_through_unchanged(project: ProjectRun, usage_only: Path) -> None:
    """Beside it, a difference that a release has ended is no warning any more."""
    changes = f"{CATALOG}.plt_ops.source_schema_changes"
    differences = project.value(f"select count(*) from {changes}")
    project.fetch(
        f"insert into {changes} select source, 'known_by_now', change, declared_type, source_type, severity,"
        f" first_seen_at, row_hash from {changes} where column_path = 'carbon_grams'"
    )
    newest = max((usage_only / "deliveries").iterdir())
    later = (
        usage_only
        / "deliveries"
        / date.fromordinal(date.fromisoformat(newest.name).toordinal() + 1).isoformat()
    )
    later.mkdir()
    row = json.loads((newest / "billing.usage.jsonl").read_text(encoding="utf-8").splitlines()[0])
    lines = [
        json.dumps(
            row
            | {
                "record_id": f"hostile-{at}",
                "ingestion_date": later.name,
                "custom_tags": {text: text},
                "usage_metadata": {"app_id": text},
                "identity_metadata": {"run_as": text},
            }
        )
        for at, text in enumerate(HOSTILE)
    ]
    (later / "billing.usage.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    project.deliver(usage_only)
    project.dbt(*WITHOUT_TESTS)
    assert project.value(f"select count(*) from {changes}") == differences
    for at, text in enumerate(HOSTILE):
        (gold,) = project.fetch(
            f"select entity_type, entity_id, run_as from {USAGE} where record_id = 'hostile-{at}'"
        )
        assert gold == {"entity_type": "APP", "entity_id": text, "run_as": text}
        (silver,) = project.fetch(
            "select map_keys(custom_tags)[0] as name, map_values(custom_tags)[0] as value"
            f" from {CATALOG}.plt_silver.slv_usage where record_id = 'hostile-{at}'"
        )
        assert silver == {"name": text, "value": text}


def test_a_correction_that_moves_a_record_to_another_day_leaves_no_row_behind(
    project: ProjectRun, usage_only: Path
) -> None:
    """The second delivery comes ten days later, far beyond the overlap, and names another usage day."""
    newest = max((usage_only / "deliveries").iterdir())
    rows = (newest / "billing.usage.jsonl").read_text(encoding="utf-8").splitlines()
    moved = json.loads(rows[0]) | {"record_id": "hostile-0", "usage_quantity": "7.5"}
    later = date.fromordinal(date.fromisoformat(newest.name).toordinal() + 10).isoformat()
    moved |= {
        "usage_date": later,
        "usage_start_time": f"{later}T01:00:00Z",
        "usage_end_time": f"{later}T02:00:00Z",
        "ingestion_date": later,
    }
    folder = usage_only / "deliveries" / later
    folder.mkdir()
    (folder / "billing.usage.jsonl").write_text(json.dumps(moved) + "\n", encoding="utf-8")
    project.deliver(usage_only)
    project.dbt(*WITHOUT_TESTS)
    (row,) = project.fetch(f"select date_key, usage_quantity from {USAGE} where record_id = 'hostile-0'")
    assert row["date_key"] == int(later.replace("-", ""))
    assert float(row["usage_quantity"]) == 7.5


def test_a_table_created_anew_is_read_whole(project: ProjectRun) -> None:
    before = project.value(f"select sum(list_cost) from {USAGE}")
    project.dbt("run", "--full-refresh", "--select", "slv_usage")
    assert "created anew" in project.dbt(*WITHOUT_TESTS)
    assert project.value(f"select sum(list_cost) from {USAGE}") == before
    project.dbt("test", "--select", "assert_money_is_conserved_from_source_to_gold")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"overlap_hours": 24}, "var overlap_hours is 24: it must be from 48 to 168 hours"),
        (
            {"reread_from": "yesterday"},
            "var reread_from is 'yesterday': it must be a date, YYYY-MM-DD, or empty",
        ),
    ],
)
def test_a_wrong_variable_is_named(project: ProjectRun, variables: dict[str, object], message: str) -> None:
    with pytest.raises(AssertionError, match=message.replace("(", "\\(")):
        project.dbt("run", "--select", "brz_billing_usage", variables=variables)
