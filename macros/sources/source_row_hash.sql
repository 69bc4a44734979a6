{#- The content hash of a source row, over all its declared columns, in the order of the declaration. -#}
{% macro source_row_hash(read) -%}
    {%- set columns = [] -%}
    {%- for name, type in read.declared.items() -%}
        {%- do columns.append({"name": name, "expression": "`" ~ name ~ "`", "type": type}) -%}
    {%- endfor -%}
    {{ content_hash(columns) if columns else "''" }}
{%- endmacro %}
