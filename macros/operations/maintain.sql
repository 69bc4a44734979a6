{#- See _macros.yml. -#}
{% macro maintain(tables=none, all_days=false) %}
    {%- set retention = var("vacuum_retention_hours") | int -%}
    {%- if retention < 168 -%}
        {{ exceptions.raise_compiler_error(
            "var vacuum_retention_hours is " ~ retention ~ ": it must be 168 or more, since readers of change"
            ~ " feeds may be that far behind"
        ) }}
    {%- endif -%}
    {%- set kept = [] -%}
    {%- for node in tables_of_project() if tables is none or node.name in tables -%}
        {%- set relation = load_relation(api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.alias
        )) -%}
        {%- if relation -%}
            {%- do run_query(optimize_statement(node, relation, all_days)) -%}
            {%- do run_query("vacuum " ~ relation ~ " retain " ~ retention ~ " hours") -%}
            {%- do kept.append(node.name) -%}
            {%- do log("maintained " ~ node.schema ~ "." ~ node.alias, info=true) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do log(kept | length ~ " tables maintained", info=true) -%}
    {{ return(kept) }}
{% endmacro %}


{#- The models and snapshots of this project that are tables (a seed is one small file), in fixed order. -#}
{% macro tables_of_project() %}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute="unique_id") -%}
        {%- if node.package_name == project_name
            and node.config.materialized in ["table", "incremental", "snapshot"] -%}
            {%- do found.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{#-
    Z-ORDER rewrites what it is given, so a table that is partitioned by day is given its latest days only:
    older ones were given when they were late.
-#}
{% macro optimize_statement(node, relation, all_days) -%}
    {%- set partitions = node.config.get("partition_by") or [] -%}
    {%- set partitions = [partitions] if partitions is string else partitions -%}
    {%- set columns = (node.config.get("meta") or {}).get("zorder") or [] -%}
    optimize {{ relation }}
    {%- if "date_key" in partitions and not all_days %}
        {%- set first_day = run_started_at - modules.datetime.timedelta(days=var("optimize_days") | int) %}
    where date_key >= {{ first_day.strftime("%Y%m%d") }}
    {%- endif %}
    {%- if columns %}
    zorder by ({{ columns | join(", ") }})
    {%- endif %}
{%- endmacro %}
