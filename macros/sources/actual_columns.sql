{#- Name -> type of the columns that a relation has on the warehouse; empty where it does not exist. -#}
{% macro actual_columns(relation) %}
    {%- set columns = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.update({column.name | lower: column.dtype | lower | replace(" ", "")}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
