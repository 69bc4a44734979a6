{#- Stands in for the adapter's macro: one commit for all that differs, none where nothing does. See _macros.yml. -#}
{% macro databricks__snapshot_merge_sql(target, source, insert_cols) -%}
    {{ merge_by_hash(
        {
            "target_relation": target,
            "temp_relation": source,
            "unique_key": config.require("unique_key") + [snapshot_columns().dbt_valid_from],
        },
        rebuild=false,
    ) }}
{%- endmacro %}
