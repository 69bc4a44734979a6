{#- The change feed of a read, for a FROM clause. -#}
{% macro table_changes_of(read) -%}
    table_changes('{{ read.source }}', {{ read.from_version }}, {{ read.to_version }})
{%- endmacro %}
