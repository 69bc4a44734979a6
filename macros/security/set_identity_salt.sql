{#-
    Statements with their values stand in the workspace's query history, bound or not. So the salt is made of
    the one that is given and of random digits that the warehouse adds by itself: who reads the history knows
    one half, and so does who knows the environment. dbt's logs and artifacts hold neither. It is set once:
    with another one the same person would have two names, old and new.
-#}
{% macro set_identity_salt() %}
    {%- set salt = env_var("PLT_IDENTITY_SALT", "") -%}
    {%- if salt | length < 16 -%}
        {{ exceptions.raise_compiler_error("PLT_IDENTITY_SALT must be set, to 16 characters or more") }}
    {%- endif -%}
    {%- set salt_table = identity_salt_table() -%}
    {%- if has_identity_salt() -%}
        {{ exceptions.raise_compiler_error(
            "there is a salt: to take another, drop " ~ salt_table ~ ", set it anew, and build Gold with"
            ~ " --full-refresh"
        ) }}
    {%- endif -%}
    {%- do adapter.create_schema(salt_table) -%}
    {%- do run_query("create table if not exists " ~ salt_table ~ " (salt string)") -%}
    {%- do adapter.add_query(
        "insert into " ~ salt_table ~ " select sha2(concat(%s, uuid(), uuid(), uuid(), uuid()), 256)",
        bindings=[salt],
        abridge_sql_log=True,
    ) -%}
    {%- do log("the salt of identities is set in " ~ salt_table, info=true) -%}
{% endmacro %}
