{#-
    The newest row of the processing state for this model and a source; none where it has not been read yet.
    A model reads up to eight sources: all its rows are asked for once, and kept in `model`, which lives as
    long as one compilation of one model does.
-#}
{% macro committed_offset(source) %}
    {%- set state = ref("processing_state") -%}
    {%- if not can_query() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if "committed_offsets" not in model -%}
        {%- set found = run_query(
            "select source, cast(offset_timestamp as string), offset_version, source_table_id from " ~ state
            ~ " where task = " ~ sql_string(model.name) ~ " qualify row_number() over (partition by source"
            ~ " order by committed_at desc, offset_version desc, offset_timestamp desc) = 1"
        ) -%}
        {%- set offsets = {} -%}
        {%- for row in found.rows -%}
            {%- do offsets.update({row[0]: {
                "timestamp": row[1],
                "version": row[2] | int if row[2] is not none else none,
                "table_id": row[3],
            }}) -%}
        {%- endfor -%}
        {%- do model.update({"committed_offsets": offsets}) -%}
    {%- endif -%}
    {{ return(model["committed_offsets"].get(source)) }}
{% endmacro %}
