"""What macros that ask no warehouse give, each by examples that can be checked by reading.

All examples are rendered by one run of dbt, since each run parses the project.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from project import change_feed_cases
from project.rendering import ROOT, render

#: Name -> (Jinja that gives JSON, the value it must give).
VALUES: dict[str, tuple[str, Any]] = {
    "type_arguments_of_a_map": (
        "type_arguments('map<string,array<struct<a:int,b:decimal(38,18)>>>')",
        ["string", "array<struct<a:int,b:decimal(38,18)>>"],
    ),
    "type_arguments_of_a_struct": (
        "type_arguments('struct<a:int, b:map<string,string>>')",
        ["a:int", "b:map<string,string>"],
    ),
    "type_arguments_keep_the_comma_of_a_decimal": (
        "type_arguments('array<decimal(38,18)>')",
        ["decimal(38,18)"],
    ),
    "struct_fields_with_quoted_names": (
        "struct_fields('struct<a:int,`b c`:struct<d:string>>')",
        [{"name": "a", "type": "int"}, {"name": "b c", "type": "struct<d:string>"}],
    ),
    "struct_fields_whose_names_hold_signs": (
        "struct_fields('struct<`a<b:c,`:map<string,int>,d:int>')",
        [{"name": "a<b:c,", "type": "map<string,int>"}, {"name": "d", "type": "int"}],
    ),
    "fields_by_name_in_lower_case": (
        "fields_by_name('struct<Ab:int,c:map<string,string>>')",
        {"ab": "int", "c": "map<string,string>"},
    ),
    "days_before": ("days_before(20260303, 7)", 20260224),
    "days_before_the_calendar": ("days_before(10101, 7)", 10101),
    "touched_days_of_lists": (
        "touched_days([[20260102, none], [20260101, 20260102]])",
        [20260101, 20260102, None],
    ),
    "touched_days_of_all": ("touched_days([[20260101], 'all'])", "all"),
    "touched_days_of_whole": ("touched_days(['whole', [20260101]])", "whole"),
    "recorded_reads": ('recorded(\'a\\n-- reads: [{"rows": 1}]\\nb\', "reads")', [{"rows": 1}]),
    "warehouse_of_a_path": ("warehouse_of('/sql/1.0/warehouses/abc123?o=7')", "abc123"),
    "warehouse_of_a_cluster": ("warehouse_of('sql/protocolv1/o/0/0123-45-x')", None),
    "warehouse_of_nothing": ("warehouse_of(none)", None),
    "nodes_without_a_query_tag": (
        "graph.nodes.values() | selectattr('package_name', 'equalto', project_name)"
        " | rejectattr('config.query_tags', 'defined') | map(attribute='name') | list",
        [],
    ),
    "recorded_nothing": ("recorded('select 1', 'touches')", None),
    "recorded_inside_a_line_does_not_count": ("recorded('x -- reads: []', 'reads')", None),
    **change_feed_cases.CASES,
}

#: Name -> (Jinja, the SQL it must give).
TEXTS = {
    "date_key": ("{{ date_key('t.day') }}", "year(t.day) * 10000 + month(t.day) * 100 + day(t.day)"),
    "in_days_literal": ("{{ in_days([20260101, 20260102], 'd') }}", "(d in (20260101, 20260102))"),
    "in_days_without_a_day": ("{{ in_days([20260101, none], 'd') }}", "(d in (20260101) or d is null)"),
    "in_days_only_without_a_day": ("{{ in_days([none], 'd') }}", "(d is null)"),
    "in_no_days": ("{{ in_days([], 'd') }}", "false"),
    "in_all_days": ("{{ in_days('all', 'd') }}", "true"),
    "equal_keys": ("{{ equal_keys('a', 'b', ['x', 'y']) }}", "a.x <=> b.x and a.y <=> b.y"),
    "serves_at": ("{{ serves_at('v', 't.at') }}", "v.effective_from <= t.at and t.at < v.effective_to"),
    "sql_string_quotes": (
        """{{ sql_string("it's a \\\\ and a\\nline") }}""",
        """'it\\'s a \\\\ and a\\nline'""",
    ),
    "sql_string_none": ("{{ sql_string(none) }}", "cast(null as string)"),
    "observed_at_of_a_replay": ("{{ observed_at() }}", "timestamp'2026-03-01 12:30:00'"),
    "conform_of_what_is_not_there": (
        "{{ conform('s.x', 'Map<String, String>', '') }}",
        "cast(null as map<string,string>)",
    ),
    "conform_of_the_same_type": ("{{ conform('x', 'STRUCT<a: INT>', 'struct<a:int>') }}", "x"),
    "conform_of_another_type": ("{{ conform('x', 'bigint', 'int') }}", "cast(x as bigint)"),
    "hashable_string": ("{{ hashable('x', 'string') }}", "x"),
    "hashable_map": ("{{ hashable('x', 'MAP<string, string>') }}", "array_sort(map_entries(x))"),
    "schema_name_as_configured": ("{{ generate_schema_name(' plt_gold ', none) }}", "plt_gold"),
    "schema_name_of_the_target": ("{{ generate_schema_name(none, none) }}", "plt_ops"),
    "readers_who_are_users": ("{{ is_whoever_asks('reader', 'users') }}", "reader = current_user()"),
    "readers_who_are_groups": (
        "{{ is_whoever_asks('reader', 'groups') }}",
        "(reader = current_user() or is_account_group_member(reader))",
    ),
    "text_that_is_not_masked": ("{{ identities_in_text('x') }}", "x"),
    "path_that_is_not_masked": ("{{ identities_in_path('x') }}", "x"),
    "tags_that_are_not_masked": ("{{ identities_in_tags('x') }}", "x"),
    "optimize_of_all_days": (
        "{{ optimize_statement({'config': {'partition_by': ['date_key'], 'meta': {'zorder': ['a', 'b']}}},"
        " 'c.s.t', true) }}",
        "optimize c.s.t\n    zorder by (a, b)",
    ),
    "optimize_without_partitions_and_columns": (
        "{{ optimize_statement({'config': {'partition_by': none, 'meta': {}}}, 'c.s.t', false) }}",
        "optimize c.s.t",
    ),
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    expressions = {name: f"{{{{ tojson({text}) }}}}" for name, (text, _) in VALUES.items()}
    expressions |= {name: text for name, (text, _) in TEXTS.items()}
    expressions["differences"] = (
        "{%- set found = [] -%}"
        "{%- do compare_columns(found, 'src', '', {'a': 'int', 'b': 'struct<c:int,d:string>', 'e': 'string'},"
        " {'a': 'bigint', 'b': 'struct<c:int,f:string>', 'g': 'date'}) -%}{{ tojson(found) }}"
    )
    expressions["same"] = (
        "{%- set found = [] -%}{%- do compare_columns(found, 'src', '', {'a': 'int'}, {'a': 'int'}) -%}"
        "{{ tojson(found) }}"
    )
    expressions["record_reads"] = (
        "{%- set read = {'source': 'c.s.t', 'kind': 'version', 'to_version': 3, 'rows': 2} -%}"
        "{{ record_reads([dict(read, moved=true), dict(read, moved=false)], [20260101, none]) }}"
    )
    expressions["committed"] = (
        "{%- set read = {'source': 'c.s.t', 'kind': 'version', 'to_version': 3, 'table_id': 'id', 'rows': 2,"
        " 'moved': true} -%}"
        "{%- do model.update({'compiled_code': 'select 1\\n' ~ record_reads([read], [])}) -%}"
        "{{ commit_offsets() }}"
    )
    expressions["late_days"] = (
        "{{ optimize_statement({'config': {'partition_by': 'date_key', 'meta': {'zorder': ['a']}}},"
        " 'c.s.t', false) }}"
    )
    expressions["content_hash"] = (
        "{{ content_hash([{'name': 'n', 'expression': 'x.n', 'type': 'int'},"
        " {'name': 'm', 'expression': 'm', 'type': 'map<string,string>'}]) }}"
    )
    expressions["conform_struct"] = "{{ conform('s', 'struct<a:int,b:string>', 'struct<b:string,z:int>') }}"
    return render(expressions, tmp_path_factory.mktemp("macros"), {"observed_at": "2026-03-01 12:30:00"})


@pytest.mark.parametrize("name", VALUES)
def test_a_macro_returns(rendered: dict[str, str], name: str) -> None:
    assert json.loads(rendered[name]) == VALUES[name][1]


@pytest.mark.parametrize("name", TEXTS)
def test_a_macro_writes(rendered: dict[str, str], name: str) -> None:
    assert rendered[name] == TEXTS[name][1]


def test_differences_are_told_down_to_the_members_of_structs(rendered: dict[str, str]) -> None:
    found = {
        (row["column_path"], row["change"], row["declared_type"], row["source_type"])
        for row in json.loads(rendered["differences"])
    }
    assert found == {
        ("a", "other_type", "int", "bigint"),
        ("b.d", "missing_column", "string", None),
        ("b.f", "new_column", None, "string"),
        ("e", "missing_column", "string", None),
        ("g", "new_column", None, "date"),
    }
    assert json.loads(rendered["same"]) == []


def test_reads_that_moved_are_recorded_at_the_start_of_a_line(rendered: dict[str, str]) -> None:
    reads, touches = rendered["record_reads"].splitlines()
    (read,) = json.loads(reads.removeprefix("-- reads: "))
    assert (read["source"], read["version"], read["rows"]) == ("c.s.t", 3, 2)
    assert json.loads(touches.removeprefix("-- touches: ")) == [20260101, None]


def test_what_the_compiled_sql_says_was_read_is_committed(rendered: dict[str, str]) -> None:
    """Nothing is asked once more: no warehouse is in reach."""
    text = " ".join(rendered["committed"].split())
    assert text.startswith(
        "insert into `platform_observability`.`plt_ops`.`processing_state` ( task, source,"
    )
    _, _, values = text.partition("values ( ")
    assert values.split(", ")[1:7] == [
        "'c.s.t'",
        "'version'",
        "cast(cast(null as string) as timestamp)",
        "cast(3 as bigint)",
        "'id'",
        "cast(2 as bigint)",
    ]


def test_a_content_hash_names_its_columns_in_order(rendered: dict[str, str]) -> None:
    text = " ".join(rendered["content_hash"].split())
    assert text == (
        "sha2(to_json(struct(x.n as `n`, array_sort(map_entries(m)) as `m`),"
        " map('timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS')), 256)"
    )


def test_nothing_is_hashed_but_to_the_microsecond() -> None:
    """Rows are written as JSON by one macro; what else does so neither compares nor hashes times."""
    written = {
        path.relative_to(ROOT).as_posix()
        for folder in ("macros", "models", "snapshots")
        for path in (ROOT / folder).rglob("*.sql")
        if "to_json(struct(" in path.read_text(encoding="utf-8")
    }
    assert written == {
        "macros/keys/json_of.sql",
        "macros/operations/check_health.sql",
        "macros/processing_state/read_seeds.sql",
    }


def test_a_struct_is_conformed_member_by_member(rendered: dict[str, str]) -> None:
    text = " ".join(rendered["conform_struct"].split())
    assert text == (
        "if(s is null, cast(null as struct<a:int,b:string>), named_struct("
        "'a', cast(null as int), 'b', s.`b`))"
    )


def test_of_a_table_by_day_the_late_days_are_optimized(rendered: dict[str, str]) -> None:
    first, second, third = (line.strip() for line in rendered["late_days"].splitlines())
    assert (first, third) == ("optimize c.s.t", "zorder by (a)")
    day = datetime.strptime(second.removeprefix("where date_key >= "), "%Y%m%d").replace(tzinfo=UTC)
    # The var is 14; the day may have ended since dbt started.
    assert (datetime.now(UTC) - day).days in (14, 15)
