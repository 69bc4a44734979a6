{#-
    The median of an array of numbers: see _macros.yml. The function median() takes no frame of a window on
    Databricks, so the frame is collected into an array first.
-#}
{% macro array_median(values) -%}
    (
        try_element_at(array_sort({{ values }}), greatest(1, cast((size({{ values }}) + 1) div 2 as int)))
        + try_element_at(array_sort({{ values }}), cast(size({{ values }}) div 2 + 1 as int))
    ) / 2
{%- endmacro %}
