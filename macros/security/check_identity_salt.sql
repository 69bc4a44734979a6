{#- On-run-start: nothing is built where names are to be masked and cannot be. -#}
{% macro check_identity_salt() %}
    {%- if execute and var("mask_identities") and flags.INTROSPECT
        and not load_relation(identity_salt_table()) -%}
        {{ exceptions.raise_compiler_error(
            "var mask_identities is on and there is no salt: run once, with PLT_IDENTITY_SALT set,"
            ~ " dbt run-operation set_identity_salt"
        ) }}
    {%- endif -%}
{% endmacro %}
