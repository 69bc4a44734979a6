{#-
    Stands in for the adapter's macro: one commit for all that differs, none where nothing does. See
    _macros.yml.
-#}
{% macro databricks__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set touches = recorded(model["compiled_code"], "touches") -%}
    {%- if touches is none -%}
        {{ exceptions.raise_compiler_error(model.name ~ " does not say what it touches: call record_reads") }}
    {%- endif -%}
    {%- set rows = run_query("select count(*) from " ~ source).rows[0][0] | int if touches else 0 -%}
    {%- if rows == 0 -%}
        select 'nothing has changed' as message
    {%- else -%}
        {%- set columns = adapter.get_columns_in_relation(target) | map(attribute="name") | list -%}
        {%- set key = config.require("unique_key") + [snapshot_columns().dbt_valid_from] -%}
        {%- set changes = "select " ~ broadcast_hint("staged", rows) ~ " * from " ~ source ~ " as staged" -%}
        {{ merge_changed_rows(target, changes, columns, key, "whole") }}
    {%- endif -%}
{%- endmacro %}
