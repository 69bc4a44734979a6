{#-
    Incremental strategies of this project. Both merge only rows whose `row_hash` differs, so that reading a
    row again writes nothing, and both are pruned to the days that the compiled model says it touches (`--
    touches:`, see record_reads).

    merge_changes: the model's rows are changed keys. A row with a NULL `row_hash` is a tombstone: its key
    is deleted.
    rebuild_days:  the model's rows are the touched days, whole. What the target has on those days beyond
    them is deleted.

    `touches` is a list of date_keys, "whole" (a table without days), or "all": everything was read, so what
    is not there is deleted.
-#}
{% macro get_incremental_merge_changes_sql(arg_dict) %}
    {{ return(merge_by_hash(arg_dict, rebuild=false)) }}
{% endmacro %}


{% macro get_incremental_rebuild_days_sql(arg_dict) %}
    {{ return(merge_by_hash(arg_dict, rebuild=true)) }}
{% endmacro %}


{% macro merge_by_hash(arg_dict, rebuild) %}
    {%- set days = recorded(model["compiled_code"], "touches") -%}
    {%- if days is none -%}
        {{ exceptions.raise_compiler_error(model.name ~ " does not say what it touches: call record_reads") }}
    {%- endif -%}
    {%- if not days -%}
        {{ return("select 'nothing has changed' as message") }}
    {%- endif -%}
    {%- set target = arg_dict["target_relation"] -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute="quoted") | list -%}
    {%- set keys = arg_dict["unique_key"] -%}
    {%- set keys = [keys] if keys is string else keys -%}
    {%- set condition = config.get("matched_condition") -%}

    merge into {{ target }} as DBT_INTERNAL_DEST
    using {{ arg_dict["temp_relation"] }} as DBT_INTERNAL_SOURCE
    on {{ in_days(days, "DBT_INTERNAL_DEST.date_key") }}
    {%- for key in keys %}
        and DBT_INTERNAL_SOURCE.{{ adapter.quote(key) }} <=> DBT_INTERNAL_DEST.{{ adapter.quote(key) }}
    {%- endfor %}
    when matched and DBT_INTERNAL_SOURCE.row_hash is null
        then delete
    when matched and DBT_INTERNAL_SOURCE.row_hash <> DBT_INTERNAL_DEST.row_hash
        {{ "and (" ~ condition ~ ")" if condition }}
        then update set
            {% for column in columns -%}
            {{ column }} = DBT_INTERNAL_SOURCE.{{ column }}{{ ", " if not loop.last }}
            {%- endfor %}
    when not matched and DBT_INTERNAL_SOURCE.row_hash is not null
        then insert ({{ columns | join(", ") }})
        values (
            {%- for column in columns -%}
            DBT_INTERNAL_SOURCE.{{ column }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )
    {%- if days == "all" or rebuild %}
    when not matched by source and {{ in_days(days, "DBT_INTERNAL_DEST.date_key") }}
        then delete
    {%- endif %}
{% endmacro %}
