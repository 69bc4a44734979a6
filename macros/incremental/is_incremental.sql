{#-
    dbt's own, but false in `dbt compile --no-introspect`, which has no connection to look with: dbt asks this
    of every Python model that it compiles.
-#}
{% macro is_incremental() %}
    {{ return(flags.INTROSPECT and context["dbt"].is_incremental()) }}
{% endmacro %}
