{# Disabled: without Elementary nothing watches this. It takes whatever the monitor takes. #}
{% test all_columns_anomalies(model) %}
    {%- set _ = kwargs -%}
    {{ config(enabled=false, severity="warn") }}
    {#- Enabled all the same, it warns: a monitor that is not there never passes. -#}
    select 'Elementary is not installed' as not_watched
{% endtest %}
