{#- On-run-start: nothing is built where names are to be masked and cannot be. -#}
{% macro check_identity_salt() %}
    {%- if execute and var("mask_identities") and flags.INTROSPECT and not has_identity_salt() -%}
        {{ exceptions.raise_compiler_error(
            "var mask_identities is on and there is no salt that this principal can read in "
            ~ identity_salt_table() ~ ": run once, with PLT_IDENTITY_SALT set and as the principal that"
            ~ " builds, dbt run-operation set_identity_salt"
        ) }}
    {%- endif -%}
{% endmacro %}


{#- A table without a row is what an operation leaves that was interrupted. -#}
{% macro has_identity_salt() %}
    {%- set salt_table = identity_salt_table() -%}
    {%- if not load_relation(salt_table) -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(run_query("select count(salt) from " ~ salt_table).rows[0][0] | int > 0) }}
{% endmacro %}
