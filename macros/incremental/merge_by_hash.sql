{#-
    Incremental strategies of this project. Both write only rows whose `row_hash` differs, so that reading a
    row again writes nothing, and both look only at the days that the compiled model says it touches (`--
    touches:`, see record_reads).

    merge_changes: the model's rows are changed keys. A row with a NULL `row_hash` is a tombstone: its key is
    deleted.

    rebuild_days: the model's rows are the touched days, whole. What the target has on those days beyond them
    is deleted.

    `touches` is a list of date_keys, "whole" (a table that is not told apart by days), or "all": everything
    was read, so what is not there is deleted, by either strategy.
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
    {%- set nothing = "select 'nothing has changed' as message" -%}
    {%- if not days -%}
        {{ return(nothing) }}
    {%- endif -%}
    {%- set target = arg_dict["target_relation"] -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute="name") | list -%}
    {%- set keys = arg_dict["unique_key"] -%}
    {%- set keys = [keys] if keys is string else keys -%}
    {%- set deletes_missing = rebuild or days == "all" -%}
    {%- set changes = changed_rows(
        target, arg_dict["temp_relation"], columns, keys, days, deletes_missing
    ) -%}

    {#-
        Delta rewrites a file for every row that a merge matches, changed or not: so it is given the changed
        rows alone. Where there are none it commits nothing.
    -#}
    {%- set is_by_day = days != "whole" and "date_key" in columns -%}
    {{ merge_changed_rows(target, changes, columns, keys, days if is_by_day else "whole") }}
{% endmacro %}


{#- The MERGE of changed rows, which deletes where row_hash is NULL. -#}
{% macro merge_changed_rows(target, changes, columns, keys, days) -%}
    merge into {{ target }} as DBT_INTERNAL_DEST
    using ({{ changes }}) as DBT_INTERNAL_SOURCE
    on {{ in_days(days, "DBT_INTERNAL_DEST.date_key") }}
        and {{ equal_keys("DBT_INTERNAL_SOURCE", "DBT_INTERNAL_DEST", keys) }}
    when matched and DBT_INTERNAL_SOURCE.row_hash is null
        then delete
    when matched
        then update set
            {% for column in columns -%}
            {%- set name = adapter.quote(column) -%}
            {{ name }} = DBT_INTERNAL_SOURCE.{{ name }}{{ ", " if not loop.last }}
            {%- endfor %}
    when not matched and DBT_INTERNAL_SOURCE.row_hash is not null
        then insert (
            {%- for column in columns -%}
            {{ adapter.quote(column) }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )
        values (
            {%- for column in columns -%}
            DBT_INTERNAL_SOURCE.{{ adapter.quote(column) }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )
{%- endmacro %}


{#-
    The model's rows that differ from the target's. A row that is to be deleted has the target's values and a
    NULL row_hash. The model stands in it once: it is by far the most that there is to plan and to work out.
-#}
{% macro changed_rows(target, source, columns, keys, days, deletes_missing) -%}
    {%- set condition = config.get("matched_condition") -%}
    {%- if deletes_missing -%}
    select
        {%- for column in columns %}
        {%- set name = adapter.quote(column) %}
        {%- if column == "row_hash" %}
        DBT_INTERNAL_SOURCE.row_hash
        {%- else %}
        if(is_made, DBT_INTERNAL_SOURCE.{{ name }}, DBT_INTERNAL_DEST.{{ name }}) as {{ name }}
        {%- endif %}{{ "," if not loop.last }}
        {%- endfor %}
    from (
        select
            *,
            true as is_made
        from {{ source }}
    ) as DBT_INTERNAL_SOURCE
    full outer join (
        select
            *,
            true as is_held
        from {{ target }} as DBT_INTERNAL_DEST
        where {{ in_days(days, "DBT_INTERNAL_DEST.date_key") }}
    ) as DBT_INTERNAL_DEST
        on {{ equal_keys("DBT_INTERNAL_SOURCE", "DBT_INTERNAL_DEST", keys) }}
    where
        is_made is null
        or is_held is null
        or (
            not DBT_INTERNAL_SOURCE.row_hash <=> DBT_INTERNAL_DEST.row_hash
            {{ "and (" ~ condition ~ ")" if condition }}
        )
    {%- else -%}
    select
        {%- for column in columns %}
        {{ adapter.quote(column) }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ source }} as DBT_INTERNAL_SOURCE
    left anti join {{ target }} as DBT_INTERNAL_DEST
        on
            {{ in_days(days, "DBT_INTERNAL_DEST.date_key") }}
            and {{ equal_keys("DBT_INTERNAL_SOURCE", "DBT_INTERNAL_DEST", keys) }}
            and (
                DBT_INTERNAL_SOURCE.row_hash = DBT_INTERNAL_DEST.row_hash
                {{ "or (" ~ condition ~ ") is not true" if condition }}
            )
    {%- endif %}
{%- endmacro %}
