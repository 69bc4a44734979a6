{#- How far this model has read a source; none where it has not read it yet. -#}
{% macro committed_offset(source) %}
    {{ return(committed_rows(model.name).offsets.get(source)) }}
{% endmacro %}


{#-
    The watermark before which a model has read nothing of a source; none where it has read all of it. It is a
    row of its own, written when it moves, so that every later build knows it.
-#}
{% macro committed_bound(task, source) %}
    {{ return(committed_rows(task).lower_bounds.get(source)) }}
{% endmacro %}


{#-
    The newest rows of the processing state for a model. It reads up to eight sources: all rows are asked for
    once, and kept in `model`, which lives as long as one compilation of one model does.
-#}
{% macro committed_rows(task) %}
    {%- set state = ref("processing_state") -%}
    {%- set found = {"offsets": {}, "lower_bounds": {}} -%}
    {%- if not can_query() -%}
        {{ return(found) }}
    {%- endif -%}
    {%- do model.setdefault("committed_rows", {}) -%}
    {%- if task not in model["committed_rows"] -%}
        {%- set newest = run_query(
            "select source, cast(offset_timestamp as string), offset_version, source_table_id, offset_kind"
            ~ " from " ~ state ~ " where task = " ~ sql_string(task)
            ~ " qualify row_number() over (partition by source, offset_kind = 'lower_bound'"
            ~ " order by committed_at desc, offset_version desc, offset_timestamp desc) = 1"
        ) -%}
        {%- for row in newest.rows -%}
            {%- if row[4] == "lower_bound" -%}
                {%- do found.lower_bounds.update({row[0]: row[1]}) -%}
            {%- else -%}
                {%- do found.offsets.update({row[0]: {
                    "timestamp": row[1],
                    "version": row[2] | int if row[2] is not none else none,
                    "table_id": row[3],
                }}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do model["committed_rows"].update({task: found}) -%}
    {%- endif -%}
    {{ return(model["committed_rows"][task]) }}
{% endmacro %}
