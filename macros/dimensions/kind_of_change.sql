{#- What happened to a row of rows_to_look_at: as the change feed says, or an insert where it is no feed. -#}
{% macro kind_of_change(read, whole) -%}
    {{ "_change_type" if read.mode == "changes" and not whole else "'insert'" }}
{%- endmacro %}
