{#- The CTEs, from snapshot_query to versions, of the rule that belongs to the snapshot's strategy. -#}
{% macro snapshot_versions(strategy, source_sql, target_relation=none) -%}
    {%- if config.require("strategy") == "timestamp" -%}
        {{ versions_by_change_time(strategy) }}
    {%- else -%}
        {{ versions_by_observation(strategy, source_sql, target_relation) }}
    {%- endif -%}
{%- endmacro %}


{#- Names of the columns that a snapshot adds. -#}
{% macro snapshot_columns() %}
    {{ return(config.get("snapshot_table_column_names") or get_snapshot_table_column_names()) }}
{% endmacro %}


{#- When an entity came into being, where its source says so: the earlier of that and another time. -#}
{% macro not_after_creation(moment) -%}
    {%- set created_at = (config.get("meta") or {}).get("created_at") -%}
    {{ "least(" ~ created_at ~ ", " ~ moment ~ ")" if created_at else moment }}
{%- endmacro %}
