"""What a client sees of names, metadata, Unity Catalog's own statements, errors and results."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
from databricks.sql.exc import Error, ServerOperationError
from serving_warehouse import Run, Warehouse

pytestmark = pytest.mark.warehouse


def refused(run: Run, statement: str) -> str:
    with pytest.raises(ServerOperationError) as caught:
        run(statement)
    return str(caught.value)


# -- names and hostile text


def test_one_two_and_three_part_names_mean_the_same_table(run: Run, schema: str) -> None:
    run("create table t as select 1 as id")
    short = schema.split(".")[1]
    assert (
        run("select * from t")
        == run(f"select * from {short}.t")
        == run(f"select * from {schema}.t")
        == [(1,)]
    )


@pytest.mark.parametrize(
    "value",
    [
        "it's",
        'say "x"',
        "a`b",
        "a;b--c/*d*/",
        "{{ x }} {% y %}",
        "Grüße 🎉 \u202e",
        "back\\slash\nline",
        "cat.s.t",
        "z" * 65536,
    ],
    ids=["quote", "double", "backtick", "comment", "jinja", "unicode", "escape", "name", "64KB"],
)
def test_hostile_text_comes_back_unchanged(warehouse: Warehouse, schema: str, value: str) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select :v as v", {"v": value})
        assert cursor.fetchall()[0][0] == value
        literal = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        cursor.execute(f"create table {schema}.h as select {literal} as v")
        cursor.execute(f"select v from {schema}.h")
        assert cursor.fetchall()[0][0] == value
        cursor.execute(f"comment on table {schema}.h is {literal}")
        cursor.execute(f"alter table {schema}.h set tags ('k' = {literal})")
        catalog, name = schema.split(".")
        cursor.execute(
            f"select comment from {catalog}.information_schema.tables where table_schema = '{name}'"
        )
        assert cursor.fetchall()[0][0] == value
        cursor.execute(
            f"select tag_value from system.information_schema.table_tags where schema_name = '{name}'"
        )
        assert cursor.fetchall()[0][0] == value


# -- metadata


def test_a_table_described_as_json_has_types_comments_and_keys(run: Run, schema: str) -> None:
    run("create table p (id bigint not null, primary key (id))")
    run(
        "create table t (id int comment 'the id', d decimal(38,18), m map<string,array<int>>,"
        " s struct<a:timestamp,b:date>,"
        " constraint t_pk primary key (id), constraint t_fk foreign key (id) references p) comment 'a table'"
    )
    document = json.loads(run(f"describe table extended {schema}.t as json")[0][0])
    columns = {column["name"]: column for column in document["columns"]}
    catalog, name = schema.split(".")
    assert (document["catalog_name"], document["schema_name"], document["type"]) == (catalog, name, "MANAGED")
    assert document["comment"] == "a table" and columns["id"]["comment"] == "the id"
    assert columns["d"]["type"] == {"name": "decimal", "precision": 38, "scale": 18}
    assert columns["m"]["type"]["value_type"]["element_type"] == {"name": "int"}
    assert [found["type"]["name"] for found in columns["s"]["type"]["fields"]] == ["timestamp_ltz", "date"]
    assert document["table_constraints"] == (
        f"[(t_fk,FOREIGN KEY (`id`) REFERENCES `{catalog}`.`{name}`.`p` (`id`)), (t_pk,PRIMARY KEY (`id`))]"
    )


def test_information_schema_by_a_plain_and_by_a_rich_query_agree(run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    run("create table t (a int, b string)")
    run("create view v as select a from t")
    plain = run(
        f"select table_name, table_type from {catalog}.information_schema.tables"
        f" where table_schema = '{name}' order by table_name"
    )
    rich = run(
        f"with x as (select * from system.information_schema.tables where table_schema like '{name}%')"
        " select table_name, max(table_type) from x group by all order by 1"
    )
    assert plain == rich == [("t", "MANAGED"), ("v", "VIEW")]
    columns = f"select column_name, data_type from {catalog}.information_schema.columns"
    assert sorted(run(f"{columns} where table_schema = '{name}'")) == [
        ("a", "INT"),
        ("a", "INT"),
        ("b", "STRING"),
    ]
    assert run(
        f"select view_definition from {catalog}.information_schema.views where table_schema = '{name}'"
    ) == [("select a from t",)]
    # By two parts, it is that of the current catalog; in a list with others, Spark answers.
    tables = "select table_name from information_schema.tables"
    assert sorted(run(f"{tables} where table_schema = '{name}'")) == [("t",), ("v",)]
    listed = f"from {name}.t right join {name}.v on true, information_schema.tables as known"
    assert run(
        f"select count(*) {listed} where known.table_schema = '{name}' and known.table_name = 't'"
    ) == run("select count(*) from v")


def test_tables_are_joined_by_commas(run: Run, schema: str) -> None:
    name = schema.split(".")[1]
    run("create table a as select 1 as x")
    run("create table b as select 2 as y")
    assert run(f"select x, y, z from {name}.a, {name}.b, (select x + 2 as z from {name}.a)") == [(1, 2, 3)]


def test_show_lists_what_exists(run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    run("create table aa (x int comment 'c')")
    run("create view bb as select 1 as x")
    assert (name,) in run(f"show schemas in {catalog}") and run(
        f"show schemas in {catalog} like '{name}'"
    ) == [(name,)]
    assert [row[1] for row in run(f"show tables in {schema}")] == ["aa", "bb"]
    assert [row[1] for row in run(f"show views in {schema}")] == ["bb"]
    extended = {row[1]: row[3] for row in run(f"show table extended in {schema} like 'a*|b*'")}
    assert "Type: MANAGED" in extended["aa"] and "|-- x: int (nullable = true)" in extended["aa"]
    assert "Type: VIEW" in extended["bb"]


def test_the_connectors_own_listing_calls(warehouse: Warehouse, run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    run("create table t (a int, b decimal(10,2))")
    with warehouse.connect() as connection, connection.cursor() as cursor:
        assert catalog in [row[0] for row in cursor.catalogs().fetchall()]
        assert (name, catalog) in [tuple(row) for row in cursor.schemas(catalog_name=catalog).fetchall()]
        tables = cursor.tables(catalog_name=catalog, schema_name=name).fetchall()
        assert [(row.TABLE_NAME, row.TABLE_TYPE) for row in tables] == [("t", "TABLE")]
        columns = cursor.columns(catalog_name=catalog, schema_name=name, table_name="t").fetchall()
        assert [(row.COLUMN_NAME, row.TYPE_NAME) for row in columns] == [("a", "INT"), ("b", "DECIMAL(10,2)")]


# -- Unity Catalog's statements


def test_keys_are_recorded_checked_and_dropped(run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    run("create table parent (id int, v int)")
    run("create table child (id int, parent_id int)")
    run("alter table parent add constraint parent_pk primary key (id) rely")
    run("alter table child add constraint child_fk foreign key (parent_id) references parent (id)")
    assert "CONSTRAINT_ALREADY_EXISTS" in refused(
        run, "alter table parent add constraint again primary key (v)"
    )
    assert "UNRESOLVED_COLUMN" in refused(
        run, "alter table child add constraint x foreign key (gone) references parent"
    )
    kinds = (
        "select constraint_name, constraint_type from {}.information_schema.table_constraints"
        f" where table_schema = '{name}' order by constraint_name"
    ).format(catalog)
    assert run(kinds) == [("child_fk", "FOREIGN KEY"), ("parent_pk", "PRIMARY KEY")]
    pairs = run(
        f"select rc.constraint_name, rc.unique_constraint_name, k.column_name"
        f" from {catalog}.information_schema.referential_constraints rc"
        f" join {catalog}.information_schema.key_column_usage k on k.constraint_name = rc.constraint_name"
        f" where rc.constraint_schema = '{name}' and k.table_schema = '{name}'"
    )
    assert pairs == [("child_fk", "parent_pk", "parent_id")]
    assert "CONSTRAINT_HAS_DEPENDENTS" in refused(run, "alter table parent drop constraint parent_pk")
    run("alter table parent drop constraint parent_pk cascade")
    assert run(kinds) == []


def test_not_null_is_enforced_and_shown(run: Run, schema: str) -> None:
    run("create table t (id int, v string)")
    run("alter table t alter column id set not null")
    assert "nn_id" in refused(run, "insert into t values (null, 'x')")
    document = json.loads(run(f"describe table extended {schema}.t as json")[0][0])
    assert [column["nullable"] for column in document["columns"]] == [False, True]
    run("alter table t alter column id drop not null")
    run("insert into t values (null, 'x')")


def test_keys_and_tags_follow_a_renamed_column_and_go_with_a_dropped_one(run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    run("create table parent (id int, v int) tblproperties ('delta.columnMapping.mode' = 'name')")
    run("create table child (parent_id int) tblproperties ('delta.columnMapping.mode' = 'name')")
    run("alter table parent add constraint parent_pk primary key (id)")
    run("alter table child add constraint child_fk foreign key (parent_id) references parent (id)")
    for table, column in (("parent", "id"), ("parent", "v"), ("child", "parent_id")):
        run(f"alter table {table} alter column {column} set tags ('k' = '{column}')")
    run(f"alter table {schema}.parent rename column ID to number")
    run("alter table child rename column parent_id to parent_number")
    described = json.loads(run(f"describe table extended {schema}.child as json")[0][0])
    assert described["table_constraints"] == (
        f"[(child_fk,FOREIGN KEY (`parent_number`) REFERENCES `{catalog}`.`{name}`.`parent` (`number`))]"
    )
    assert "CONSTRAINT_HAS_DEPENDENTS" in refused(run, "alter table parent drop column number")
    assert "CONSTRAINT_HAS_DEPENDENTS" in refused(run, "alter table child drop columns (parent_number)")
    run("alter table parent drop column if exists v")
    tags = "select column_name, tag_value from system.information_schema.column_tags"
    assert sorted(run(f"{tags} where schema_name = '{name}'")) == [
        ("number", "id"),
        ("parent_number", "parent_id"),
    ]


def test_tags_grants_owner_and_comments_are_kept(run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    run("create table t (id int)")
    run("create view v as select * from t")
    run("alter table t set tags ('team' = 'x', 'pii')")
    run("alter table t unset tags ('pii')")
    run("alter table t alter column id set tags ('k' = 'v')")
    run(f"alter schema {schema} set tags ('s' = '1')")
    tags = f"select tag_name, tag_value from system.information_schema.%s where schema_name = '{name}'"
    assert run(tags % "table_tags") == [("team", "x")]
    assert run(tags % "column_tags") == [("k", "v")]
    assert run(tags % "schema_tags") == [("s", "1")]
    run("grant select, modify on table t to `data team`")
    run("revoke modify on table t from `data team`")
    assert run("show grants on table t") == [("data team", "SELECT", "TABLE", f"{schema}.t")]
    run("alter table t set owner to `someone`")
    run("comment on column t.id is 'a column'")
    run("comment on view v is 'a view'")
    tables = f"select table_name, table_owner, comment from {catalog}.information_schema.tables"
    found = {row[0]: row[1:] for row in run(f"{tables} where table_schema = '{name}'")}
    assert found["t"][0] == "someone" and found["v"][1] == "a view"
    columns = f"select comment from {catalog}.information_schema.columns where table_schema = '{name}'"
    assert run(f"{columns} and table_name = 't'") == [("a column",)]


def test_a_list_of_tables_does_not_work_out_the_columns_of_views(
    run: Run, warehouse: Warehouse, schema: str
) -> None:
    """A run of dbt begins with such lists, and views lie one over the other."""
    catalog, name = schema.split(".")
    run("create table t as select 1 as id")
    run("create view v as select * from t")
    listed = f"select table_name, table_type from {catalog}.information_schema.tables"
    assert sorted(run(f"{listed} where table_schema = '{name}'")) == [("t", "MANAGED"), ("v", "VIEW")]
    with contextlib.closing(sqlite3.connect(warehouse.home / "catalog.sqlite")) as recorded:
        known = "select name from relations where schema = ? and columns is not null"
        assert recorded.execute(known, (name,)).fetchall() == [("t",)]


@pytest.mark.parametrize(
    "statement",
    [
        "create streaming table s as select 1",
        "alter table t set row filter f on (id)",
        "alter table t alter column id set mask f",
        "create table u (id int mask f)",
        "alter table t cluster by auto",
        "insert into t as t replace on (t.id <=> s.id) (select 1 as id, 'a' as v) as s",
    ],
)
def test_what_cannot_be_honoured_is_refused(run: Run, statement: str) -> None:
    run("create table t (id int, v string)")
    message = refused(run, statement)
    assert "UNSUPPORTED_FEATURE" in message and "SQLSTATE: 0A000" in message


def test_replace_on_partition_columns_is_one_commit(run: Run) -> None:
    run("create table t (day int, v string) partitioned by (day)")
    run("insert into t values (1, 'a'), (2, 'b')")
    run("insert into t as t replace on (t.day <=> s.day) (select 2 as day, 'c' as v) as s")
    assert sorted(run("select * from t")) == [(1, "a"), (2, "c")]
    assert len(run("describe history t")) == 3


def test_a_table_partitioned_by_its_first_column_can_be_replaced_again_and_again(run: Run) -> None:
    for number in range(4):
        run(f"create or replace table t partitioned by (day) as select {number} as day, 'x' as v")
    assert run("select * from t") == [(3, "x")]


def test_a_schema_with_tables_is_dropped_by_cascade_only(run: Run, schema: str) -> None:
    run("create table t (id int)")
    assert "SCHEMA_NOT_EMPTY" in refused(run, f"drop schema {schema}")
    run(f"drop schema {schema} cascade")
    run(f"create schema {schema}")
    run(f"create table {schema}.t (other string)")
    assert run(f"select * from {schema}.t") == []


def test_a_renamed_table_keeps_rows_tags_and_keys(run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    run("create table t as select 1 as id")
    run("alter table t set tags ('a' = 'b')")
    run(f"alter table {schema}.t rename to {schema}.u")
    assert run("select * from u") == [(1,)] and [row[1] for row in run(f"show tables in {schema}")] == ["u"]
    tags = f"select table_name from {catalog}.information_schema.table_tags where schema_name = '{name}'"
    assert run(tags) == [("u",)]


def test_details_of_a_table_have_the_users_name_and_a_location_that_is_there(run: Run, schema: str) -> None:
    run("create table t as select 1 as id")
    described = run(f"describe detail {schema}.t")[0]
    assert described[2] == f"{schema}.t"
    assert Path(described[4].removeprefix("file:")).is_dir()


def test_functions_and_metric_views(run: Run, schema: str) -> None:
    run(f"create function {schema}.twice(x int) returns int return x * 2")
    short = schema.split(".")[1]
    assert run(f"select {schema}.twice(21), {short}.twice(1), twice(2)") == [(42, 2, 4)]
    run("create table t as select 'a' as k, 2 as v union all select 'a', 3")
    run(
        f"create or replace view {schema}.m with metrics language yaml as $$\nversion: 1.1\n"
        f"source: {schema}.t\n"
        "dimensions:\n  - name: k\n    expr: k\nmeasures:\n  - name: total\n    expr: sum(v)\n$$"
    )
    assert run(f"select k, measure(total) as total from {schema}.m group by k") == [("a", 5)]


# -- errors


def test_errors_carry_class_state_line_and_the_users_names(run: Run, schema: str) -> None:
    catalog, name = schema.split(".")
    missing = refused(run, f"select *\nfrom {schema}.gone")
    assert "[TABLE_OR_VIEW_NOT_FOUND]" in missing and "SQLSTATE: 42P01" in missing and "line 2" in missing
    assert f"`{catalog}`.`{name}`.`gone`" in missing and "__" not in missing.replace(name, "")
    assert "[PARSE_SYNTAX_ERROR]" in refused(run, "selec 1")
    assert "[SCHEMA_NOT_FOUND]" in refused(run, "use platform_observability.nowhere")
    assert "[DIVIDE_BY_ZERO" in refused(run, "select 1/0")


def test_settings_are_honoured_or_refused(warehouse: Warehouse, run: Run) -> None:
    assert "CONFIG_NOT_AVAILABLE" in refused_connection(warehouse, {"no_such_setting": "1"})
    assert "CONFIG_NOT_AVAILABLE" in refused(run, "set ansi_mod = false")
    assert "CONFIG_NOT_AVAILABLE" in refused(run, "/* why */ set `no_such.setting` = 1;")
    run("set ansi_mode = false")
    assert run("select 1/0 is null") == [(True,)]
    run("-- why\nset timezone = America/New_York;")
    assert run("select current_timezone()") == [("America/New_York",)]
    run("set spark.sql.shuffle.partitions = 3")
    assert run("set spark.sql.shuffle.partitions") == [("spark.sql.shuffle.partitions", "3")]
    run("set time zone 'UTC'")
    run("set statement_timeout = 1")
    assert "STATEMENT_TIMEOUT" in refused(run, SLOW)


def refused_connection(warehouse: Warehouse, configuration: dict[str, str]) -> str:
    with pytest.raises(Error) as caught:
        warehouse.connect(session_configuration=configuration)
    return str(caught.value)


# -- results


@pytest.mark.parametrize("compressed", [True, False])
def test_a_large_result_comes_in_order_and_in_several_fetches(warehouse: Warehouse, compressed: bool) -> None:
    options = {"enable_query_result_lz4_compression": compressed}
    with warehouse.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select id, repeat('x', 40) as s, cast(id as decimal(38,18)) as d from range(0, 1200000, 1, 7)"
        )
        first = cursor.fetchmany(3)
        rest = cursor.fetchall_arrow()
    assert [row.id for row in first] == [0, 1, 2] and first[1].d == Decimal(1)
    ids = rest.column("id")
    assert len(ids) == 1_199_997 and ids[0].as_py() == 3 and ids[-1].as_py() == 1_199_999


def test_every_type_arrives(run: Run) -> None:
    values = run(
        "select cast(1 as tinyint), 1.5f, 2.5d, true, null, x'00ff', date'2024-02-29',"
        " timestamp'2024-02-29 01:02:03.000004',"
        " timestamp_ntz'2024-02-29 01:02:03', array(1, 2), map('a', 1),"
        " named_struct('x', 1, 'y', array('z')),"
        " cast('12345678901234567890.123456789012345678' as decimal(38,18)), interval '1' day,"
        " parse_json('{\"a\":1}')"
    )[0]
    assert values[:4] == (1, 1.5, 2.5, True) and values[4] is None and bytes(values[5]) == b"\x00\xff"
    assert values[12] == Decimal("12345678901234567890.123456789012345678")
    assert (values[7].microsecond, values[8].hour) == (4, 1)
    assert list(values[9]) == [1, 2] and values[10] == [("a", 1)] and values[11] == {"x": 1, "y": ["z"]}
    assert values[13] == "INTERVAL '1' DAY" and values[14] == '{"a":1}'


def test_a_result_without_rows_has_its_columns(run: Run) -> None:
    assert run("select 1 as a, 'x' as b where false") == []


# -- running statements

SLOW = (
    "select count_if(sha2(cast(a.id + b.id as string), 512) < 'a')"
    " from range(2000000) a cross join range(20000) b"
)
"""Hours of work: a test that ends shows that it was stopped."""


def test_a_statement_is_canceled_and_its_session_goes_on(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        failure: list[BaseException] = []

        def execute() -> None:
            try:
                cursor.execute(SLOW)
                cursor.fetchall()
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=execute)
        thread.start()
        while cursor.active_command_id is None:
            time.sleep(0.05)
        cursor.cancel()
        thread.join(60)
        assert not thread.is_alive() and "OPERATION_CANCELED" in str(failure[0])
        # A session runs one statement at a time: this one would wait for the other's end.
        with connection.cursor() as other:
            other.execute("select 1")
            assert other.fetchall()[0][0] == 1


def test_sessions_work_side_by_side(warehouse: Warehouse, schema: str) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with warehouse.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"create or replace table {schema}.t{number} as select {number} as x")
                cursor.execute(f"create or replace temporary view mine as select * from {schema}.t{number}")
                cursor.execute("select x from mine")
                assert cursor.fetchall()[0][0] == number
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
