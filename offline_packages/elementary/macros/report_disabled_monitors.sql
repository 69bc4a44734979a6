{# Says at the end of every run or test that nothing was watched, so that no one takes silence for health. #}
{% macro report_disabled_monitors() %}
    {%- if execute -%}
        {%- do log(
            "Elementary is not installed: its monitors are disabled and checked nothing.", info=true
        ) -%}
    {%- endif -%}
{% endmacro %}
