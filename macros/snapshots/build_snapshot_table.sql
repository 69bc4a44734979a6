{#- Stands in for the adapter's macro: a snapshot's first build. See _macros.yml. -#}
{% macro databricks__build_snapshot_table(strategy, sql) -%}
    with snapshot_query as (

        {{ sql }}

    ),

    {{ snapshot_versions(strategy, sql) }}

    select * from versions
{%- endmacro %}
