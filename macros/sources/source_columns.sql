{#- All declared columns of a source, each as source_column gives it. -#}
{% macro source_columns(read) -%}
    {%- for name in read.declared %}
        {{ source_column(read, name) }}{{ "," if not loop.last }}
    {%- else %}
        *
    {%- endfor %}
{%- endmacro %}
