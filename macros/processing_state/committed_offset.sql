{#-
    The newest row of the processing state for this model and a source; none where it has not been read yet.
-#}
{% macro committed_offset(source, task=none) %}
    {%- set state = ref("processing_state") -%}
    {%- if not can_query() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set found = run_query(
        "select cast(offset_timestamp as string), offset_version, source_table_id from " ~ state
        ~ " where task = " ~ sql_string(task or model.name) ~ " and source = " ~ sql_string(source)
        ~ " order by committed_at desc, offset_version desc, offset_timestamp desc limit 1"
    ) -%}
    {%- for row in found.rows -%}
        {{ return({
            "timestamp": row[0],
            "version": row[1] | int if row[1] is not none else none,
            "table_id": row[2],
        }) }}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
