{#-
    A post-hook: it runs only after the model has succeeded, and appends what record_reads wrote into the
    compiled SQL.
-#}
{% macro commit_offsets() -%}
    {%- set state = ref("processing_state") -%}
    {%- set reads = (recorded(model.get("compiled_code") or "", "reads") or []) if execute else [] -%}
    {%- if reads -%}
    insert into {{ state }} (
        task, source, offset_kind, offset_timestamp, offset_version, source_table_id, rows_processed,
        invocation_id, committed_at
    ) values
    {%- for read in reads %}
    (
        {{ sql_string(model.name) }},
        {{ sql_string(read.source) }},
        {{ sql_string(read.kind) }},
        cast({{ sql_string(read.timestamp) }} as timestamp),
        cast({{ read.version if read.version is not none else "null" }} as bigint),
        {{ sql_string(read.table_id) }},
        cast({{ read.rows }} as bigint),
        {{ sql_string(invocation_id) }},
        current_timestamp()
    ){{ "," if not loop.last }}
    {%- endfor %}
    {%- endif -%}
{%- endmacro %}
