{#-
    Stands in for the adapter's macro, which adds one version a run at most: here the rows of a key become all
    of its versions, of which those that differ are staged. Versions that the key has no more have a NULL
    row_hash. See _macros.yml.
-#}
{% macro databricks__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {%- set columns = snapshot_columns() -%}
    {%- set version_key = strategy.unique_key + [columns.dbt_valid_from] -%}
    {%- set compiled_code = model["compiled_code"] -%}
    {%- set is_whole = recorded(compiled_code, "touches") == "all" -%}
    with snapshot_query as (

        {{ source_sql }}

    ),

    {%- if is_whole %}

    held as (

        select *
        from {{ target_relation }}

    ),
    {%- else %}

    touched_keys as (

        select distinct {{ strategy.unique_key | join(", ") }}
        from snapshot_query

    ),

    held as (

        select {{ broadcast_hint("touched_keys", recorded(compiled_code, "reads") | sum(attribute="rows")) }}
            held.*
        from {{ target_relation }} as held
        left semi join touched_keys
            on {{ equal_keys("held", "touched_keys", strategy.unique_key) }}

    ),
    {%- endif %}

    {{ snapshot_versions(strategy, source_sql, target_relation) }}

    select
        {%- for column in version_key %}
        coalesce(versions.{{ column }}, held.{{ column }}) as {{ column }},
        {%- endfor %}
        versions.* except ({{ version_key | join(", ") }})
    from versions
    full outer join held
        on {{ equal_keys("versions", "held", version_key) }}
    where not versions.row_hash <=> held.row_hash
{%- endmacro %}
