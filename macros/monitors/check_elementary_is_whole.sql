{#- Half on, monitors would run and look at nothing. Of the stand-in there is nothing to be whole. -#}
{% macro check_elementary_is_whole() %}
    {%- if execute and var("elementary_enabled") and elementary.is_elementary_enabled is defined
        and not elementary.is_elementary_enabled() -%}
        {%- do exceptions.raise_compiler_error(
            "elementary_enabled is set in dbt_project.yml, where it reaches Elementary's monitors and not its"
            ~ " tables. Take it out there, and say --vars '{elementary_enabled: true}'."
        ) -%}
    {%- endif -%}
{% endmacro %}
