{#- Whole seconds from one time to another. -#}
{% macro whole_seconds(start, end) -%}
    timestampdiff(second, {{ start }}, {{ end }})
{%- endmacro %}
