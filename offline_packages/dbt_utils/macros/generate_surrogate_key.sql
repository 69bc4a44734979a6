{#
    MD5 of the values as text, joined by hyphens, with a marker in place of NULL. The marker and the var
    are those of the Hub's package: a key must not change with the package it was made by.
#}
{% macro generate_surrogate_key(field_list) %}
    {%- set nulls_are_empty = var("surrogate_key_treat_nulls_as_empty_strings", false) -%}
    {%- set missing = "" if nulls_are_empty else "_dbt_utils_surrogate_key_null_" -%}
    {%- set parts = [] -%}
    {%- for field in field_list -%}
        {%- do parts.append("coalesce(cast(" ~ field ~ " as string), '" ~ missing ~ "')") -%}
    {%- endfor -%}
    {%- if not parts -%}
        {{ exceptions.raise_compiler_error("generate_surrogate_key needs at least one field") }}
    {%- endif -%}
    md5(concat_ws('-', {{ parts | join(", ") }}))
{%- endmacro %}
