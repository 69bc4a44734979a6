{#- Whether a row of effective_versions is the one that serves at a time. -#}
{% macro serves_at(versions, time) -%}
    {{ versions }}.effective_from <= {{ time }} and {{ time }} < {{ versions }}.effective_to
{%- endmacro %}
