{#-
    What orders the slices of a run. The hash decides between slices that only a part of the key tells apart.
-#}
{% macro slice_position(relation) -%}
    struct({{ relation }}.period_end_time, {{ relation }}.period_start_time, {{ relation }}.row_hash)
{%- endmacro %}
