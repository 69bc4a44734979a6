{#-
    The salt stays on the warehouse, in a table that readers of Gold cannot see: in the SQL of the models it
    would stand in every log and query history.
-#}
{% macro identity(expression) -%}
    {%- if var("mask_identities") -%}
        left(sha2(concat((select max(salt) from {{ identity_salt_table() }}), {{ expression }}), 256), 32)
    {%- else -%}
        {{ expression }}
    {%- endif -%}
{%- endmacro %}


{#- Where the salt is kept. -#}
{% macro identity_salt_table() %}
    {{ return(api.Relation.create(
        database=target.database, schema="plt_ops", identifier="identity_salt", type="table"
    )) }}
{% endmacro %}
