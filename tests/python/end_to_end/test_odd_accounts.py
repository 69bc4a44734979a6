"""Accounts that lack tables, rows or days build green, and what comes later finds its place."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from oracle.account_folder import AccountFolder
from oracle.gold_check import check_gold
from project.rendering import render

from end_to_end.project_run import CATALOG, UP_TO_FACTS, ProjectRun

pytestmark = [pytest.mark.warehouse, pytest.mark.long]

USAGE = f"{CATALOG}.plt_gold.fct_usage"


@pytest.fixture(scope="module")
def usage_only(tmp_path_factory: pytest.TempPathFactory, account: Path) -> Path:
    """The account with no system schema but billing enabled, and no price list yet.

    Among the first records is one that was used and delivered long before the others, and breaks a rule.
    """
    folder = tmp_path_factory.mktemp("usage_only") / "account"
    days = sorted((account / "deliveries").iterdir())[:3]
    for day in days:
        (folder / "deliveries" / day.name).mkdir(parents=True)
        shutil.copy(day / "billing.usage.jsonl", folder / "deliveries" / day.name)
    long_ago = (date.fromisoformat(days[0].name) - timedelta(days=20)).isoformat()
    record = on_day(first_record(days[0]), long_ago) | {"record_id": "broken", "usage_quantity": "-2"}
    append(folder / "deliveries" / days[0].name, "billing.usage", record)
    return folder


def first_record(delivery: Path) -> dict[str, Any]:
    """The first record of usage of a delivery that takes nothing back: one that does may be below zero."""
    lines = (delivery / "billing.usage.jsonl").read_text(encoding="utf-8").splitlines()
    return next(record for record in map(json.loads, lines) if record["record_type"] == "ORIGINAL")


def on_day(record: dict[str, Any], day: str, hour: int = 1) -> dict[str, Any]:
    """A record of usage, of an hour of another day and delivered on it."""
    return record | {
        "usage_date": day,
        "usage_start_time": f"{day}T{hour:02}:00:00Z",
        "usage_end_time": f"{day}T{hour + 1:02}:00:00Z",
        "ingestion_date": day,
    }


def append(delivery: Path, table: str, *rows: dict[str, Any]) -> None:
    """Add rows to a table of a delivery."""
    with (delivery / f"{table}.jsonl").open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


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
    project.dbt(*UP_TO_FACTS)
    assert project.value(f"select count(*) from {USAGE}") > 0
    assert project.value(f"select count(*) from {USAGE} where is_priced or list_cost is not null") == 0
    project.assert_as_expected(usage_only, first)


def test_prices_that_come_later_price_the_days_they_explain(
    project: ProjectRun, usage_only: Path, account: Path
) -> None:
    """With them comes a record that has a column and a member of a struct more than is known."""
    days = sorted((usage_only / "deliveries").iterdir())
    source = next((account / "deliveries").glob("*/billing.list_prices.jsonl"))
    shutil.copy(source, days[1])
    append(days[-1], "billing.usage", grown(first_record(days[-1])))
    assert "carbon_grams" in project.deliver(usage_only)
    project.dbt(*UP_TO_FACTS)
    assert project.value(f"select count(*) from {USAGE} where is_priced") > 0
    # Nothing else than the price concerns the day of the record in the quarantine.
    costs = project.fetch(
        f"select layer, list_cost < 0 as has_cost from {CATALOG}.plt_gold.fct_reconciliation"
        " where record_count = 1 and usage_quantity = -2 order by layer"
    )
    assert costs == [{"layer": layer, "has_cost": True} for layer in ("bronze", "quarantine", "source")]
    project.assert_as_expected(usage_only)


def grown(record: dict[str, Any]) -> dict[str, Any]:
    """A record of usage as a later release of the platform might write it."""
    acting = {"run_as": "someone", "acting_for": "someone else"}
    return record | {"record_id": "a-grown-row", "carbon_grams": 12, "identity_metadata": acting}


def test_a_new_column_and_a_new_struct_member_are_warnings_and_no_failure(project: ProjectRun) -> None:
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


def alike(record: dict[str, Any], day: str) -> list[dict[str, Any]]:
    """Usage that differs in its tags alone, which read alike where they are joined by a hyphen."""
    tags = ({"department": "data", "cost_center": "eng-1"}, {"department": "data-eng", "cost_center": "1"})
    plain = on_day(record, day, 5) | {"usage_metadata": {"app_id": "alike"}}
    return [plain | {"record_id": f"alike-{at}", "custom_tags": of_one} for at, of_one in enumerate(tags)]


def leaving(record: dict[str, Any], day: str, **columns: Any) -> list[dict[str, Any]]:
    """The only usage that names some members, and the one that gave an endpoint its newest name."""
    names = {"cluster_id": "leaving", "node_type": "leaving"}
    endpoint = {"endpoint_id": "kept"}
    return [
        on_day(record, day, 6)
        | {
            "record_id": "leaving",
            "workspace_id": "leaving",
            "sku_name": "LEAVING",
            "usage_metadata": names,
            **columns,
        },
        on_day(record, day, 8)
        | {"record_id": "renamed", "usage_metadata": endpoint | {"endpoint_name": "new name"}, **columns},
        on_day(record, day, 7)
        | {"record_id": "named", "usage_metadata": endpoint | {"endpoint_name": "old name"}},
    ]


def slice_of_a_run(job_id: str, day: str, hour: int) -> dict[str, Any]:
    """An hour of a run of a job that nothing else names."""
    return {
        "account_id": "a",
        "workspace_id": "w",
        "job_id": job_id,
        "run_id": "r",
        "period_start_time": f"{day}T{hour:02}:00:00Z",
        "period_end_time": f"{day}T{hour + 1:02}:00:00Z",
    }


#: Where each of the members that leave stands, and what it is found by.
STAND_INS = {
    "dim_workspace": "workspace_id = 'leaving'",
    "dim_cluster": "cluster_id = 'leaving'",
    "dim_node_type": "node_type = 'leaving'",
    "dim_sku": "sku_name = 'LEAVING'",
    "dim_entity": "entity_id in ('leaving', 'job of before')",
}


def stand_ins(project: ProjectRun) -> dict[str, int]:
    """How many there are of each."""
    return {
        table: project.value(f"select count(*) from {CATALOG}.plt_gold.{table} where {condition}")
        for table, condition in STAND_INS.items()
    }


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
    row = first_record(newest)
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
    append(later, "billing.usage", *alike(row, later.name), *leaving(row, later.name))
    append(later, "lakeflow.job_run_timeline", slice_of_a_run("job of before", later.name, 1))
    project.deliver(usage_only)
    project.dbt(*UP_TO_FACTS)
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


def test_tags_that_read_alike_when_joined_have_lines_and_keys_of_their_own(project: ProjectRun) -> None:
    lines = project.fetch(
        f"select cost_daily_key, department, cost_center from {CATALOG}.plt_gold.fct_cost_daily"
        " where department in ('data', 'data-eng') and cost_center in ('eng-1', '1')"
    )
    assert {(line["department"], line["cost_center"]) for line in lines} == {
        ("data", "eng-1"),
        ("data-eng", "1"),
    }
    assert len({line["cost_daily_key"] for line in lines}) == 2


def test_a_correction_that_moves_a_record_to_another_day_leaves_no_row_behind(
    project: ProjectRun, usage_only: Path
) -> None:
    """The second delivery comes ten days later, far beyond the overlap, and names another usage day."""
    newest = max((usage_only / "deliveries").iterdir())
    row = first_record(newest)
    moved = row | {"record_id": "hostile-0", "usage_quantity": "7.5"}
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
    # What was the only one to name some members breaks a rule now, and a run is of another job.
    left = newest.name
    corrected = leaving(row, left, usage_quantity="-1", ingestion_date=later)
    append(folder, "billing.usage", *corrected[:2])
    append(folder, "lakeflow.job_run_timeline", slice_of_a_run("job of now", left, 2))
    assert set(stand_ins(project).values()) == {1, 2}
    project.deliver(usage_only)
    project.dbt(*UP_TO_FACTS)
    (row,) = project.fetch(f"select date_key, usage_quantity from {USAGE} where record_id = 'hostile-0'")
    assert row["date_key"] == int(later.replace("-", ""))
    assert float(row["usage_quantity"]) == 7.5


def test_members_that_nothing_names_any_more_are_gone(project: ProjectRun, usage_only: Path) -> None:
    assert stand_ins(project) == dict.fromkeys(STAND_INS, 0)
    entities = f"{CATALOG}.plt_gold.dim_entity"
    assert project.value(f"select entity_name from {entities} where entity_id = 'kept'") == "old name"
    assert project.value(f"select count(*) from {entities} where entity_id = 'job of now'") == 1
    project.assert_as_expected(usage_only)


def test_a_table_created_anew_is_read_whole(project: ProjectRun) -> None:
    before = project.value(f"select sum(list_cost) from {USAGE}")
    project.dbt("run", "--full-refresh", "--select", "slv_usage")
    readers = ("slv_usage_tags", "fct_usage", "fct_reconciliation")
    assert "created anew" in project.dbt("run", "--select", *readers)
    assert project.value(f"select sum(list_cost) from {USAGE}") == before
    project.dbt("test", "--select", "assert_money_is_conserved_from_source_to_gold")


def test_another_currency_prices_all_days_anew(project: ProjectRun, usage_only: Path) -> None:
    facts = ("fct_usage", "fct_cost_daily", "fct_run_costs", "fct_reconciliation")
    printed = project.dbt("run", "--select", *facts, variables={"reporting_currency": "EUR"})
    assert "the variable reporting_currency is now EUR" in printed
    for table, comparison in check_gold(AccountFolder(usage_only), project.fetch, currency="EUR").items():
        assert comparison.is_equal, f"{table}:\n{comparison}"
    for fact in facts[:3]:
        currencies = project.fetch(f"select distinct currency_code from {CATALOG}.plt_gold.{fact}")
        assert [row["currency_code"] for row in currencies] in ([], ["EUR"])
    assert project.value(f"select count(*) from {CATALOG}.plt_gold.fct_cost_daily") > 0
    assert project.value(f"select count_if(is_priced) from {USAGE}") > 0


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
