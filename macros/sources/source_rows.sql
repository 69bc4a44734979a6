{#- What a read found, for a FROM clause. A source that does not exist gives no row. -#}
{% macro source_rows(read) -%}
    {%- if read.actual is none or read.actual -%}
        {{ read.relation }} where {{ read.predicate }}
    {%- else -%}
        (select 1 as nothing) where false
    {%- endif -%}
{%- endmacro %}
