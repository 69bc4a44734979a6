{#- Whether a run stands alone: see _macros.yml. -#}
{% macro is_one_time(run_type) -%}
    coalesce({{ run_type }} in ('SUBMIT_RUN', 'WORKFLOW_RUN'), false)
{%- endmacro %}
