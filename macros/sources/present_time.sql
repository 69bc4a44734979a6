{#- The clock of a view that says how old something is: the reader's, or var observed_at in a replay. -#}
{% macro present_time() -%}
    {%- if var("observed_at") -%}
        timestamp'{{ var("observed_at") }}'
    {%- else -%}
        current_timestamp()
    {%- endif -%}
{%- endmacro %}
