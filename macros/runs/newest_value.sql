{#- The value of the newest slice that has one. The slices carry their order as `slice_position`. -#}
{% macro newest_value(column) -%}
    max_by({{ column }}, slice_position) filter (where {{ column }} is not null)
{%- endmacro %}
