{#- Backslashes first: Spark and Databricks read them as escapes inside a literal. -#}
{% macro sql_string(value) -%}
    {%- if value is none -%}
        cast(null as string)
    {%- else -%}
        '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") | replace("\n", "\\n") | replace("\r", "\\r") }}'
    {%- endif -%}
{%- endmacro %}
