{#- The clock for tables that carry no time of change: the build's start, or var observed_at in a replay. -#}
{% macro observed_at() -%}
    {%- if var("observed_at") -%}
        timestamp'{{ var("observed_at") }}'
    {%- else -%}
        timestamp'{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}'
    {%- endif -%}
{%- endmacro %}
