{#- Backslashes first: Spark and Databricks read them as escapes inside a literal. -#}
{% macro sql_string(value) -%}
    {%- if value is none -%}
        cast(null as string)
    {%- else -%}
        {%- set escaped = value | string | replace("\\", "\\\\") | replace("'", "\\'") -%}
        '{{ escaped | replace("\n", "\\n") | replace("\r", "\\r") }}'
    {%- endif -%}
{%- endmacro %}
