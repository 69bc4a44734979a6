{#-
    is_incremental, but false in `dbt compile --no-introspect`, which may not look whether the table exists.
    In a snapshot, which dbt never calls incremental: whether there is one to add to.
-#}
{% macro is_merge() %}
    {%- if model.resource_type == "snapshot" and execute and flags.INTROSPECT -%}
        {%- set held = adapter.get_relation(this.database, this.schema, this.identifier) -%}
        {{ return(held is not none and held.type == "table" and not should_full_refresh()) }}
    {%- endif -%}
    {#- A unit test that says nothing of the table itself has no `this` to look for. -#}
    {{ return(flags.INTROSPECT and this is not none and is_incremental()) }}
{% endmacro %}
