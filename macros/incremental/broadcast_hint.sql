{#-
    Whether what is named is worth a copy on every worker cannot be told from the size of a change feed, which
    no engine knows beforehand; the number of its rows is known here.
-#}
{% macro broadcast_hint(name, rows) -%}
    {%- if rows is not none and rows <= 100000 -%}
        /*+ broadcast({{ name }}) */
    {%- endif -%}
{%- endmacro %}
