{#-
    False where nothing may be asked of a warehouse: while dbt parses, in `dbt compile --no-introspect`, and
    in unit tests, whose inputs are not tables.
-#}
{% macro can_query() %}
    {{ return(execute and flags.INTROSPECT and model.resource_type != "unit_test") }}
{% endmacro %}
