{#-
    Where a dimension looks first for who is named: the days of the changes, or all. Almost every member that
    a changed row named before is still named there; only the others have to be looked for everywhere.
-#}
{% macro rows_at_hand(read, whole) -%}
    {{ as_read(read) }} where {{ in_days("all" if whole else read.days) }}
{%- endmacro %}
