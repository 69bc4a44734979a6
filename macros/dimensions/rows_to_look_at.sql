{#- Where a dimension finds members that may have changed: all rows, the changed ones, or none. -#}
{% macro rows_to_look_at(read, whole) -%}
    {%- if whole -%}
        {{ as_read(read) }}
    {%- elif read.mode == "changes" -%}
        {{ table_changes_of(read) }}
    {%- else -%}
        {{ as_read(read) }} where false
    {%- endif -%}
{%- endmacro %}
