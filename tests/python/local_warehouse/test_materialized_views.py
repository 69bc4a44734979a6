"""Materialized views: right when they were refreshed, told as what they are, and changed by nothing else."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from databricks.sql.exc import ServerOperationError
from serving_warehouse import Run, start_warehouse

pytestmark = pytest.mark.warehouse


def refused(run: Run, statement: str) -> str:
    with pytest.raises(ServerOperationError) as caught:
        run(statement)
    return str(caught.value)


@pytest.fixture
def daily(run: Run) -> None:
    run("create table t (id int, day date) partitioned by (day)")
    run("insert into t values (1, date'2026-01-01'), (2, date'2026-01-02'), (3, date'2026-01-02')")
    run(
        "create or replace materialized view daily ("
        " day date comment 'the day; it''s \"UTC\"',"
        " `rows` bigint not null comment 'how many',"
        " share decimal(10,2),"
        " constraint daily_pk primary key (day))"
        " partitioned by (day) comment 'rows a day' tblproperties ('team' = 'x; as (select')"
        " as select day, count(*), 1 / count(*) from t group by day order by day"
    )


@pytest.mark.usefixtures("daily")
def test_it_holds_what_its_query_gave_when_it_was_refreshed(run: Run) -> None:
    first = "select `rows`, cast(share as string) from daily order by day"
    assert run(first) == [(1, "1.00"), (2, "0.50")]
    run("insert into t values (4, date'2026-01-02')")
    assert run(first) == [(1, "1.00"), (2, "0.50")]
    run("refresh materialized view daily")
    assert run(first) == [(1, "1.00"), (3, "0.33")]
    run("delete from t where id > 1")
    run("refresh materialized view daily full")
    assert run(first) == [(1, "1.00")]


@pytest.mark.usefixtures("daily")
def test_its_metadata_say_what_it_is(run: Run, schema: str) -> None:
    catalog, short = schema.split(".")
    where = f"where table_schema = '{short}' and table_name = 'daily'"
    assert run(f"select table_type, comment from {catalog}.information_schema.tables {where}") == [
        ("MATERIALIZED_VIEW", "rows a day")
    ]
    query = "select day, count(*), 1 / count(*) from t group by day order by day"
    assert run(
        f"select view_definition, is_materialized from {catalog}.information_schema.views {where}"
    ) == [(query, "YES")]
    document = json.loads(run(f"describe table extended {schema}.daily as json")[0][0])
    assert (document["type"], document["view_text"]) == ("MATERIALIZED_VIEW", query)
    assert document["table_constraints"] == "[(daily_pk,PRIMARY KEY (`day`))]"
    assert [column.get("comment") for column in document["columns"]] == [
        'the day; it\'s "UTC"',
        "how many",
        None,
    ]
    assert [column["nullable"] for column in document["columns"]] == [True, False, True]
    described = {row[0]: row[1] for row in run("describe extended daily")}
    assert (described["Type"], described["Refresh Schedule"]) == ("MATERIALIZED_VIEW", "MANUAL")
    assert described["share"] == "decimal(10,2)" and described["View Text"] == query
    assert ("team", "x; as (select") in run("show tblproperties daily")
    information = run(f"show table extended in {schema} like 'daily'")[0][3]
    assert "TYPE: MATERIALIZED_VIEW" in information
    assert run("show views")[0][1:] == ("daily", False, True)


@pytest.mark.usefixtures("daily")
def test_nothing_but_a_refresh_changes_its_rows(run: Run) -> None:
    for statement in (
        "insert into daily values (date'2026-01-01', 1, 1)",
        "update daily set share = 0",
        "delete from daily",
        "merge into daily using t on false when not matched then insert *",
        "truncate table daily",
        "create or replace table daily as select 1 as x",
        "alter table daily add column x int",
        "drop table daily",
    ):
        assert "is a materialized view" in refused(run, statement)
    assert len(run("select * from daily")) == 2


@pytest.mark.usefixtures("daily")
def test_it_is_replaced_tagged_and_dropped(run: Run, schema: str) -> None:
    assert "already exists" in refused(run, "create materialized view daily as select 1 as x")
    run("create materialized view if not exists daily as select 1 as x")
    assert "something else of that name" in refused(
        run, "create or replace materialized view t as select 1 as x"
    )
    run(f"alter materialized view {schema}.daily set tags ('team' = 'y')")
    run("alter materialized view daily alter column share set tags ('a' = 'b')")
    tags = "select tag_value from system.information_schema.{}_tags where schema_name = '{}'"
    assert run(tags.format("table", schema.split(".")[1])) == [("y",)]
    assert run(tags.format("column", schema.split(".")[1])) == [("b",)]
    run("create or replace materialized view daily as select max(id) as newest from t")
    assert run("select * from daily") == [(3,)]
    run("drop materialized view daily")
    run("drop materialized view if exists daily")
    assert "TABLE_OR_VIEW_NOT_FOUND" in refused(run, "select * from daily")
    assert "not a materialized view" in refused(run, "drop materialized view t")
    run("create table daily as select 1 as x")
    assert run(f"describe table extended {schema}.daily as json")[0][0].count("MATERIALIZED") == 0


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("create materialized view m schedule every 1 hour as select 1 as x", "by schedule or trigger"),
        ("create materialized view m trigger on update as select 1 as x", "by schedule or trigger"),
        ("create materialized view m (x int, constraint c expect (x > 0)) as select 1 as x", "EXPECT"),
        ("create materialized view m (x, y) as select 1 as x", "2 columns are listed"),
        ("create materialized view m as select * from system.information_schema.tables", "use a view"),
        ("create materialized view nowhere.m as select 1 as x", "SCHEMA_NOT_FOUND"),
        ("create materialized view m as select * from nowhere_to_be_found", "TABLE_OR_VIEW_NOT_FOUND"),
        ("create materialized view m select 1", "PARSE_SYNTAX_ERROR"),
        ("create streaming table m as select 1 as x", "Streaming tables need a pipeline"),
        ("refresh materialized view m", "TABLE_OR_VIEW_NOT_FOUND"),
    ],
)
def test_what_cannot_be_honoured_is_refused_and_leaves_nothing(run: Run, statement: str, reason: str) -> None:
    assert reason in refused(run, statement)
    assert run("show tables") == []


def test_it_survives_a_kill_even_between_its_two_records(tmp_path: Path) -> None:
    home = tmp_path / "home"
    warehouse = start_warehouse(home)
    try:
        with warehouse.connect(catalog="platform_observability") as connection, connection.cursor() as cursor:
            for statement in (
                "create schema s",
                "create table s.t as select 1 as x",
                "create materialized view s.kept as select sum(x) as total from s.t",
                "create materialized view s.half as select x from s.t",
                "create materialized view s.never as select x from s.t",
            ):
                cursor.execute(statement)
    finally:
        warehouse.kill()
    with contextlib.closing(sqlite3.connect(home / "catalog.sqlite")) as database, database:
        for name, version in (("half", None), ("never", 0)):
            database.execute("delete from materialized_views where name = ?", (name,))
            subject = {
                "name": ["platform_observability", "s", name],
                "view": {"query": "select x from s.t", "catalog": "platform_observability", "schema": "s"},
                "location": str(home / "warehouse" / "platform_observability__s" / name),
                "version": version,
            }
            database.execute(
                "insert into intents (action, subject) values ('materialize', ?)", (json.dumps(subject),)
            )
    warehouse = start_warehouse(home)
    try:
        types = warehouse.rows(
            "select table_name, table_type from platform_observability.information_schema.tables"
            " where table_schema = 's'"
        )
        assert dict(types) == {
            "t": "MANAGED",
            "kept": "MATERIALIZED_VIEW",
            "half": "MATERIALIZED_VIEW",
            "never": "MANAGED",
        }
        warehouse.rows("insert into platform_observability.s.t values (2)")
        warehouse.rows("refresh materialized view platform_observability.s.kept")
        assert warehouse.rows("select total from platform_observability.s.kept") == [(3,)]
    finally:
        warehouse.stop()
