{#- See _macros.yml. -#}
{% macro days_before(date_key, days) %}
    {#- Before 1900 dates are errors of the source, and the calendar ends somewhere. -#}
    {%- if date_key < 19000101 -%}
        {{ return(date_key) }}
    {%- endif -%}
    {%- set day = modules.datetime.datetime.strptime(date_key | string, "%Y%m%d") -%}
    {{ return((day - modules.datetime.timedelta(days=days)).strftime("%Y%m%d") | int) }}
{% endmacro %}
