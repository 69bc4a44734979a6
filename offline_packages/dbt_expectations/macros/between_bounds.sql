{# The condition that a value keeps within its bounds, one of which may be missing. #}
{% macro between_bounds(value, min_value, max_value, strictly) %}
    {%- set bounds = [] -%}
    {%- if min_value is not none -%}
        {%- do bounds.append(value ~ (" > " if strictly else " >= ") ~ min_value) -%}
    {%- endif -%}
    {%- if max_value is not none -%}
        {%- do bounds.append(value ~ (" < " if strictly else " <= ") ~ max_value) -%}
    {%- endif -%}
    {%- if not bounds -%}
        {{ exceptions.raise_compiler_error("give a min_value, a max_value or both") }}
    {%- endif -%}
    {{ return(bounds | join(" and ")) }}
{% endmacro %}
