{#- See _macros.yml. No salt here: functions that take functions may not read a table. -#}
{% macro identities_in_tags(expression) -%}
    {%- if var("mask_identities") -%}
        transform_values(
            {{ expression }},
            (tag_key, tag_value) -> {{ identities_in_text("tag_value") }}
        )
    {%- else -%}
        {{ expression }}
    {%- endif -%}
{%- endmacro %}
