{#-
    The salt stays on the warehouse, in a table that readers of Gold cannot see: in the SQL of the models it
    would stand in every log and query history.
-#}
{% macro identity(expression) -%}
    {%- if not var("mask_identities") -%}
        {{ expression }}
    {%- else -%}
        {%- set salt_table = identity_salt_table() -%}
        {%- if can_query() and not load_relation(salt_table) -%}
            {{ exceptions.raise_compiler_error(
                "var mask_identities is on and there is no salt: run once, with PLT_IDENTITY_SALT set,"
                ~ " dbt run-operation set_identity_salt"
            ) }}
        {%- endif -%}
        left(sha2(concat((select max(salt) from {{ salt_table }}), {{ expression }}), 256), 32)
    {%- endif -%}
{%- endmacro %}


{#- Where the salt is kept. -#}
{% macro identity_salt_table() %}
    {{ return(api.Relation.create(
        database=target.database, schema="plt_ops", identifier="identity_salt", type="table"
    )) }}
{% endmacro %}
