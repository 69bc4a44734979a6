{#- Columns by name and type, in the form content_hash takes. -#}
{% macro columns_to_hash(columns) %}
    {%- set listed = [] -%}
    {%- for name, type in columns.items() -%}
        {%- do listed.append({"name": name, "expression": name, "type": type}) -%}
    {%- endfor -%}
    {{ return(listed) }}
{% endmacro %}
