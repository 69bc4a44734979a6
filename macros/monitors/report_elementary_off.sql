{#- Says at the end of a run that nothing was watched. The stand-in says so itself. -#}
{% macro report_elementary_off() %}
    {%- if execute and not var("elementary_enabled") and elementary.is_elementary_enabled is defined -%}
        {%- do log(
            "Elementary is switched off (elementary_enabled): its monitors are disabled and checked nothing.",
            info=true,
        ) -%}
    {%- endif -%}
{% endmacro %}
