{#-
    The salt travels as a bound value, so neither dbt's logs nor its artifacts hold it. It is set once: with
    another one the same person would have two names, old and new.
-#}
{% macro set_identity_salt() %}
    {%- set salt = env_var("PLT_IDENTITY_SALT", "") -%}
    {%- if salt | length < 16 -%}
        {{ exceptions.raise_compiler_error("PLT_IDENTITY_SALT must be set, to 16 characters or more") }}
    {%- endif -%}
    {%- set salt_table = identity_salt_table() -%}
    {%- do adapter.create_schema(salt_table) -%}
    {%- do run_query("create table if not exists " ~ salt_table ~ " (salt string)") -%}
    {%- if run_query("select count(*) from " ~ salt_table).rows[0][0] | int > 0 -%}
        {{ exceptions.raise_compiler_error(
            "there is a salt: to take another, drop " ~ salt_table ~ ", set it anew, and build Gold with"
            ~ " --full-refresh"
        ) }}
    {%- endif -%}
    {%- do adapter.add_query(
        "insert into " ~ salt_table ~ " values (%s)", bindings=[salt], abridge_sql_log=True
    ) -%}
    {%- do log("the salt of identities is set in " ~ salt_table, info=true) -%}
{% endmacro %}
