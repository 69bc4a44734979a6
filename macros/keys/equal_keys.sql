{#- The null-safe join condition of two aliases over some key columns. -#}
{% macro equal_keys(left, right, key) -%}
    {%- for column in key -%}
        {{ left }}.{{ column }} <=> {{ right }}.{{ column }}{{ " and " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
