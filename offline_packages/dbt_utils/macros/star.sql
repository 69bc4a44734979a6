{# The columns of a relation, quoted and separated by commas, without those in `except` (in any case). #}
{% macro star(from, relation_alias=none, except=[]) %}
    {%- if not execute -%}
        {{ return("*") }}
    {%- endif -%}
    {%- set unwanted = except | map("lower") | list -%}
    {%- set columns = [] -%}
    {%- set prefix = relation_alias ~ "." if relation_alias else "" -%}
    {%- for column in adapter.get_columns_in_relation(from) if column.name | lower not in unwanted -%}
        {%- do columns.append(prefix ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- if not columns -%}
        {{ exceptions.raise_compiler_error("star: " ~ from ~ " has no columns but those to leave out") }}
    {%- endif -%}
    {{ return(columns | join(", ")) }}
{% endmacro %}
