{# Disabled: without Elementary nothing watches this. It takes whatever the monitor takes. #}
{% test schema_changes_from_baseline(model) %}
    {%- set _ = kwargs -%}
    {{ config(enabled=false) }}
    select 1 where false
{% endtest %}
