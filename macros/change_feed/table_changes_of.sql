{#- The change feed of a read, for a FROM clause. Its names are quoted within the text: they may need it. -#}
{% macro table_changes_of(read) -%}
    {%- set name = read.relation.render() | replace("'", "\\'") -%}
    table_changes('{{ name }}', {{ read.from_version }}, {{ read.to_version }})
{%- endmacro %}
